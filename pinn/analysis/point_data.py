"""Point data: the values of a sample as the scalars, vectors and tensors of a file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pinn.analysis.sample import Array, Sample

# VTK's order of a symmetric tensor's six components.
VTK_TENSOR = ("xx", "yy", "zz", "xy", "yz", "xz")

# The same six, as the nine of a full 3×3 matrix, row by row.
_FULL_TENSOR = (0, 3, 5, 3, 1, 4, 5, 4, 2)


def point_data(sampled: Sample, *, full_tensors: bool = False, tensors: bool = True) -> dict[str, Array]:
    """Everything known at the points, by the names that the file will carry.

    `subdomain` counts in the order of the spec; points on an interface are there once for each side. Vectors have three
    components [N, 3], zero beyond the problem's dimensions; symmetric tensors have six in VTK's
    order XX YY ZZ XY YZ XZ, or nine when `full_tensors`.
    """
    problem, values = sampled.solution.problem, sampled.values
    data = dict(values)
    if tensors:
        for name, components in problem.vectors.items():
            if all(component in values for component in components):
                data[name] = columns([values[component] for component in components], 3)
        for name, components in problem.tensors.items():
            if all(component in values for component in components.values()):
                six = [_tensor_component(values, components, name, pair) for pair in VTK_TENSOR]
                tensor = np.column_stack([np.zeros(len(sampled.points)) if part is None else part for part in six])
                data[name] = tensor[:, _FULL_TENSOR] if full_tensors else tensor
    data |= {f"exact_{name}": exact for name, exact in sampled.exact.items()}
    data |= {f"error_{name}": error for name, error in sampled.error.items()}
    if set(sampled.names) >= set(problem.quantities):
        data |= {f"residual_{name}": residual for name, residual in sampled.residual.items()}
    if sampled.grid.subdomain is not None:
        data["subdomain"] = sampled.grid.subdomain.astype(float)
    return data


def _tensor_component(values: dict[str, Array], components: dict[str, str], name: str, pair: str) -> Array | None:
    """A component under either order of its letters, or a quantity of that name (stress_zz of plane strain)."""
    quantity = components.get(pair) or components.get(pair[::-1]) or f"{name}_{pair}"
    return values.get(quantity)


def columns(parts: Sequence[Array], width: int) -> Array:
    """Columns side by side, zeros up to `width`."""
    zero = np.zeros_like(parts[0])
    return np.column_stack([*parts, *[zero] * (width - len(parts))])
