"""The part of YAML 1.2 that a spec may use: mappings, lists and plain scalars, every node with its position.

Anchors, aliases, tags, directives, duplicate keys and several documents are refused. Plain scalars are resolved by the
core schema of YAML 1.2.2, § 10.3.2: `on` and `yes` are text, `1e-3` is a number, `0o17` and `0x1F` are whole numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import isinf
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    Event,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from pinn.errors import SpecError

Path = tuple[str | int, ...]
Position = tuple[str, int, int]
"""(file, line, column), 1-based."""

MAX_DEPTH = 50
MAX_NODES = 10_000  # values and keys; the parser takes a second for some 50,000
MAX_KEY = 200  # characters; keys appear in every message about what they hold

NULL = re.compile(r"|~|null|Null|NULL")
BOOLEAN = re.compile(r"(true|True|TRUE)|false|False|FALSE")
DECIMAL = re.compile(r"[-+]?[0-9]+")
BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NOT_A_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

# YAML 1.2.2, § 5.1 (printable characters), less the line separators that editors count differently
# (U+0085, U+2028, U+2029) and the byte order mark inside the text.
FORBIDDEN_CHARACTER = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
TAB_INDENTATION = re.compile(r"^ *(\t)[ \t]*[^\s#]", re.MULTILINE)

# What ruamel.yaml says, and what it means to the author of a spec; the first fragment found wins.
IN_SPEC_WORDS = (
    ("mapping values are not allowed", "a ':' is not allowed here; check the indentation, or put the text in quotes"),
    ("could not find expected ':'", "expected 'key: value'; check for a missing ':' or a missing space after it"),
    ("'\\t' that cannot start", "a tab is not allowed here; use spaces"),
    ("that cannot start any token", "text may not start with this character; put it in quotes"),
    ("found unexpected end of stream", "a quote opened here is never closed"),
    ("expected ',' or ']'", "expected ',' or ']' in the list opened at {opened}"),
    ("expected ',' or '}'", "expected ',' or '}' in the mapping opened at {opened}"),
    ("did not find expected", "the indentation does not match the lines above, or a ',' is missing"),
    ("but found ']'", "this ']' closes nothing; remove it, or open a list with '['"),
    ("but found '}'", "this '}' closes nothing; remove it, or open a mapping with '{'"),
    ("expected <block end>", "the indentation does not match the lines above, or a ',' is missing"),
    ("expected the node content", "a value is missing here"),
    ("unknown escape character", "unknown escape after '\\'; use single quotes to keep a backslash"),
    ("undefined tag handle", "tags (!name) are not allowed; remove the tag"),
)


def shown(value: Any) -> str:
    """A value as a message quotes it: one line, short, in the spec's words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:50]}…{text[-1] if isinstance(value, str) else ''}"


def scalar(text: str) -> bool | int | float | str | None:
    """Resolve an unquoted scalar; raises ValueError, in spec words, for a number that float64 cannot hold."""
    if NULL.fullmatch(text):
        return None
    if match := BOOLEAN.fullmatch(text):
        return match[1] is not None
    if NOT_A_NUMBER.fullmatch(text):
        raise ValueError(f"{text} is not allowed; write a finite number")
    if BASED.fullmatch(text):
        number = int(text, 0)
        if number.bit_length() > 1023:
            raise ValueError(f"{shown(text)} is too large for a number")
        return number
    if FLOAT.fullmatch(text):
        number = float(text)
        if isinf(number):
            raise ValueError(f"{shown(text)} is too large for a number; the largest is about 1.8e308")
        if number == 0 and re.search("[1-9]", re.split("[eE]", text)[0]):
            raise ValueError(f"{shown(text)} is too small for a number; write 0, or change the units")
        # A double's integer part has at most 309 digits, so what remains converts.
        return int(text.lstrip("+")) if DECIMAL.fullmatch(text) and len(text) < 400 else number
    return text


