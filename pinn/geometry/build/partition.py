"""Building a partition from the `subdomains` block of a spec.

{"fibre": {"disk": {"center": [0, 0], "radius": "a"}}, "matrix": None}     None for what the others leave
{"fibre": {"group": "fibre"}, "matrix": {"group": ["left", "right"]}}      where the domain is a mesh
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path as FilePath
from typing import Any

from pinn.geometry.build.shape import Number, Path, build_shape
from pinn.geometry.mesh.partition import cut_by_groups
from pinn.geometry.mesh.shape import MeshShape
from pinn.geometry.shapes.partition import Partition, cut_by_shapes
from pinn.geometry.shapes.shape import GeometryError, Shape

GROUP = "group"


def build_partition(
    trees: Mapping[str, Any],
    domain: Shape,
    number: Number,
    coordinates: Sequence[str],
    folder: FilePath = FilePath(),
    path: Path = ("subdomains",),
) -> Partition:
    """The parts that the trees describe. Raises GeometryError with the full path of what is wrong."""
    if isinstance(domain, MeshShape):
        groups = {name: tree and _groups(tree, domain, (*path, name)) for name, tree in trees.items()}
        cut = partial(cut_by_groups, domain, groups)
    else:
        reading = partial(_shape, number=number, coordinates=coordinates, folder=folder)
        cut = partial(
            cut_by_shapes, domain, {name: tree and reading(tree, (*path, name)) for name, tree in trees.items()}
        )
    try:
        return cut()
    except GeometryError as error:
        raise GeometryError((*path, *error.path), error.message) from None


def _groups(tree: Any, domain: MeshShape, path: Path) -> tuple[str, ...]:
    """The groups of cells that a tree names."""
    ((kind, wanted),) = tree.items()
    if kind != GROUP:
        known = ", ".join(domain.cell_groups) or "none"
        message = f"the domain is a mesh, which is cut by its groups of cells ({known}); write {{group: NAME}}"
        raise GeometryError((*path, kind), message)
    names = (wanted,) if isinstance(wanted, str) else wanted
    if not isinstance(names, list | tuple) or not names or not all(isinstance(name, str) for name in names):
        raise GeometryError((*path, kind), f"must be a group of cells, or a list of such, got {wanted!r}")
    return tuple(names)


def _shape(tree: Any, path: Path, *, number: Number, coordinates: Sequence[str], folder: FilePath) -> Shape:
    if GROUP in tree:
        message = "takes cells of a mesh, but the domain is none; give a shape, or write domain: {mesh: {file: …}}"
        raise GeometryError((*path, GROUP), message)
    if "mesh" in tree:
        message = "a mesh cannot cut a domain; make it the domain, and name its groups of cells here: {group: NAME}"
        raise GeometryError((*path, "mesh"), message)
    return build_shape(tree, number, coordinates, folder, path)
