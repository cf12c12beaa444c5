"""`--set PATH=VALUE`: values given on the command line take the place of those in the spec's text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from pinn.errors import SpecError, SpecErrors, dotted
from pinn.spec.yaml.source import Source
from pinn.spec.yaml.subset import MAX_DEPTH, Path, Position, compose, shown

FILE = "--set"
STEP = re.compile(r"(?:^|\.)([^.\[\]\s=]+)|\[([0-9]{1,6})\]")
PATH = re.compile(r"[^.\[\]\s=]+(?:\.[^.\[\]\s=]+|\[[0-9]{1,6}\])*")


def apply_overrides(source: Source, overrides: Sequence[str]) -> Source:
    """A Source with each "solver.time_limit=30", "network.hidden=[64, 64]" or "conditions[0].weight=2" applied in turn.

    The value is a YAML scalar, [list] or {mapping}, under the same rules as the file. What an override sets is located
    at ("--set", which override, column), both 1-based. Raises SpecErrors with every refused override.
    """
    refusals: list[SpecError] = []
    for number, override in enumerate(overrides, 1):
        try:
            source = _apply(source, override, number)
        except SpecError as refusal:
            refusals.append(refusal)
    if refusals:
        raise SpecErrors(refusals)
    return source


def _apply(source: Source, override: str, number: int) -> Source:
    written, equals, text = override.partition("=")
    start = (FILE, number, 1)
    if not equals:
        raise SpecError((), f"expected PATH=VALUE such as solver.time_limit=30, got {shown(override)}", start)
    if not PATH.fullmatch(written.strip()):
        raise SpecError(
            (), f"expected a path such as solver.time_limit or conditions[0].weight, got {shown(written)}", start
        )
    steps = [(match[1] or int(match[2]), match.start() + 1) for match in STEP.finditer(written.strip())]
    path: Path = tuple(step for step, _ in steps)
    if not text.strip():
        raise SpecError(path, f"has no value; write {written.strip()}=VALUE", start)
    if len(text.splitlines()) > 1:
        raise SpecError(path, "must be one line", start)
    if len(path) > MAX_DEPTH:
        raise SpecError((), f"lists and mappings are nested deeper than {MAX_DEPTH} levels; flatten them", start)
    composed = compose(text, lambda _, column: (FILE, number, len(written) + 2 + column), path, flow_only=True)

    data = deepcopy(source.data)
    values = {place: where for place, where in source.values.items() if place[: len(path)] != path}
    keys = {place: where for place, where in source.keys.items() if place[: len(path)] != path or place == path}
    _put(data, path, composed.data, start)
    for end, (_, column) in enumerate(steps, 1):
        place, where = path[:end], (FILE, number, column)
        values.setdefault(place, where)
        if isinstance(path[end - 1], str):
            keys.setdefault(place, where)
    keys[path] = (FILE, number, 1)
    return Source(data, source.file, values | composed.values, keys | composed.keys)


def _put(data: Any, path: Path, value: Any, where: Position) -> None:
    """Set data[path] in place; blocks that the spec leaves out are made on the way."""
    for end, step in enumerate(path):
        if isinstance(step, int):
            _check_index(data, path[:end], step, where)
        elif not isinstance(data, dict):
            message = f"{dotted(path[:end])} is {shown(data)}, not a mapping; set {dotted(path[:end])} itself"
            raise SpecError(path, message, where)
        if end == len(path) - 1:
            data[step] = value
        elif isinstance(step, str) and data.get(step) is None:
            data[step] = {}
        data = data[step]


def _check_index(data: Any, path: Path, index: int, where: Position) -> None:
    if not isinstance(data, list):
        raise SpecError((*path, index), f"{dotted(path)} is {shown(data)}, not a list; leave out [{index}]", where)
    if index >= len(data):
        held = f"has entries [0] to [{len(data) - 1}]" if data else "is an empty list"
        raise SpecError((*path, index), f"there is no such entry; {dotted(path)} {held}", where)
