"""PVD: a time series for ParaView, a list of instants and a folder of the same name with a .vtu for each."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import quoteattr

from pinn.analysis.formats.vtu_file import write_frame
from pinn.analysis.request import Request
from pinn.errors import SpecError
from pinn.run.directory import write_atomic


def write_pvd(request: Request, path: Path) -> list[Path]:
    """NAME.pvd and NAME/NAME_0000.vtu, …, one at time 0 if the problem has no time; returns the file and the folder."""
    dimension = len(request.problem.coordinates)
    if dimension > 3:
        raise SpecError(("--format",), f"no mesh in {dimension} dimensions; use csv, npz or vtu (a slice)")

    def write(scratch: Path) -> None:
        folder = scratch.with_suffix("")
        folder.mkdir()
        listed = []
        for index, frame in enumerate(request.frames()):
            file = folder / f"{folder.name}_{index:04d}.vtu"
            write_frame(file, frame)
            place = quoteattr(f"{folder.name}/{file.name}")
            listed.append(f'<DataSet timestep="{frame.time or 0.0!r}" group="" part="0" file={place}/>')
        head = '<?xml version="1.0"?>\n<VTKFile type="Collection" version="1.0" byte_order="LittleEndian">'
        lines = [head, "<Collection>", *listed, "</Collection>", "</VTKFile>"]
        scratch.write_text("\n".join(lines) + "\n", encoding="utf-8")

    write_atomic(path, write)
    return [path, path.with_suffix("")]
