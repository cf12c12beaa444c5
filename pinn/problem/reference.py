"""Reference: a tabulated solution, read from the file that the spec names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pinn.domain.domain import Domain
from pinn.equations.dimensional import dimensions_of
from pinn.errors import SpecError
from pinn.problem.problem import Reference
from pinn.spec.language.expressions import Scope
from pinn.spec.schema import Spec
from pinn.spec.tables import column, read_columns


def read_reference(spec: Spec, scope: Scope, folder: Path, domain: Domain) -> Reference | None:
    """Those columns of the table that are quantities of the problem, at its points in the domain. Raises SpecError."""
    if spec.reference is None:
        return None
    path = ("reference", "file")
    file = folder / spec.reference.file
    columns = read_columns(file, scope.axes, path, spec.units_of_files, dimensions_of(spec).of_name)
    points = np.stack([column(columns, axis, file, path) for axis in scope.axes], axis=1)
    names = [*scope.fields, *scope.definitions]
    quantities = {name: values for name, values in columns.items() if name in names}
    if not quantities:
        raise SpecError(path, f"{file} holds none of the problem's quantities: {', '.join(names)}")
    inside = domain.inside(points)
    if not inside.any():
        raise SpecError(path, f"no point of {file} lies in the domain")
    return Reference(
        points[inside], {name: values[inside] for name, values in quantities.items()}, int(np.sum(~inside))
    )
