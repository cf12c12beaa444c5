"""Series: problems on intervals and squares that separate. A level doubles the number of terms."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.integrate import quad

from benchmarks.references import exponential_differencing
from benchmarks.truth.references.rows import Solutions, rows

TERMS = 200
APART = [(0.25, 0.25), (0.3, 0.8), (0.75, 0.4), (0.6, 0.9)]  # from every source, by a tenth at least along y
MOMENTS = [(x, t) for t in (0.02, 0.1, 0.2) for x in (0.1, 0.35, 0.5, 0.8)]


def waves(level: int) -> np.ndarray:
    return np.pi * np.arange(1, (TERMS << level) + 1)


def ratio(m: np.ndarray, a: float, b: float) -> np.ndarray:
    """sinh(m a)/sinh(m b), 0 <= a <= b, without overflow."""
    return np.exp(m * (a - b)) * np.expm1(-2 * m * a) / np.expm1(-2 * m * b)


def spot(points: Sequence[tuple[float, float]], at: tuple[float, float], level: int) -> np.ndarray:
    """-Laplace u = Gaussian of unit mass about `at` in the unit square, u = 0 on its sides: u at points [N].

    By the mean value property, the Gaussian acts far from itself as a point of the same mass. Sines along x, across
    them sinh(m y<) sinh(m (1 - y>))/(m sinh m).
    """
    m = waves(level)
    found = []
    for x, y in points:
        low, high = min(y, at[1]), max(y, at[1])
        sides = np.expm1(-2 * m * low) * np.expm1(-2 * m * (1 - high)) / -np.expm1(-2 * m)
        found.append(np.sum(np.sin(m * at[0]) * np.sin(m * x) * np.exp(m * (low - high)) * sides / m))
    return np.array(found)


def point_source_2d(level: int) -> Solutions:
    return [rows("u", APART, spot(APART, (0.5123, 0.487), level))]


def two_spots(level: int) -> Solutions:
    x, y = np.array(APART).T
    return [rows("u", APART, np.sin(np.pi * x) * np.sin(np.pi * y) + spot(APART, (0.7071, 0.2929), level))]


def well_in_a_plate(level: int) -> Solutions:
    """20 m less the drawdown Q/K of a spot, in a square of 100 m."""
    points = [(100 * x, 100 * y) for x, y in APART]
    return [rows("h", points, 20 - 0.01 / 5e-4 * spot(APART, (0.413, 0.579), level))]


def unit_square(level: int) -> Solutions:
    """-Laplace u = 1 in the unit square, u = 0 on its sides: x (1 - x)/2 less what the sides y = 0, 1 take off it."""
    points = [(0.5, 0.5), (0.25, 0.5), (0.25, 0.25), (0.9, 0.3)]
    m = waves(level)[::2]
    found = [
        x * (1 - x) / 2 - np.sum(4 / m**3 * np.sin(m * x) * (ratio(m, y, 1.0) + ratio(m, 1 - y, 1.0)))
        for x, y in points
    ]
    return [rows("u", points, found)]


def jumping_coefficient(level: int) -> Solutions:
    """-Laplace u = 1 where x < 0.6, else 1/100, u = 0: sines in y, the Green's function of X'' - m^2 X in x."""
    points = [(0.3, 0.5), (0.5, 0.2), (0.7, 0.5), (0.9, 0.8)]
    m = waves(level + 4)[::2]  # terms fall like 1/m^3

    def grown(a: float, b: float, x: float) -> np.ndarray:
        """Integral over s in [a, b] of the Green's function at x outside of ]a, b[."""
        if b <= x:  # sinh(m s) from a to b, times sinh(m (1 - x))/(m sinh m)
            return (
                (np.exp(m * (b - x)) * (1 + np.exp(-2 * m * b)) - np.exp(m * (a - x)) * (1 + np.exp(-2 * m * a)))
                * (np.expm1(-2 * m * (1 - x)) / np.expm1(-2 * m))
                / (2 * m**2)
            )
        return grown(1 - b, 1 - a, 1 - x)

    found = []
    for x, y in points:
        cut = min(x, 0.6)
        pieces = [(0.0, cut, 1.0), (cut, 0.6, 1.0), (0.6, max(x, 0.6), 0.01), (max(x, 0.6), 1.0, 0.01)]
        across = sum((strength * grown(a, b, x) for a, b, strength in pieces if b > a), np.zeros_like(m))
        found.append(np.sum(4 / m * across * np.sin(m * y)))
    return [rows("u", points, found)]


