"""The rooms of the package: files and lines in each, the arrows of imports between them, and circles of arrows.

    python benchmarks/rooms.py [CHECKOUT …]     default: this one; several are put beside each other

An arrow goes from a room to another that any of its files imports, also inside a function or for types alone.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from pathlib import Path

import networkx


def room_of(file: Path, package: Path) -> str:
    """The folder of a module; the module itself where it lies on top."""
    inside = file.relative_to(package)
    return inside.parent.as_posix() if len(inside.parts) > 1 else inside.stem


def arrows(package: Path) -> set[tuple[str, str]]:
    files = sorted(file for file in package.rglob("*.py") if file != package / "__init__.py")
    home = {".".join(file.relative_to(package).with_suffix("").parts): room_of(file, package) for file in files}
    found = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("pinn."):
                continue
            base = str(node.module).removeprefix("pinn.")
            for name in (f"{base}.{alias.name}" for alias in node.names):
                target = home.get(name) or home.get(base) or home.get(f"{base}.__init__")
                if target and target != room_of(file, package):
                    found.add((room_of(file, package), target))
    return found


def main() -> None:
    for checkout in map(Path, sys.argv[1:] or ["."]):
        package = checkout / "pinn"
        sizes: dict[str, list[int]] = defaultdict(list)
        for file in package.rglob("*.py"):
            sizes[room_of(file, package)].append(len(file.read_text(encoding="utf-8").splitlines()))
        found = arrows(package)
        circles = [c for c in networkx.strongly_connected_components(networkx.DiGraph(list(found))) if len(c) > 1]
        most = max(sizes, key=lambda room: len(sizes[room]))
        print(f"{checkout.resolve().name}: {len(sizes)} rooms, {sum(map(len, sizes.values()))} files")
        print(f"  {sum(map(sum, sizes.values()))} lines; most files in a room: {len(sizes[most])} ({most})")
        print(f"  {len(found)} arrows between rooms, {len(circles)} circles: {[sorted(c) for c in circles]}")
        for room, lines in sorted(sizes.items()):
            print(f"  {room:32} {len(lines):3} files {sum(lines):6} lines, longest {max(lines)}")


if __name__ == "__main__":
    main()
