"""Blocks of a spec from Python's own objects: SymPy's expressions and equations, and arrays or functions as tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pinn.errors import SpecError
from pinn.spec.yaml.subset import Path

MOST_POINTS = {1: 2049, 2: 65, 3: 17}  # of each argument, by how many there are
MOST_NUMBERS = 8000  # of a table inside a spec, which has no more than 10,000 values
LEAST_POINTS = 9


def stated(blocks: Mapping[str, Any], file: str) -> dict[str, Any]:
    """The blocks with text in place of SymPy's objects, in values and keys.

    `file` is what messages call the place they were written in. Raises SpecError for an object that has no text.
    """
    tables = blocks.get("tables")
    functions = tuple(map(str, tables)) if isinstance(tables, Mapping) else ()
    try:
        return {str(key): _stated(value, functions, (str(key),)) for key, value in blocks.items()}
    except SpecError as error:
        raise SpecError(error.path, error.message, (file, 1, 1)) from None


def _stated(value: Any, functions: Collection[str], path: Path) -> Any:
    if isinstance(value, Mapping):
        keys = [_text(key, functions, path) if _is_symbolic(key) else key for key in value]
        entries = zip(keys, value.values(), strict=True)
        return {key: _stated(entry, functions, (*path, str(key))) for key, entry in entries}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_stated(entry, functions, (*path, number)) for number, entry in enumerate(value)]
    return _text(value, functions, path) if _is_symbolic(value) else value


def _is_symbolic(value: Any) -> bool:
    """Whether it is SymPy's, without importing it: who has no SymPy object has none here."""
    kind = value if isinstance(value, type) else type(value)
    return "sympy" in (str(one.__module__).partition(".")[0] for one in (kind, type(kind)))


def _text(value: Any, functions: Collection[str], path: Path) -> Any:
    import sympy

    from pinn.spec.language.writing import written

    if isinstance(value, sympy.Integer):
        return int(value)
    if isinstance(value, sympy.Float):
        return float(value)
    try:
        return written(value, functions)
    except SpecError as error:
        raise SpecError(path, error.message) from None


def table(
    values: ArrayLike | Callable[..., Any],
    *,
    interpolation: str = "cubic",
    accuracy: float = 1e-8,
    **arguments: ArrayLike,
) -> dict[str, Any]:
    """Numbers, or a function of numpy arrays, as an entry of `tables`: a function of every expression.

    tables={"k": pinn.table([1.0, 1.2, 1.5], T=[0, 50, 100])}
    tables={"k": pinn.table(lambda T: 0.8 + 1e-3 * T**2, T=(0, 100))}
    tables={"a": pinn.table(image, x=x, y=y)}

    values          numbers, [N], or of several arguments [j, i] at x[i], y[j], as of numpy.meshgrid; or a function
    interpolation   between the points: "cubic" or "linear"
    accuracy        of a function whose arguments are ranges (from, to): it is sampled at more and more points until the
                    interpolation is so close to it, relative to its largest value
    arguments       name -> points, increasing; of a function also (from, to)

    Raises SpecError where a function is not met with the most points that a table has: 2,049 of one argument.
    """
    points = {name: np.asarray(own, float) for name, own in arguments.items()}
    if not 1 <= len(points) <= max(MOST_POINTS):
        raise SpecError(("tables",), f"a table has one to three arguments, such as T=(0, 100); got {len(points)}")
    if not callable(values):
        return _entry(points, np.asarray(values, float), interpolation)
    ranges = {name for name, own in points.items() if own.shape == (2,)}
    if not ranges:
        return _entry(points, _on_grid(values, points), interpolation)
    return _entry(*_sampled(values, points, ranges, interpolation, accuracy), interpolation)


def _entry(
    points: Mapping[str, NDArray[np.float64]], values: NDArray[np.float64], interpolation: str
) -> dict[str, Any]:
    if values.size > MOST_NUMBERS:
        raise SpecError(
            ("tables",),
            f"a table inside a spec has at most {MOST_NUMBERS:,} numbers, got {values.size:,}; save them with "
            "numpy.savez, and write {file: NAME.npz, x: [x, y], values: a}",
        )
    x = {name: own.tolist() for name, own in points.items()}
    return {"x": x, "values": values.tolist(), "interpolation": interpolation}


def _on_grid(function: Callable[..., Any], points: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """The function's values [j, i] on the grid of its arguments' points."""
    grid = np.meshgrid(*reversed([*points.values()]), indexing="ij")[::-1]
    return np.broadcast_to(np.asarray(function(*grid), float), grid[0].shape)


def _sampled(
    function: Callable[..., Any],
    points: Mapping[str, NDArray[np.float64]],
    ranges: Collection[str],
    interpolation: str,
    accuracy: float,
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    """Points and values that are enough: those of every other point give the rest to within the accuracy."""
    from scipy.interpolate import make_interp_spline

    count, missed = LEAST_POINTS, np.inf
    while count <= MOST_POINTS[len(points)]:
        own = {name: np.linspace(at[0], at[1], count) if name in ranges else at for name, at in points.items()}
        values = _on_grid(function, own)
        guess = values
        for axis, (name, at) in enumerate(reversed(own.items())):
            if name in ranges:
                coarse = np.take(guess, range(0, count, 2), axis)
                guess = make_interp_spline(at[::2], coarse, k={"linear": 1, "cubic": 3}[interpolation], axis=axis)(at)
        missed = float(np.max(np.abs(guess - values))) / max(float(np.max(np.abs(values))), 1e-300)
        if missed <= accuracy:
            return own, values
        count = 2 * count - 1
    raise SpecError(
        ("tables",),
        f"the function is met to {missed:.1e} of its largest value, with {MOST_POINTS[len(points)]} points of each "
        f"argument, not to {accuracy:g}; write an accuracy=… that is enough, or points, a kink among them",
    )