@dataclass
class Composition:
    """Plain data with the position of every value and every key."""

    data: Any = None
    values: dict[Path, Position] = field(default_factory=dict)
    keys: dict[Path, Position] = field(default_factory=dict)


def compose(
    text: str, locate: Callable[[int, int], Position], prefix: Path = (), flow_only: bool = False
) -> Composition:
    """Read one YAML document.

    locate(line, column) turns a 0-based place in `text` into a position; `prefix` is the path of the document's root.
    With `flow_only` the document must fit a command line: a scalar, [list] or {mapping}. Raises SpecError.
    """
    refuse_characters(text, locate, prefix)
    composer = _Composer(text, locate, flow_only)
    try:
        composer.document(prefix)
    except MarkedYAMLError as error:
        problem = error.problem or error.context or "cannot be read as YAML"
        mark = error.problem_mark or error.context_mark
        if error.context_mark and ("unexpected end of stream" in problem or "expected ':'" in problem):
            mark = error.context_mark
        message = next((words for fragment, words in IN_SPEC_WORDS if fragment in problem), problem.split("\n")[0])
        if error.context_mark:
            line, column = locate(error.context_mark.line, error.context_mark.column)[1:]
            message = message.replace("{opened}", f"{line}:{column}")
        raise SpecError(prefix, message, locate(mark.line, mark.column) if mark else locate(0, 0)) from None
    except SpecError:
        raise
    except (YAMLError, ValueError, OverflowError, LookupError, AttributeError, AssertionError):
        # ruamel.yaml raises bare Python errors for some malformed texts, such as the escape "\UFFFFFFFF".
        raise SpecError(prefix, "cannot be read as YAML from here on", composer.last) from None
    return composer.result


def refuse_characters(text: str, locate: Callable[[int, int], Position], prefix: Path = ()) -> None:
    """Raise SpecError for control characters, and for tabs used as indentation."""

    def place(offset: int) -> Position:
        before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
        return locate(before.count("\n"), len(before) - before.rfind("\n") - 1)

    if match := FORBIDDEN_CHARACTER.search(text):
        message = f"the character U+{ord(match[0]):04X} is not allowed; remove it"
        raise SpecError(prefix, message, place(match.start()))
    if match := TAB_INDENTATION.search(text):
        raise SpecError(prefix, "a tab is not allowed as indentation; use spaces", place(match.start(1)))


