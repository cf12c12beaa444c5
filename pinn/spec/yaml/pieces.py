"""A spec from Python's own pieces: a mapping, or a spec's text with changes given by keyword."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from copy import deepcopy
from os import PathLike, fspath
from typing import Any

from pinn.errors import SpecError
from pinn.spec.yaml.source import Source, dump, parse_spec
from pinn.spec.yaml.subset import Path

CHOICES = ("domain", "physics", "method", "activation")  # mappings with one key, which names what is chosen
MAPPING, KEYWORD = "<mapping>", "<keyword>"  # where messages say that a value was written


def spec_of(mapping: Mapping[str, Any]) -> Source:
    """The spec that a mapping of blocks states, under the same rules as a file's text. Raises SpecError."""
    return Source(_checked(mapping, MAPPING), MAPPING)


def changed(source: Source, changes: Mapping[str, Any]) -> Source:
    """The spec with blocks changed: a mapping changes the keys that it names, all else takes the place of the block.

    Another shape, physics, method or activation takes the place of the one that was chosen.
    A key may be a path, such as "solver.time_limit". Raises SpecError, at ("<keyword>", 1, 1) for what was changed.
    """
    data, values, keys = deepcopy(source.data), dict(source.values), dict(source.keys)
    for path in _merge(data, _checked(changes, KEYWORD)):
        for known in (values, keys):
            for place in [place for place in known if place[: len(path)] == path]:
                del known[place]
            known[path] = (KEYWORD, 1, 1)
    return Source(data, source.file, values, keys)


def _merge(data: dict[str, Any], changes: Mapping[str, Any], above: Path = ()) -> list[Path]:
    """Change `data` in place; the paths of what was set."""
    found: list[Path] = []
    for key, value in changes.items():
        name, _, rest = key.partition(".")
        new = {rest: value} if rest else value
        old = data.get(name)
        if isinstance(new, dict) and isinstance(old, dict) and (name not in CHOICES or same_choice(new, old)):
            found += _merge(data[name], new, (*above, name))
        elif isinstance(new, dict):
            data[name] = {}
            found += [(*above, name), *_merge(data[name], new, (*above, name))]
        else:
            data[name] = new
            found.append((*above, name))
    return found


def same_choice(new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    """Whether the new names what the old does, such as `rectangle`, or one of several; its keys may be paths."""
    named = {key.partition(".")[0] for key in new}
    return bool(named) and named <= old.keys()


def _checked(mapping: Mapping[str, Any], file: str) -> dict[str, Any]:
    """The mapping as a YAML file would give it back, or its refusal."""
    plain = _plain(mapping, (), file)
    try:
        return parse_spec(dump(plain), file).data if plain else {}
    except SpecError as error:
        raise SpecError(error.path, error.message, (file, 1, 1)) from None


def _plain(value: Any, path: Path, file: str) -> Any:
    """Mappings, lists, numbers and text; what numpy and pathlib have of these becomes Python's own."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry, (*path, str(key)), file) for key, entry in value.items()}
    if hasattr(value, "magnitude") and hasattr(value, "units"):  # a value of pint, or of what is like it
        numbers = _plain(value.magnitude, path, file)
        return _with_unit(numbers, str(value.units))
    if hasattr(value, "tolist"):  # a number or an array of numpy or torch
        return value.tolist()
    if isinstance(value, PathLike):
        return str(fspath(value))
    if value is None or isinstance(value, str | bool | float):
        return value
    if hasattr(value, "__index__"):
        return operator.index(value)
    if isinstance(value, Sequence):
        return [_plain(entry, (*path, number), file) for number, entry in enumerate(value)]
    kind = type(value).__name__
    raise SpecError(path, f"must be text, a number, a list or a mapping, got {kind}; write it as text", (file, 1, 1))


def _with_unit(numbers: Any, unit: str) -> Any:
    """A number, or lists of numbers, as texts with their unit."""
    if isinstance(numbers, list):
        return [_with_unit(one, unit) for one in numbers]
    return f"{numbers!r} {unit}" if unit != "dimensionless" else numbers
