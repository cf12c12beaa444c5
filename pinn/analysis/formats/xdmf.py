"""XDMF: a time series, its numbers in an HDF5 file beside it."""

from __future__ import annotations

from pathlib import Path

from pinn.analysis.point_data import columns, point_data
from pinn.analysis.request import Request
from pinn.errors import SpecError
from pinn.run.directory import write_atomic


def write_xdmf(request: Request, path: Path) -> list[Path]:
    """A time series (one instant when the problem has no time); the heavy data goes into an .h5 of the same name.

    Tensors have nine components here: XDMF and VTK order six differently, nine leave no doubt.
    """
    grid = request.grid()
    if not grid.cells:
        raise SpecError(("--format",), f"no mesh in {grid.points.shape[1]} dimensions; use csv, npz or vtu (a slice)")

    def write(scratch: Path) -> None:
        with _series_writer(scratch) as series:
            series.write_points_cells(columns(list(grid.points.T), 3), list(grid.cells.items()))
            for instant, sampled in request.samples(grid):
                series.write_data(instant, point_data=point_data(sampled, full_tensors=True))

    write_atomic(path, write)
    return [path, path.with_suffix(".h5")]


def _series_writer(path: Path):
    """meshio's writer, with the .h5 beside the .xdmf: meshio itself puts it into the working directory."""
    import h5py
    from meshio.xdmf import TimeSeriesWriter

    class Beside(TimeSeriesWriter):
        def __enter__(self):
            self.h5_filename = str(path.with_suffix(".h5"))
            self.h5_file = h5py.File(self.h5_filename, "w")
            return self

    return Beside(path)
