"""PVD: a time series for ParaView, a list of instants and a folder of the same name with a .vtu for each."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

from pinn.errors import SpecError
from pinn.export.formats.vtu_file import write_frame
from pinn.export.sampling.request import Request
from pinn.files.disk import disk
from pinn.files.writing import write_atomic


def write_pvd(request: Request, path: Path) -> list[Path]:
    """NAME.pvd and NAME/NAME_0000.vtu, …, one at time 0 if the problem has no time; returns the file and the folder.

    Of a longer series that stood there, what is left of its files goes once the new one stands.
    """
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

    before = named_files(path)
    write_atomic(path, write)
    for file in before - named_files(path):
        with suppress(OSError):  # the new series stands, with or without it
            disk().remove(file)
    return [path, path.with_suffix("")]


def named_files(path: Path) -> set[Path]:
    """The .vtu files that a .pvd names in the folder of its own name; none where there is no such file."""
    try:
        places = [Path(entry.get("file", "")) for entry in ElementTree.parse(path).iter("DataSet")]
    except (OSError, ElementTree.ParseError):
        return set()
    inside = (path.with_suffix("").name,)
    found = {path.parent / place for place in places if place.parent.parts == inside and place.suffix == ".vtu"}
    return {file for file in found if file.is_file()}
