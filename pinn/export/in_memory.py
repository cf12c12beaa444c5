"""A solution's values where other programs of Python's take them: arrays, a table of pandas, a mesh of pyvista."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from pinn.errors import ResourceError
from pinn.export.export import export, output_times
from pinn.export.sampling.grid import Array, space_grid, time_grid
from pinn.export.sampling.sample import instants, sample

if TYPE_CHECKING:
    from pinn.export.sampling.solved import Solved

INSTANTS = 11  # where nobody named any, as exports have them


def arrays(
    solution: Solved, quantities: Sequence[str] | None = None, resolution: int | None = None
) -> dict[str, Array]:
    """Coordinates and quantities at the nodes of a mesh of the domain, at `outputs.times` one after the other.

    name -> [N]: the coordinates first, t last of them; of a family its member in the middle. Raises SpecError for an
    unknown quantity.
    """
    solution = solution.at()
    problem = solution.problem
    times: Sequence[float | None] = [None]
    if not problem.coordinates:
        grid = time_grid(problem, resolution=resolution, times=output_times(problem))
    else:
        grid = space_grid(problem, resolution=resolution)
    if problem.coordinates and problem.time is not None:
        times = [float(t) for t in output_times(problem) or instants(problem.time, INSTANTS)]
    parts = [sample(solution, grid, time=time, quantities=quantities) for time in times]
    points = np.concatenate([part.points for part in parts])
    found = {axis: points[:, column] for column, axis in enumerate(problem.axes)}
    return found | {name: np.concatenate([part.values[name] for part in parts]) for name in parts[0].names}


def dataframe(solution: Solved, quantities: Sequence[str] | None = None, resolution: int | None = None) -> Any:
    """The same as a pandas.DataFrame. Raises ResourceError where pandas is not installed."""
    try:
        import pandas  # pyright: ignore[reportMissingImports]  # no dependency
    except ModuleNotFoundError as error:
        raise missing(error, "pandas") from None
    return pandas.DataFrame(arrays(solution, quantities, resolution))


def pyvista_mesh(solution: Solved, **options: Any) -> Any:
    """A pyvista mesh with the fields that a .vtu has, made with the options of `export`.

    Raises ResourceError where pyvista is not installed.
    """
    try:
        import pyvista
    except ModuleNotFoundError as error:
        raise missing(error, "pyvista") from None
    with TemporaryDirectory() as folder:
        file = Path(folder, "fields.vtu")
        export(solution, file, **options)
        return pyvista.read(file)


def missing(error: ModuleNotFoundError, package: str) -> Exception:
    """What to raise where a package that pinn does not ask for cannot be imported."""
    return ResourceError(f"{package} is not installed: pip install {package}") if error.name == package else error
