"""A spec, loaded and checked, with its geometry and compiled statements.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: problem.py.
"""

from __future__ import annotations

import sys
from os import PathLike
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pinn.problem.problem import Problem


class CallableRoom(ModuleType):
    """`pinn.problem(...)` is what users write, and Python gives that name to this room as soon as it is imported."""

    def __call__(self, name: str, *, file: str | PathLike[str] | None = None, **blocks: Any) -> Problem:
        """A problem from Python's own pieces: see pinn.problem.pieces.problem."""
        from pinn.problem.pieces import problem

        return problem(name, file=file, **blocks)


sys.modules[__name__].__class__ = CallableRoom
