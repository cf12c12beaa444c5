"""Opens exported files in ParaView: pvpython benchmarks/open_in_paraview.py FILE…

For each file (vtu, pvd, xdmf) prints its times, points, cells and arrays with their components, and applies Warp By
Vector to `displacement` where there is one. Exit code 1 where ParaView finds no points, or warps nothing.
Debian: apt-get install --no-install-recommends paraview python3-paraview.
"""

import argparse
import sys
from pathlib import Path

from paraview import simple


def listed(data):
    """Arrays with the names of their components."""
    for index in range(data.GetNumberOfArrays()):
        array = data.GetArray(index)
        count = array.GetNumberOfComponents()
        letters = [array.GetComponentName(component) for component in range(count)] if count > 1 else []
        yield f"    {array.GetName()} {' '.join(letters)}".rstrip()


def opened(file):
    """Print what is in a file, and what Warp By Vector makes of its bounds."""
    reader = simple.OpenDataFile(str(Path(file).resolve()))  # its XDMF reader finds no .h5 beside a relative name
    times = list(getattr(reader, "TimestepValues", None) or [])
    simple.UpdatePipeline(time=times[-1] if times else 0.0, proxy=reader)
    information = reader.GetDataInformation()
    print(f"{file}: {information.GetNumberOfPoints()} points, {information.GetNumberOfCells()} cells, times {times}")
    if information.GetNumberOfPoints() == 0:
        sys.exit(f"{file}: ParaView finds no points")
    for place, data in (("point", reader.PointData), ("cell", reader.CellData)):
        print(f"  {place} data")
        print("\n".join(listed(data)))
    if reader.PointData.GetArray("displacement") is None:
        return
    warp = simple.WarpByVector(Input=reader, Vectors=["POINTS", "displacement"], ScaleFactor=1.0)
    simple.UpdatePipeline(time=times[-1] if times else 0.0, proxy=warp)
    before, after = information.GetBounds(), warp.GetDataInformation().GetBounds()
    print(f"  bounds {before}, warped {after}")
    if before == after:
        sys.exit(f"{file}: Warp By Vector moves nothing")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+")
    for file in parser.parse_args().files:
        opened(file)


if __name__ == "__main__":
    main()
