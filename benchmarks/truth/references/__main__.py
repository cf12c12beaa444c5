"""python -m benchmarks.truth.references [NAMES]: makes the references again and writes references.json."""

from __future__ import annotations

import argparse

from benchmarks.truth.references.table import REFERENCES, write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    names = parser.parse_args().names or list(REFERENCES)
    if strange := [name for name in names if name not in REFERENCES]:
        parser.error(f"unknown reference {strange[0]}; known: {', '.join(REFERENCES)}")
    write(names)


if __name__ == "__main__":
    main()
