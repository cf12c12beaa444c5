"""The axis of a body of revolution: what holds there by itself, as a condition of the spec."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pinn.errors import SpecError
from pinn.geometry.shapes.pieces import sobol_parameters
from pinn.geometry.shapes.shape import Shape
from pinn.physics.model import Physics
from pinn.spec.blocks.condition import Condition
from pinn.spec.schema import Spec

ON_AXIS = 1e-9  # of the domain's size: what a radius of zero may be off
LOOKS_LOG2 = 3  # points of a piece of the boundary that are looked at


def with_axis(spec: Spec, physics: Physics, geometry: Shape) -> Spec:
    """The spec with the physics' conditions on each patch at radius zero that no condition names; else the spec.

    Raises SpecError for a half section beyond its axis, and for a patch that is partly on it.
    """
    if not physics.axis:
        return spec
    radius = spec.coordinates[0]
    if geometry.bounds[0][0] < -ON_AXIS * geometry.size:
        message = f"a half section has {radius} >= 0, but the domain reaches {radius} = {geometry.bounds[0][0]:g}"
        raise SpecError(("domain",), f"{message}; cut away what lies beyond the axis")
    on_axis = [name for name in geometry.patches if lies_on_axis(geometry, name, radius)]
    named = set(named_patches(spec, geometry))
    left = tuple(name for name in on_axis if name not in named)
    if not left:
        return spec
    condition = Condition.model_validate({"on": list(left), **physics.axis, "free": True})
    return spec.model_copy(update={"conditions": (*spec.conditions, condition)})


def lies_on_axis(geometry: Shape, patch: str, radius: str) -> bool:
    """Whether all of a patch does. Raises SpecError where some of its pieces do and others do not."""
    at = sobol_parameters(1, LOOKS_LOG2)
    there = {
        bool(np.abs(piece.points(at)[:, 0]).max() <= ON_AXIS * geometry.size) for piece in geometry.pieces_of([patch])
    }
    if len(there) == 2:
        message = f"patch '{patch}' lies partly on the axis {radius} = 0; give the edge on the axis a name of its own"
        raise SpecError(("domain",), message)
    return there == {True}


def named_patches(spec: Spec, geometry: Shape) -> Iterator[str]:
    """The patches that conditions name, by themselves or as a part of the boundary."""
    for condition in spec.conditions:
        names = [*condition.names, *(condition.periodic or ())]
        for name in names:
            part = spec.boundaries.get(name)
            for patch in (part.on or ()) if part else (name,):
                yield from geometry.patch_groups.get(patch, (patch,))