class _Composer:
    """Recursive descent over ruamel.yaml's event stream."""

    def __init__(self, text: str, locate: Callable[[int, int], Position], flow_only: bool):
        self.events: Iterator[Event] = iter(YAML(typ="safe", pure=True).parse(text))
        self.lines = text.splitlines()
        self.locate = locate
        self.flow_only = flow_only
        self.result = Composition()
        self.last = locate(0, 0)
        self.in_flow = False  # between [ ] or { }, where a comma ends a value

    def next(self) -> Event:
        event = next(self.events)
        self.last = self.place(event)
        return event

    def place(self, event: Event) -> Position:
        return self.locate(event.start_mark.line, event.start_mark.column)

    def document(self, prefix: Path) -> None:
        self.next()  # StreamStartEvent
        start: Any = self.next()
        if isinstance(start, StreamEndEvent):
            raise SpecError(prefix, "is empty; nothing but blank lines and comments here", self.locate(0, 0))
        if start.explicit and self.flow_only:
            raise SpecError(prefix, "must be one value, [list] or {mapping}", self.place(start))
        if start.version not in (None, (1, 2)) or start.tags:
            line = next(number for number, line in enumerate(self.lines) if line.startswith("%"))
            raise SpecError(prefix, "YAML directives (%) are not allowed; remove the line", self.locate(line, 0))
        self.result.data = self.node(self.next(), prefix, self.last)
        event = self.next()
        while isinstance(event, StreamStartEvent | DocumentEndEvent):
            event = self.next()
        if not isinstance(event, StreamEndEvent):
            message = "a second document starts here; keep one spec per file and remove '---'"
            raise SpecError(prefix, message, self.place(event))

    def node(self, event: Any, path: Path, if_empty: Position) -> Any:
        """Data of the node that `event` opens; `if_empty` is where to locate a value that has no text."""
        here = self.place(event)
        self.refuse_decoration(event, path, here)
        self.result.values[path] = here
        if len(self.result.values) > MAX_NODES:
            message = f"has more than {MAX_NODES} values; keep measured data in a CSV file and name it under 'data'"
            raise SpecError((), message, here)
        if isinstance(event, ScalarEvent):
            if not event.value and event.style is None:
                self.result.values[path] = if_empty
            if self.in_flow and event.style is None and event.value.count("(") > event.value.count(")"):
                message = (
                    f"{shown(event.value)} has a bracket that is not closed; put an expression with a comma in quotes"
                )
                raise SpecError(path, message, here)
            return self.scalar(event, path, here)
        if len(path) >= MAX_DEPTH:
            raise SpecError((), f"lists and mappings are nested deeper than {MAX_DEPTH} levels; flatten them", here)
        if self.flow_only and not event.flow_style:
            raise SpecError(path, "must be one value, [list] or {mapping}; quote text that has ': ' in it", here)
        around, self.in_flow = self.in_flow, bool(event.flow_style)
        found = self.sequence(path) if isinstance(event, SequenceStartEvent) else self.mapping(path)
        self.in_flow = around
        return found

    def sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self.next(), SequenceEndEvent):
            items.append(self.node(event, (*path, len(items)), self.last))
        return items

    def mapping(self, path: Path) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while not isinstance(event := self.next(), MappingEndEvent):
            here = self.place(event)
            key = self.key(event, path, here)
            if key in entries:
                first = self.result.keys[(*path, key)][1]
                message = f"key '{key}' appears twice, first on line {first}; remove one of them"
                raise SpecError((*path, key), message, here)
            self.result.keys[(*path, key)] = here
            entries[key] = self.node(self.next(), (*path, key), here)
        return entries

    def key(self, event: Event, path: Path, here: Position) -> str:
        self.refuse_decoration(event, path, here)
        key = self.scalar(event, path, here) if isinstance(event, ScalarEvent) else []
        if not isinstance(key, str) or not key:
            raise SpecError(path, f"a key must be a name, got {shown(key)}; names start with a letter", here)
        if len(key) > MAX_KEY or not key.isprintable():
            raise SpecError(path, f"a key must be one line of at most {MAX_KEY} characters, got {shown(key)}", here)
        return key

    def scalar(self, event: ScalarEvent, path: Path, here: Position) -> bool | int | float | str | None:
        if event.style is not None:
            if match := FORBIDDEN_CHARACTER.search(event.value):  # through an escape such as "\0"
                raise SpecError(path, f"the character U+{ord(match[0]):04X} is not allowed; remove it", here)
            return event.value
        try:
            return scalar(event.value)
        except ValueError as error:
            raise SpecError(path, str(error), here) from None

    def refuse_decoration(self, event: Any, path: Path, here: Position) -> None:
        if isinstance(event, AliasEvent):
            raise SpecError(path, f"aliases (*{event.anchor}) are not allowed; write the value again", here)
        if event.anchor is not None:
            raise SpecError(path, f"anchors (&{event.anchor}) are not allowed; remove it", here)
        if event.tag is not None:
            raise SpecError(path, "tags (!name) are not allowed; remove the tag", here)


def is_plain_text(text: str) -> bool:
    """Whether `text`, written without quotes, is read back as text."""
    try:
        return isinstance(scalar(text), str)
    except ValueError:
        return False


__all__ = ["Composition", "Path", "Position", "compose", "is_plain_text", "scalar", "shown"]