def narrow_flux(level: int) -> Solutions:
    """Laplace u = 0, u = 0 at x = 0, insulated along y = 0, 1; a Gaussian flux of unit mass about (1, 1/2)."""
    points = [(0.5, 0.1), (0.25, 0.5), (0.8, 0.3), (0.9, 0.9)]
    m = waves(level)
    amplitude = 2 * np.cos(m / 2) * np.exp(-((m * 1e-5) ** 2) / 4)
    found = [
        x + np.sum(amplitude * np.cos(m * y) / m * np.exp(m * (x - 1)) * -np.expm1(-2 * m * x) / (1 + np.exp(-2 * m)))
        for x, y in points
    ]
    return [rows("u", points, found)]


def needle_on_the_edge(level: int) -> Solutions:
    """Laplace u = 0, u = 1000 exp(-((x - 0.4373)/s)^2) at y = 0, s = 1e-3, 0 on the other sides."""
    m, s = waves(level), 1e-3
    amplitude = 2000 * s * np.sqrt(np.pi) * np.sin(m * 0.4373) * np.exp(-((m * s) ** 2) / 4)
    return [rows("u", APART, [np.sum(amplitude * np.sin(m * x) * ratio(m, 1 - y, 1.0)) for x, y in APART])]


def lid_temperature_step(level: int) -> Solutions:
    """Laplace u = 0, u = 1 at y = 1 where 1/4 < x < 3/4, 0 elsewhere on the boundary."""
    points = [(0.25, 0.25), (0.3, 0.8), (0.75, 0.4), (0.6, 0.9)]
    m = waves(level)
    amplitude = 2 * (np.cos(m / 4) - np.cos(3 * m / 4)) / m
    return [rows("u", points, [np.sum(amplitude * np.sin(m * x) * ratio(m, y, 1.0)) for x, y in points])]


def initial_step(level: int) -> Solutions:
    """u_t = u_xx, insulated, 1 at first where x < 1/2, else 0."""
    m = waves(level)
    found = [0.5 + np.sum(2 * np.sin(m / 2) / m * np.cos(m * x) * np.exp(-(m**2) * t)) for x, t in MOMENTS]
    return [rows("u", MOMENTS, found)]


def hot_start(level: int) -> Solutions:
    """T_t = T_xx, 1 at first, 0 at the ends."""
    m = waves(level)[::2]
    return [rows("T", MOMENTS, [np.sum(4 / m * np.sin(m * x) * np.exp(-(m**2) * t)) for x, t in MOMENTS])]


def thin_insulation(level: int) -> Solutions:
    """T rises with the integral of 1/k, k = 1 - 0.9999 exp(-((x - 0.6137)/1e-3)^2)."""
    middle, tolerance = 0.6137, 10.0 ** (-9 - 2 * level)

    def resistance(x: float) -> float:
        breaks = sorted({0.0, *(min(x, middle + 1e-3 * k) for k in (-8, -3, -0.3, -0.03, 0, 0.03, 0.3, 3, 8)), x})
        return sum(
            quad(lambda s: 1 / (1 - 0.9999 * np.exp(-(((s - middle) / 1e-3) ** 2))), a, b, epsabs=0, epsrel=tolerance)[
                0
            ]
            for a, b in pairwise(breaks)
        )

    points, whole = [(0.3,), (0.6,), (0.65,), (0.9,)], resistance(1.0)
    return [rows("T", points, [resistance(x) / whole for (x,) in points])]


def table_initial(level: int) -> Solutions:
    """u_t = u_xx from sin(pi x): one term at every level."""
    return [rows("u", MOMENTS, [np.sin(np.pi * x) * np.exp(-(np.pi**2) * t) for x, t in MOMENTS])]


def kuramoto_sivashinsky(level: int) -> Solutions:
    """u_t + (100/16) u u_x + (100/16^2) u_xx + (100/16^4) u_xxxx = 0, periodic on [0, 2 pi].

    cos x (1 + sin x) at first.
    """
    modes, steps = 128 << level, 4000 << level
    k = np.arange(modes + 1)
    x = np.pi * np.arange(2 * modes) / modes
    linear = 100 / 16**2 * k**2 - 100 / 16**4 * k.astype(float) ** 4
    derivative = np.where(k == modes, 0, 1j * k)
    kept = np.where(k < 2 / 3 * modes, 1, 0)  # against aliasing of the product

    def convection(v: np.ndarray) -> np.ndarray:
        return -100 / 32 * derivative * kept * np.fft.rfft(np.fft.irfft(v) ** 2)

    start = np.fft.rfft(np.cos(x) * (1 + np.sin(x)))
    states = exponential_differencing(start, linear, convection, 1 / steps, steps, steps // 4)
    found = []
    for number in (1, 2, 3, 4):
        values = np.fft.irfft(states[number])
        places = [(x[modes // 8 * j], number / 4) for j in (1, 5, 9, 13)]
        found += rows("u", places, values[[modes // 8 * j for j in (1, 5, 9, 13)]])
    return [found]
