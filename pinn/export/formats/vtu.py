"""VTU: the mesh and the values of one instant, for ParaView."""

from __future__ import annotations

from pathlib import Path

from pinn.errors import SpecError
from pinn.export.formats.vtu_file import write_frame
from pinn.export.sampling.request import Frame, Request
from pinn.export.sampling.sample import instants, sample, sample_space_time
from pinn.export.sampling.slices import central_slice
from pinn.files.writing import write_atomic

# Cells along the time axis of an (x, t) plane.
TIME_CELLS = 200


def write_vtu(request: Request, path: Path) -> list[Path]:
    """One instant; the (x, t) plane in one dimension and time, the line of t without space; a slice beyond three."""
    frame = _frame(request)
    write_atomic(path, lambda scratch: write_frame(scratch, frame))
    return [path]


def _frame(request: Request) -> Frame:
    dimension, time, wanted = len(request.problem.coordinates), request.problem.time, request.times
    if not dimension:
        return request.frame(sample(request.solution, request.grid, quantities=request.quantities), None)
    if wanted is not None and len(wanted) != 1:
        count = len(wanted)
        raise SpecError(
            ("--times",), f"a .vtu holds one instant, got {count}; use --format pvd, vtkhdf or xdmf for a series"
        )
    instant = None if time is None else (wanted or (time[1],))[0]
    if dimension > 3:
        if request.line is not None:
            raise SpecError(("--format",), f"a .vtu has three coordinates, not {dimension}; use csv or npz for a line")
        held = central_slice(
            request.solution, resolution=request.resolution, time=instant, quantities=request.quantities
        )
        return request.frame(held, None)
    if time is not None and dimension == 1 and wanted is None:
        rows = instants(time, (request.resolution or TIME_CELLS) + 1)
        plane = sample_space_time(request.solution, request.grid, rows, quantities=request.quantities)
        return request.frame(plane, None)
    return request.frame(sample(request.solution, request.grid, time=instant, quantities=request.quantities), instant)
