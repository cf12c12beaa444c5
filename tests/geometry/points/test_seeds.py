"""Seeds by names and counters."""

from __future__ import annotations

from itertools import product

from pinn.geometry.points.seeds import seed_of


def test_a_seed_is_the_same_in_every_process():
    assert seed_of(7, "gauss_newton", 3) == 13_770_266_847_420_576_040


def test_no_two_draws_share_a_seed():
    stages = ("least_squares", "cells", "slices", "ritz", "gauss_newton", "adam", "lbfgs", "held-out")
    keys = [*product(stages, range(20), range(5)), *product(stages, range(20)), *product(stages)]
    seeds = [seed_of(root, *key) for root in (0, 1, 2**32 - 1) for key in keys]
    nested = [seed_of(seed, number) for seed in seeds[:500] for number in range(5)]
    assert len({*seeds, *nested}) == len(seeds) + len(nested)
    assert all(0 <= seed < 2**64 for seed in seeds)
