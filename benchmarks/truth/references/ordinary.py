"""Ordinary differential equations: initial and boundary values by SciPy, one by a Taylor series in many digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mpmath
import numpy as np
from scipy.integrate import solve_bvp, solve_ivp
from scipy.optimize import brentq

from benchmarks.truth.references.rows import Row, Solutions, rows

BOUNDARY = (1e-7, 1e-9)  # tolerances of solve_bvp at the levels, for a field of size 1; below, rounding errors rule
INITIAL = (1e-10, 1e-13)
MOST_NODES = 200_000


def boundary_values(
    name: str,
    second: Callable[[np.ndarray, np.ndarray], np.ndarray],
    ends: Callable[[np.ndarray, np.ndarray], Sequence[float]],
    interval: tuple[float, float],
    guess: Callable[[np.ndarray], np.ndarray],
    level: int,
    places: Sequence[float] = (0.05, 0.3, 0.5, 0.8),
    nodes: np.ndarray | None = None,
    slack: float = 1.0,
) -> list[Row]:
    """u'' = second(x, u): at shares `places` of the interval.

    ends    residuals of two conditions, from (u, u') at the left and at the right
    guess   u to start from
    slack   factor of the tolerance, where large terms cancel
    """
    a, b = interval
    length = b - a
    s = np.linspace(0, 1, 2001) if nodes is None else nodes
    start = guess(a + length * s)
    size = np.abs(start).max()
    start, slope = start / size, np.gradient(start / size, s)
    found = solve_bvp(  # on [0, 1], of size 1, so that its tolerance means the same in every unit
        lambda s, y: np.vstack([y[1], length**2 / size * second(a + length * s, size * y[0])]),
        lambda ya, yb: np.array(ends(ya * [size, size / length], yb * [size, size / length])) / size,
        s, np.vstack([start, slope]), tol=slack * BOUNDARY[level], max_nodes=MOST_NODES,
    )  # fmt: skip
    if found.status:
        raise ArithmeticError(f"{name}: {found.message}")
    shares = np.array(places)
    return rows(name, [(x,) for x in a + length * shares], size * found.sol(shares)[0])


def graded(width: float) -> np.ndarray:
    """Nodes on [0, 1], dense within `width` of the ends."""
    half = np.concatenate([np.linspace(0, 10 * width, 1500)[:-1], np.linspace(10 * width, 0.5, 500)])
    return np.concatenate([half, 1 - half[-2::-1]])


def held(left: float, right: float) -> Callable:
    return lambda ya, yb: (ya[0] - left, yb[0] - right)


def radiating_fin(level: int) -> Solutions:
    factor = 2 * 5.670374e-8 / (200 * 2e-3)
    return [
        boundary_values("T", lambda x, T: factor * (T**4 - 3.0**4), lambda a, b: (a[0] - 600, b[1]), (0, 0.3),
                        lambda x: 600 - 500 * x, level)
    ]  # fmt: skip


def two_parabolas(level: int) -> Solutions:
    starts = (lambda x: 4 / (1 + x) ** 2, lambda x: 4 - 3 * x - 45 * x * (1 - x))
    return [boundary_values("u", lambda x, u: 1.5 * u**2, held(4, 1), (0, 1), start, level) for start in starts]


def michaelis(level: int) -> Solutions:
    found = boundary_values(
        "c", lambda x, c: 1e7 * c / (1e-3 + c), held(0.1, 0.1), (0, 2e-4), lambda x: 0.1 + 0 * x, level
    )
    return [found]


def power_law(weight: float, power: int) -> Callable[[int], Solutions]:
    """-u'' + weight u^power = 1e3, u = 0 at 0 and 1; inside u is near (1e3/weight)^(1/power)."""
    inside = min((1e3 / weight) ** (1 / power), 125.0)
    width = min(inside / np.sqrt(2e3 * inside) / 5, 0.04)

    def solve(level: int) -> Solutions:
        def second(x: np.ndarray, u: np.ndarray) -> np.ndarray:
            return weight * u**power - 1e3

        def guess(x: np.ndarray) -> np.ndarray:
            return inside * (1 - np.exp(-np.minimum(x, 1 - x) / (2 * width)))

        return [boundary_values("u", second, held(0, 0), (0, 1), guess, level, nodes=graded(width))]

    return solve


def steep_exponent(level: int) -> Solutions:
    edge = 9.2103403719762

    def second(x: np.ndarray, p: np.ndarray) -> np.ndarray:
        return 100 * (2 * np.sinh(p) - 1e4 * np.tanh(50 * (x - 0.5)))

    return [
        boundary_values("p", second, held(-edge, edge), (0, 1),
                        lambda x: np.arcsinh(5e3 * np.tanh(50 * (x - 0.5))), level, (0.3, 0.45, 0.49, 0.52), slack=100)
    ]  # fmt: skip


def electrostatic_gap(level: int) -> Solutions:
    return [boundary_values("h", lambda x, h: 1 / h, held(1, 2), (0, 1), lambda x: 1 + x, level)]


def arrhenius(level: int) -> Solutions:
    found = boundary_values(
        "T", lambda x, T: -3e14 / 0.5 * np.exp(-9000 / T), held(400, 400), (0, 0.02), lambda x: 400 + 0 * x, level
    )
    return [found]


def either_sign(found: list[Row]) -> Solutions:
    return [found, [row._replace(value=-row.value) for row in found]]


def buckled_rod(level: int) -> Solutions:
    """a'' + 30 sin a = 0, a = 0 at the ends: the half wave, to either side."""
    places = (0.1, 0.3, 0.5, 0.8)
    return either_sign(
        boundary_values(
            "a", lambda x, a: -30 * np.sin(a), held(0, 0), (0, 1), lambda x: 2 * np.sin(np.pi * x), level, places
        )
    )


def doublewell(level: int) -> Solutions:
    """0.01 u'' + u - u^3 = 0 on [-1, 1], u = 0 at the ends: the positive one, and its negative."""
    return either_sign(
        boundary_values("u", lambda x, u: 100 * (u**3 - u), held(0, 0), (-1, 1), lambda x: np.cos(np.pi * x / 2), level)
    )


def log_conductivity(level: int) -> Solutions:
    """(log u) u' is constant: u log u - u is linear in x between u = 2 and u = 5."""
    points = [(0.1,), (0.4,), (0.6,), (0.9,)]

    def risen(u: float) -> float:
        return u * np.log(u) - u

    def at(x: float) -> float:
        return brentq(lambda u: risen(u) - (1 - x) * risen(2) - x * risen(5), 2, 5, xtol=10.0 ** (-10 - 4 * level))

    return [rows("u", points, [at(x) for (x,) in points])]


def cooling_ignition(level: int) -> Solutions:
    """T - 1 = 24 exp(-6/T): cold, in between, and burning; each a constant."""

    def balance(T: float) -> float:
        return T - 1 - 24 * np.exp(-6 / T)

    brackets = ((1, 1.3), (1.3, 2), (10, 24))
    roots = [brentq(balance, *bracket, xtol=10.0 ** (-10 - 4 * level)) for bracket in brackets]
    return [rows("T", [(0.1,), (0.7,)], [root, root]) for root in roots]


def initial_values(
    names: Sequence[str], slope: Callable, start: Sequence[float], times: Sequence[float], method: str, level: int
) -> list[Row]:
    found = solve_ivp(
        slope, (0, times[-1]), start, method=method, t_eval=times, rtol=INITIAL[level], atol=1e-3 * INITIAL[level]
    )
    if found.status:
        raise ArithmeticError(found.message)
    points = [(t,) for t in times]
    return [row for name, values in zip(names, found.y, strict=False) for row in rows(name, points, values)]


def lotka_volterra(level: int) -> Solutions:
    def slope(_, y):
        return [2 * y[0] - 0.04 * y[0] * y[1], 0.02 * y[0] * y[1] - 1.06 * y[1]]

    return [initial_values(("r", "p"), slope, (100, 15), (1, 3, 6, 10), "DOP853", level)]


def van_der_pol(level: int) -> Solutions:
    def slope(_, y):
        return [y[1], 20 * (1 - y[0] ** 2) * y[1] - y[0]]

    return [initial_values(("x",), slope, (2, 0), (5, 20, 40, 60), "DOP853", level)]


def decades_of_time(level: int) -> Solutions:
    def slope(_, y):
        first, second = 0.04 * y[0] - 1e4 * y[1] * y[2], 3e7 * y[1] ** 2
        return [-first, first - second, second]

    return [initial_values(("a", "b", "c"), slope, (1, 0, 0), (0.4, 4, 40), "Radau", level)]


def lorenz(level: int) -> Solutions:
    """By Taylor series, orders 20 and 30, in 40 digits: errors of one step grow by exp(0.9 * 15) = 7e5."""
    order, step = (20, 30)[level], mpmath.mpf(1) / 40
    found = []
    with mpmath.workdps(40):
        x, y, z = (mpmath.mpf(1) for _ in range(3))
        for number in range(1, 15 * 40 + 1):
            X, Y, Z = [x], [y], [z]
            for n in range(order):
                xz = mpmath.fdot((X[k], Z[n - k]) for k in range(n + 1))
                xy = mpmath.fdot((X[k], Y[n - k]) for k in range(n + 1))
                X.append(10 * (Y[n] - X[n]) / (n + 1))
                Y.append((28 * X[n] - xz - Y[n]) / (n + 1))
                Z.append((xy - 8 * Z[n] / 3) / (n + 1))
            x, y, z = (mpmath.polyval(series[::-1], step) for series in (X, Y, Z))
            if number in (40, 200, 400, 600):
                found += [Row(name, (number / 40,), float(value)) for name, value in zip("xyz", (x, y, z), strict=True)]
    return [found]
