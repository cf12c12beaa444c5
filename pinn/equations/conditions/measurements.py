"""Measurements: what a spec's `data` say of quantities at the points of a file, as statements."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from pinn.domain import places
from pinn.domain.domain import Domain
from pinn.equations.compiler.compile import compile_expression
from pinn.equations.conditions.quantities import read_quantity
from pinn.equations.dimensional import Dimensions
from pinn.equations.statements import MEASURED, Statement
from pinn.errors import SpecError, did_you_mean
from pinn.spec.blocks.observations import ESTIMATE, Data
from pinn.spec.language.expressions import Scope, symbol
from pinn.spec.tables import column, read_columns

TOLERANCE = 1e-3  # of the domain's size and of the duration, within which a point lies in them


def data_statements(
    data: Data,
    scope: Scope,
    domain: Domain,
    folder: Path,
    path: tuple[str | int, ...],
    known: Dimensions | None = None,
) -> Iterator[Statement]:
    """quantity = measured value, at the points of one file, which is relative to the folder.

    known   what names measure, by which columns with units in their names are converted; None without units
    """
    file = folder / data.file
    measured = {header: name for name, header in (*data.quantities.items(), *data.coordinates.items())}
    units = None if known is None else known.spec.unit_system
    columns = read_columns(
        file,
        scope.axes,
        (*path, "file"),
        units,
        lambda header: None if known is None else known.of_name(measured.get(header, header)),
    )
    headers = [data.coordinates.get(axis, axis) for axis in scope.axes]
    points = np.stack([column(columns, header, file, (*path, "file")) for header in headers], axis=1)
    refuse_outside(points, domain, file, (*path, "file"))
    place = places.Data(tuple(map(tuple, points.tolist())))
    for name, header in data.quantities.items():
        at = (*path, "quantities", name)
        values = column(columns, header, file, at)
        compiled = compile_expression(read_quantity(scope, {}, name, at) - symbol(MEASURED), scope, at)
        if not compiled.derivatives:
            raise SpecError(at, f"'{name}' does not depend on a field, so there is nothing to fit")
        noise = noise_of(data, name, scope, (*path, "noise"))
        yield Statement(
            f"data {name}",
            compiled,
            place,
            data.weight,
            values=torch.as_tensor(values),
            path=at,
            noise=noise,
        )


def noise_of(data: Data, name: str, scope: Scope, path) -> float | str | None:
    """Standard deviation of a measured quantity. Raises SpecError."""
    noise = data.noise
    if isinstance(noise, dict):
        if strange := [key for key in noise if key not in data.quantities]:
            known = list(data.quantities)
            raise SpecError(
                (*path, strange[0]), f"'{strange[0]}' is not measured here{did_you_mean(strange[0], known)}"
            )
        noise, path = noise.get(name), (*path, name)
    if noise is None or noise == ESTIMATE:
        return noise
    value = scope.number(noise, path)
    if not value > 0:
        raise SpecError(
            path, f"must be a positive standard deviation or 'estimate', got {value:g}; leave it out for exact data"
        )
    return value


def refuse_outside(points: np.ndarray, domain: Domain, file: Path, path) -> None:
    """Measurements must lie in the domain, up to the rounding of a written table, and within the time."""
    outside = ~domain.shape.contains(points[:, : domain.space], TOLERANCE * domain.shape.size)
    if domain.time is not None:
        (start, end), slack = domain.time, TOLERANCE * domain.duration
        outside |= (points[:, -1] < start - slack) | (points[:, -1] > end + slack)
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        listed = ", ".join(f"{value:g}" for value in points[row])
        words = f"{outside.sum()} of {len(points)} points lie" if outside.sum() > 1 else "a point lies"
        raise SpecError(path, f"{file}: {words} outside the domain, first ({listed}) in row {row + 1}")
