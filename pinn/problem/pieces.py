"""A problem from Python's own pieces: shapes that are cut and joined, SymPy's or text equations, arrays as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from pinn.errors import did_you_mean
from pinn.files.writing import write_text
from pinn.geometry.build.shape import SHAPES
from pinn.problem.loading import build
from pinn.problem.problem import Problem
from pinn.spec.stating import stated
from pinn.spec.yaml.pieces import MAPPING, spec_of
from pinn.spec.yaml.source import dump


class Piece(Mapping[str, Any]):
    """A shape as a spec states it; `a - b` takes b out of a, `a | b` has both, `a & b` what they share."""

    def __init__(self, kind: str, body: Any):
        self._kind, self._body = kind, body

    def __getitem__(self, key: str) -> Any:
        if key != self._kind:
            raise KeyError(key)
        return self._body

    def __iter__(self) -> Iterator[str]:
        return iter((self._kind,))

    def __len__(self) -> int:
        return 1

    def __sub__(self, other: Piece) -> Piece:
        return self._with("difference", other)

    def __or__(self, other: Piece) -> Piece:
        return self._with("union", other)

    def __and__(self, other: Piece) -> Piece:
        return self._with("intersection", other)

    def _with(self, kind: str, other: Piece) -> Piece:
        """a - b - c is one difference of three, and so are the others."""
        if not isinstance(other, Piece):
            return NotImplemented
        return Piece(kind, [*(self._body if self._kind == kind else [self]), other])

    def __repr__(self) -> str:
        return f"<shape {self._kind}: {self._body}>"


class Shapes:
    """Every shape that a spec knows, as a function: `pinn.shapes.disk(center=(0, 0), radius=1, name="hole")`.

    Arguments are the keys of the reference, in their order or by name; `from`, a word of Python's own, is `from_`.
    """

    def __getattr__(self, kind: str) -> Callable[..., Piece]:
        if kind not in SHAPES:
            raise AttributeError(f"there is no shape '{kind}'{did_you_mean(kind, list(SHAPES))}")
        keys = list(SHAPES[kind].parameters)

        def shape(*values: Any, **named: Any) -> Piece:
            if len(values) > len(keys):
                raise TypeError(f"{kind} takes {', '.join(keys)}; got {len(values)} values")
            given = dict(zip(keys, values, strict=False))
            return Piece(kind, given | {key.rstrip("_"): value for key, value in named.items()})

        shape.__name__, shape.__doc__ = kind, f"{kind}({', '.join(keys)}), as in a spec."
        return shape

    def __dir__(self) -> list[str]:
        return [*SHAPES]


shapes = Shapes()


def problem(name: str, *, file: str | PathLike[str] | None = None, **blocks: Any) -> Problem:
    """A problem from Python's own pieces, under the rules of a spec. Raises SpecError.

        x, y = sympy.symbols("x y")
        u = sympy.Function("u")(x, y)
        plate = pinn.problem(
            "plate",
            coordinates=[x, y],
            fields=[u],
            domain=pinn.shapes.rectangle((0, 0), (2, 1)) - pinn.shapes.disk((1, 0.5), 0.2, name="hole"),
            equations={"poisson": sympy.Eq(-u.diff(x, 2) - u.diff(y, 2), 1)},
            conditions=[{"on": "boundary", u: 0}],
            file="plate.yaml",
        )

    name     of the problem
    file     where to write it as YAML, for `pinn solve` and for others; left out: nowhere
    blocks   those of a spec, by their names: text, numbers, lists and mappings as there; besides, shapes of
             `pinn.shapes`, SymPy's equations and expressions (a field is u(x, y) or a symbol u, its derivatives
             SymPy's), arrays, and `pinn.table` for arrays and functions as coefficients
    """
    source = spec_of(stated({"name": name, **blocks}, MAPPING))
    folder = Path() if file is None else Path(fspath(file)).parent
    found = build(source, folder)
    if file is not None:
        write_text(Path(fspath(file)), dump(source.data))
    return found
