"""A spec's text as plain data that remembers where every value was written."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike, strerror
from pathlib import Path as FilePath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.representer import SafeRepresenter

from pinn.errors import SpecError, did_you_mean
from pinn.files.reading import printable, read_some
from pinn.spec.yaml.subset import Path, Position, compose, is_plain_text, shown

MAX_BYTES = 1_000_000
_SHORT = re.compile(r"[\w.+-]+")  # numbers and names


@dataclass(frozen=True)
class Source:
    """The data of a spec (dict, list, str, int, float, bool, None) and the position of each value and key."""

    data: Any
    file: str = "<string>"
    values: Mapping[Path, Position] = field(default_factory=dict)
    keys: Mapping[Path, Position] = field(default_factory=dict)

    def position(self, path: Path) -> Position:
        """Where the value at `path` starts, or the nearest enclosing value that was written."""
        for end in range(len(path), -1, -1):
            if tuple(path[:end]) in self.values:
                return self.values[tuple(path[:end])]
        return (self.file, 1, 1)

    def key_position(self, path: Path) -> Position:
        """Where the last key of `path` is written; for a list entry or an absent key, as `position`."""
        return self.keys.get(tuple(path)) or self.position(path)


def read_spec(path: str | PathLike[str]) -> Source:
    """Read a spec file. Raises SpecError, with its position, for whatever is not a small, plain YAML 1.2 mapping."""
    file = printable(str(path))
    start = (file, 1, 1)
    try:
        raw = read_some(path, MAX_BYTES)
    except FileNotFoundError:
        folder = FilePath(path).parent
        siblings = [entry.name for entry in folder.glob("*.yaml")] if folder.is_dir() else []
        raise SpecError((), f"there is no such file{did_you_mean(FilePath(path).name, siblings)}", start) from None
    except (OSError, ValueError) as error:
        reason = strerror(error.errno) if isinstance(error, OSError) and error.errno else "not a file name"
        raise SpecError((), f"cannot be read: {reason}", start) from None
    if len(raw) > MAX_BYTES:
        raise SpecError((), "is over 1 MB; keep measured data in a CSV file and name it under 'data'", start)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        message = f"is not UTF-8 text (byte 0x{raw[error.start]:02x}); save the file as UTF-8"
        raise SpecError((), message, (file, before.count(b"\n") + 1, column)) from None
    return parse_spec(text, file)


def parse_spec(text: str, file: str = "<string>") -> Source:
    """Read a spec from its text; raises SpecError as `read_spec` does."""
    file = printable(file)
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise SpecError((), "is over 1 MB; keep measured data in a CSV file and name it under 'data'", (file, 1, 1))
    composed = compose(text.removeprefix("\ufeff"), lambda line, column: (file, line + 1, column + 1))
    if not isinstance(composed.data, dict):
        message = f"a spec must be a mapping of blocks such as 'name: my-problem', got {shown(composed.data)}"
        raise SpecError((), message, composed.values[()])
    return Source(composed.data, file, composed.values, composed.keys)


def dump(data: Any) -> str:
    """YAML text, in block style, that `parse_spec` reads back to equal data: floats keep every digit."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.allow_unicode = True
    yaml.width = MAX_BYTES
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


class _Representer(SafeRepresenter):
    """ruamel.yaml's, with lists of numbers and names in a line, without anchors, and quotes where needed."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_str(self, data: str) -> Any:
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=None if is_plain_text(data) else '"')

    def represent_list(self, data: Any) -> Any:
        short = bool(data) and all(_SHORT.fullmatch(str(entry)) for entry in data)
        return self.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True if short else None)


_Representer.add_representer(str, _Representer.represent_str)
_Representer.add_representer(list, _Representer.represent_list)
