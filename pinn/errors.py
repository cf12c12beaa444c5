"""Errors a user can act on, each with the exit code that the command line returns for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

LONGEST_KEY = 200  # characters of one part of a path
LONGEST_MESSAGE = 600  # characters: a file that is quoted at length must not fill the screen


def one_line(text: str, longest: int = LONGEST_MESSAGE) -> str:
    """A message as a terminal may show it: what does not print (also: colours, reversed text) as U+202E, shortened."""
    flat = " ".join(text.split("\n"))
    shown = flat if flat.isprintable() else "".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in flat)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


class PinnError(Exception):
    """Any failure that pinn foresees. Its text is one line that names the thing, what was received and a way out."""

    exit_code = 1

    def __init__(self, message: str):
        super().__init__(one_line(message))


class SpecError(PinnError, ValueError):
    """The spec, or the command, is wrong.

    `path` is the place in the spec, such as ("domain", "difference", 1, "disk", "radius"); `position` is
    (file, line, column), 1-based, filled in by whoever holds the source text.
    """

    exit_code = 2

    def __init__(self, path: Sequence[str | int], message: str, position: tuple[str, int, int] | None = None):
        super().__init__(message)
        self.path = tuple(path)
        self.message = one_line(message)
        self.position = position

    def at(self, path: Sequence[str | int], position: tuple[str, int, int] | None = None) -> Self:
        """The same error, of the same type, at this place unless it has one."""
        found = self.__new__(type(self), *self.args)
        found.__dict__.update(self.__dict__, path=self.path or tuple(path), position=self.position or position)
        return found

    def __str__(self) -> str:
        where = "{}:{}:{}: ".format(*self.position) if self.position else ""
        place = dotted(self.path)
        return f"{where}{place}: {self.message}" if place else f"{where}{self.message}"


class SpecErrors(SpecError):
    """Several refusals of one spec, one line each."""

    def __init__(self, errors: Sequence[SpecError]):
        super().__init__(errors[0].path, errors[0].message, errors[0].position)
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


class UnknownName(SpecError):
    """A name that nothing declares; `what` it was taken for, and a clause that leads to a known one."""

    def __init__(self, path: Sequence[str | int], name: str, clause: str = "", what: str = "name"):
        super().__init__(path, f"unknown {what} '{shortened(name)}'{clause}")
        self.name, self.clause = name, clause

    def as_quantity(self, path: Sequence[str | int], known: Sequence[str]) -> UnknownName:
        """The same where a quantity was expected, one of those that are known."""
        return UnknownName(path, self.name, did_you_mean(self.name, known), "quantity")


class NoDerivative(UnknownName):
    """An unknown name that begins as a derivative of something known does; its clause says how those are written."""

    def as_quantity(self, path: Sequence[str | int], known: Sequence[str]) -> UnknownName:
        return NoDerivative(path, self.name, self.clause, "quantity")


class NoClosedForm(SpecError):
    """What the exact solution of a spec neither gives nor determines."""


class Divergence(PinnError):
    """A number that trains became NaN or infinite: names the term, the point and the step."""

    exit_code = 3


class ResourceError(PinnError):
    """Disk, memory or device: names the path or the device, and what to change."""

    exit_code = 4


class Interrupted(PinnError):
    """SIGINT, SIGTERM or SIGHUP arrived; the state was saved first."""

    exit_code = 130


def shortened(text: str, longest: int = 60) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}…"


def dotted(path: Sequence[str | int]) -> str:
    """("domain", "difference", 1, "disk") -> "domain.difference[1].disk"."""
    text = ""
    for part in path:
        name = one_line(str(part), LONGEST_KEY)
        text += f"[{name}]" if isinstance(part, int) else (f".{name}" if text else name)
    return text


def closest(name: str, known: Sequence[str]) -> str:
    """The known name that is probably meant; empty where none is close."""
    from difflib import get_close_matches

    alike = [other for other in known if other.lower() == name.lower()]
    return next(iter(alike or get_close_matches(name, known, n=1, cutoff=0.6)), "")


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """A clause that suggests the closest known name, or lists what is known when nothing is close."""
    if close := closest(name, known):
        return f"; did you mean '{close}'?"
    shown = [shortened(name) for name in sorted(known)[:12]]
    listed = ", ".join(shown) + (", …" if len(known) > 12 else "")
    return f"; known: {listed}" if known else ""
