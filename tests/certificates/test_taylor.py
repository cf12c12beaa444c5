import numpy as np
import pytest

from pinn.certificates.taylor import Taylor, algebra, hull

SPACE = algebra(2, 4)
ROUNDING = 1e-14  # of the sums of these tests, whose terms are of the size one; what is tested rounds outward itself


def model(seed: int, count: int = 6) -> Taylor:
    rng = np.random.default_rng(seed)
    return Taylor(SPACE, rng.normal(size=(len(SPACE), count)) * 0.5 ** SPACE.degrees[:, None], 0.01 * rng.random(count))


def at(f: Taylor, t: np.ndarray, shift: float) -> np.ndarray:
    """A function that the model holds, at t [n, 2]: its polynomial moved by a share of the radius, [n, count]."""
    monomials = np.prod(t[:, None, :] ** f.space.exponents, axis=2)
    return monomials @ f.c + shift * f.e


POINTS = np.vstack([np.random.default_rng(0).uniform(-1, 1, (400, 2)), [[1, 1], [-1, 1], [0, 0], [1, 0]]])


@pytest.mark.parametrize("shift", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_sums_and_products_hold_what_they_are_of(seed, shift):
    f, g = model(seed), model(seed + 10)
    u, v = at(f, POINTS, shift), at(g, POINTS, -shift)
    for found, true in ((f + g, u + v), (f - g, u - v), (f * g, u * v), (f * 3.7, 3.7 * u), (2.5 - f, 2.5 - u)):
        assert (np.abs(at(found, POINTS, 0.0) - true) <= found.e + ROUNDING).all()
        low, high = found.range()
        assert (low <= true.min(axis=0) + ROUNDING).all()
        assert (true.max(axis=0) <= high + ROUNDING).all()


def test_the_radius_of_a_product_is_not_larger_than_what_it_holds_by_much():
    f, g = model(1), model(2)
    found = f * g
    beyond = np.abs(at(f, POINTS, 0) * at(g, POINTS, 0) - at(found, POINTS, 0)).max(axis=0)
    assert (found.e <= 30 * beyond).all()


def test_a_layer_holds_what_it_makes():
    f, rng = model(3), np.random.default_rng(5)
    weight, bias = rng.normal(size=(4, 6)), rng.normal(size=4)
    found = f.mapped(weight, bias)
    for shift in (-1.0, 1.0):
        true = at(f, POINTS, shift) @ weight.T + bias
        assert (np.abs(at(found, POINTS, 0.0) - true) <= found.e + ROUNDING).all()


@pytest.mark.slow
def test_the_mean_of_a_square_is_no_less_than_the_true_one():
    f = model(4)
    true = np.mean(at(f, np.random.default_rng(1).uniform(-1, 1, (200_000, 2)), 0.0) ** 2, axis=0)
    assert (f.mean_square() >= true * 0.995).all()
    assert (f.mean_square() <= (np.sqrt(true) + 2 * f.e) ** 2 * 1.01).all()


def test_a_hull_holds_both():
    f, g = model(6), model(7)
    both = hull(f, g)
    for part in (f, g):
        for shift in (-1.0, 1.0):
            assert (np.abs(at(both, POINTS, 0.0) - at(part, POINTS, shift)) <= both.e + 1e-15).all()


def test_even_monomials_reach_down_to_zero_only():
    square = Taylor(algebra(1, 2), np.array([[0.0], [0.0], [1.0]]), np.array([0.0]))
    low, high = square.range()
    assert -1e-14 < low[0] <= 0
    assert 1 <= high[0] < 1 + 1e-14
