"""Functions of Taylor models: s(f) by Taylor's formula around the middle c_0 of f.

    s(c_0 + q) = sum_(k <= n) s_k(c_0)/k! q^k + r,    |r| <= sup |s_(n+1)| / (n+1)! R^(n+1),    |q| <= R

where the supremum is taken over what f can be, [c_0 - R, c_0 + R]. What a function means nothing on (the logarithm of
what may not be positive) has the radius infinity, and bisection goes on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import erf

from pinn.certificates.taylor import EPS, TINY, UP, Array, Taylor, hull
from pinn.certificates.univariate import ELEMENTARY, UNIVARIATE, Univariate

Parts = tuple[Sequence[Array], Sequence[Array], Array]  # values and errors of s_k/k!, bound of s_(n+1)/(n+1)!


def powers_of(f: Taylor) -> list[Taylor]:
    """q, q^2, …, q^n of q = f - c_0."""
    c = f.c.copy()
    c[0] = 0.0
    q = Taylor(f.space, c, f.e)
    found = [q]
    for _ in range(f.space.degree - 1):
        found.append(found[-1] * q)
    return found


def series(f: Taylor, powers: Sequence[Taylor], parts: Parts) -> Taylor:
    """sum_k a_k q^k with what stands for the rest."""
    values, errors, rest = parts
    degree = f.space.degree
    reach = f.spread
    c = np.zeros_like(f.c)
    e = np.zeros_like(f.e)
    size = np.zeros_like(f.e)
    c[0] = values[0]
    for k in range(1, degree + 1):
        power = powers[k - 1]
        c += values[k] * power.c
        height = np.abs(values[k])
        size = size + height * power.norm
        e = e + height * power.e
    for k in range(degree + 1):
        e = e + errors[k] * reach**k
    e = e + rest * reach ** (degree + 1) + (degree + 3) * EPS * (size + np.abs(values[0]))
    with np.errstate(invalid="ignore"):
        e = np.where(np.isfinite(e), e * UP + TINY, np.inf)
    return Taylor(f.space, np.where(np.isfinite(c), c, 0.0), e)


def activated(f: Taylor, function: Univariate, order: int) -> list[Taylor]:
    """[s(f), s_1(f), …, s_order(f)]."""
    degree = f.space.degree
    values, errors = function.at(f.c[0], degree + order)
    distance = np.nan_to_num(np.maximum(np.abs(f.c[0]) * (1 - 1e-11) - f.spread, 0.0), nan=0.0)
    powers = powers_of(f)
    found = []
    for n in range(order + 1):
        a = [values[n + k] / math.factorial(k) for k in range(degree + 1)]
        off = [errors[n + k] / math.factorial(k) + EPS * np.abs(a[k]) for k in range(degree + 1)]
        # degree + 1 >= 2: the bound is one of the orders that decay on both sides
        rest = function.bound(n + degree + 1, distance) / math.factorial(degree + 1) * UP
        found.append(series(f, powers, (a, off, rest)))
    return found


def rectified(f: Taylor, order: int, slope: float = 0.0) -> list[Taylor]:
    """max(f, slope f) and its gate; where the sign is open a chord, and a gate between slope and 1."""
    low, high = f.range()
    one = np.ones_like(low)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(low >= 0, 1.0, np.where(high <= 0, 0.0, high / (high - low)))
        # between the chord through both ends and the kink: max(f, 0) in share (f - low/2 … ), half the height at 0
        height = np.where((low < 0) & (high > 0), -low * high / (high - low), 0.0)
    share = np.clip(np.nan_to_num(share, nan=1.0), 0.0, 1.0)
    half = np.where(np.isfinite(height), height / 2, np.inf)
    bend = f.scaled(share) + np.where(np.isfinite(half), half, 0.0)
    # chord(f) = share f + height is at least max(f, 0), which is at least share f
    bend = bend.widened(half * (1 + 16 * EPS) + 8 * EPS * np.maximum(np.abs(low), np.abs(high)))
    value = bend.scaled(np.asarray(1 - slope)) + f.scaled(np.asarray(slope))
    middle = np.where(low > 0, 1.0, np.where(high < 0, slope, (1 + slope) / 2))
    gate = Taylor.constant(f.space, middle * one, np.where((low <= 0) & (high >= 0), (1 - slope) / 2, 0.0) + 4 * EPS)
    return [value, gate][: order + 1]


# ---- functions of expressions ---------------------------------------------------------------------------------------


def elementary(f: Taylor, parts: Callable[[Array, Array, Array, int], Parts]) -> Taylor:
    """A function by its parts at c_0, over [low, high], to a degree."""
    reach = f.spread
    with np.errstate(all="ignore"):
        low, high = f.c[0] - reach * UP - TINY, f.c[0] + reach * UP + TINY
        low, high = np.nextafter(low, -np.inf), np.nextafter(high, np.inf)
        values, errors, rest = parts(f.c[0], low, high, f.space.degree)
        bad = ~np.isfinite(rest)
        for value, error in zip(values, errors, strict=True):
            bad = bad | ~np.isfinite(value) | ~np.isfinite(error)
        values = [np.where(bad, 0.0, value) for value in values]
        errors = [np.where(bad, 0.0, error) for error in errors]
        found = series(f, powers_of(f), (values, errors, np.where(bad, 0.0, rest)))
    return Taylor(f.space, found.c, np.where(bad, np.inf, found.e))


def exponential_parts(z: Array, low: Array, high: Array, degree: int) -> Parts:
    value = np.exp(z)
    values = [value / math.factorial(k) for k in range(degree + 1)]
    return values, [(ELEMENTARY + 2) * EPS * v for v in values], np.exp(high) * (1 + 1e-12) / math.factorial(degree + 1)


def logarithm_parts(z: Array, low: Array, high: Array, degree: int) -> Parts:
    values = [np.log(z)] + [(-1) ** (k + 1) / (k * z**k) for k in range(1, degree + 1)]
    errors = [ELEMENTARY * EPS * np.abs(v) + (k + 4) * EPS * np.abs(v) for k, v in enumerate(values)]
    n = degree + 1
    rest = np.where(low > 0, (1 + 1e-12) / (n * np.maximum(low, 0.0) ** n), np.inf)
    return values, errors, rest


def power_parts(exponent: float) -> Callable[[Array, Array, Array, int], Parts]:
    """z^a for z > 0, or z != 0 where a is an integer: binomial(a, k) z^(a - k)."""
    whole = float(exponent).is_integer()

    def binomial(k: int) -> float:
        return math.prod((exponent - i) / (i + 1) for i in range(k))

    def parts(z: Array, low: Array, high: Array, degree: int) -> Parts:
        side = np.where(z < 0, -1.0, 1.0) if whole else np.ones_like(z)
        base = z * side
        near, far = (np.where(side > 0, low, -high), np.where(side > 0, high, -low))
        values = []
        for k in range(degree + 1):
            sign = side ** int((exponent - k) % 2) if whole else 1.0
            values.append(binomial(k) * base ** (exponent - k) * sign)
        errors = [(3 * k + 2 * ELEMENTARY + 4) * EPS * np.abs(v) for k, v in enumerate(values)]
        n = degree + 1
        end = np.where(near > 0, near, np.nan)
        rest = abs(binomial(n)) * np.maximum(end ** (exponent - n), far ** (exponent - n)) * (1 + 1e-12)
        return values, errors, rest

    return parts


def arctangent_parts(z: Array, low: Array, high: Array, degree: int) -> Parts:
    """The k-th coefficient is (-1)^(k-1) sin(k arccot z)/(k (1 + z^2)^(k/2)); arccot in (0, pi)."""
    angle = np.arctan2(np.ones_like(z), z)
    distance = np.where((low < 0) & (high > 0), 0.0, np.minimum(np.abs(low), np.abs(high)))
    values, errors = [np.arctan(z)], [ELEMENTARY * EPS * np.ones_like(z) * 2]
    for k in range(1, degree + 1):
        size = (1 + z * z) ** (-k / 2) / k
        values.append((-1) ** (k - 1) * np.sin(k * angle) * size)
        errors.append((6 * k + 2 * ELEMENTARY) * EPS * size * 2)
    n = degree + 1
    return values, errors, (1 + distance**2) ** (-n / 2) / n * (1 + 1e-12)


def error_function_parts(z: Array, low: Array, high: Array, degree: int) -> Parts:
    """erf' = 2/sqrt(pi) exp(-z^2), erf_(k+1) = (-1)^k H_k erf'; |H_k exp(-z^2/2)| <= 1.09 sqrt(2^k k!)."""
    hermite = [np.ones_like(z), 2 * z]
    off = [np.zeros_like(z), EPS * np.abs(z)]
    for k in range(1, degree):
        first, second = 2 * z * hermite[k], 2 * k * hermite[k - 1]
        hermite.append(first - second)
        off.append(2 * np.abs(z) * off[k] + 2 * k * off[k - 1] + 3 * EPS * (np.abs(first) + np.abs(second)))
    slope = 2 / math.sqrt(math.pi) * np.exp(-z * z)
    slack = (z * z + 2 * ELEMENTARY) * EPS
    values, errors = [erf(z)], [ELEMENTARY * EPS * np.ones_like(z)]
    for k in range(1, degree + 1):
        values.append((-1) ** (k - 1) * hermite[k - 1] * slope / math.factorial(k))
        errors.append(slope * (off[k - 1] + slack * 2 * np.abs(hermite[k - 1])) / math.factorial(k) * UP)
    rest = 2 / math.sqrt(math.pi) * 1.09 * math.sqrt(2.0**degree * math.factorial(degree)) / math.factorial(degree + 1)
    return values, errors, np.full_like(z, rest * UP)


def of_exponential(f: Taylor) -> Taylor:
    return elementary(f, exponential_parts)


def sine(f: Taylor) -> Taylor:
    return activated(f, UNIVARIATE["sin"], 0)[0]


def cosine(f: Taylor) -> Taylor:
    return activated(f, UNIVARIATE["sin"], 1)[1]


def power(f: Taylor, exponent: float) -> Taylor:
    if exponent == int(exponent) and 0 <= exponent <= 64:
        found = Taylor.constant(f.space, np.ones(f.shape))
        for _ in range(int(exponent)):
            found = found * f
        return found
    found = elementary(f, power_parts(exponent))
    if exponent < 0 or exponent == int(exponent):
        return found
    # a root whose argument may vanish: between that of the least and that of the largest, where there is one at all
    low, high = f.range()
    with np.errstate(invalid="ignore"):
        bottom = np.maximum(low, 0.0) ** exponent * (1 - 1e-12)
        top = np.maximum(high, 0.0) ** exponent * (1 + 1e-12) + TINY
    plain = ~np.isfinite(found.e) & np.isfinite(top)
    c, e = found.c.copy(), found.e.copy()
    c[:, plain] = 0.0
    c[0, plain] = (bottom + top)[plain] / 2
    e[plain] = (top - bottom)[plain] / 2 * UP + 2 * EPS * top[plain]
    return Taylor(f.space, c, e)


def absolute(f: Taylor) -> Taylor:
    """2 max(f, 0) - f."""
    return rectified(f, 0)[0] * 2.0 - f


def sign(f: Taylor) -> Taylor:
    low, high = f.range()
    middle = np.where(low > 0, 1.0, np.where(high < 0, -1.0, 0.0))
    return Taylor.constant(f.space, middle, np.where((low <= 0) & (high >= 0), 1.0, 0.0))


def less(f: Taylor, g: Taylor) -> Taylor:
    """1 where f < g, 0 elsewhere; between them where that is open."""
    low, high = (g - f).range()
    middle = np.where(low > 0, 1.0, np.where(high < 0, 0.0, 0.5))
    return Taylor.constant(f.space, middle, np.where((low <= 0) & (high >= 0), 0.5, 0.0))


def selected(condition: Taylor, yes: Taylor, no: Taylor) -> Taylor:
    """`yes` where the condition is more than 1/2, `no` where it is less; both where that is open."""
    low, high = condition.range()
    both = hull(yes, no)
    takes_yes, takes_no = low > 0.5, high < 0.5
    c = np.where(takes_yes, yes.c, np.where(takes_no, no.c, both.c))
    return Taylor(yes.space, c, np.where(takes_yes, yes.e, np.where(takes_no, no.e, both.e)))


def quotient_angle(y: Taylor, x: Taylor) -> Taylor:
    """atan2(y, x): on each half plane an arctangent; [-pi, pi] where the cut may be met."""
    low_x, high_x = x.range()
    low_y, high_y = y.range()
    zero = np.zeros(x.shape)

    def arctangent(f: Taylor) -> Taylor:
        return elementary(f, arctangent_parts)

    right = arctangent(y * power(x, -1))
    across = arctangent(x * power(y, -1))
    half = Taylor.constant(x.space, zero + math.pi / 2, EPS)
    above, below = half - across, -half - across
    steep = np.maximum(low_y, -high_y) > high_x  # nearer to the y axis than to the x axis
    use = [(low_x > 0) & ~steep, low_y > 0, high_y < 0, low_x > 0]
    models = (right, above, below, right)
    c = np.select([np.broadcast_to(u, right.c.shape) for u in use], [m.c for m in models], 0.0)
    return Taylor(x.space, c, np.select(use, [m.e for m in models], math.pi * UP))
