"""Profiles of a learned hardness: agreement of seeds, the pages that say so, the picture."""

from __future__ import annotations

import numpy as np
import pytest

from pinn.comparison.hardness_profile import agreement, sentences
from pinn.figures.hardness_figure import hardness_figure, hardness_of


def test_agreement_is_that_of_the_ranks():
    """Ranks 1 2 3 4 and 1 2 4 3: 1 - 6 * 2/(4 * 15) = 0.8."""
    found = agreement({0: [1.0, 1.1, 3.0, 9.0], 1: [1.2, 1.3, 1.5, 1.4], 2: [4.0, 3.0, 2.0, 1.0]})
    pairs = {tuple(pair["seeds"]): pair["spearman"] for pair in found["pairs"]}
    assert pairs == pytest.approx({(0, 1): 0.8, (0, 2): -1.0, (1, 2): -0.8})
    assert found["spearman"] == pytest.approx(-0.8)
    assert found["by_chance"] == pytest.approx(3**-0.5)
    text = "\n".join(sentences({"lambda_gelu": found}))
    assert "seed 1: 1.20, 1.30, 1.50, 1.40" in text
    assert "median -0.80 (-1.00 … +0.80 over 3 pairs); by chance 0 ± 0.58" in text


@pytest.mark.slow
def test_by_chance_is_the_spread_of_random_orders():
    random = np.random.default_rng(0)
    profiles = {seed: random.random(5).tolist() for seed in range(60)}
    found = agreement(profiles)
    values = [pair["spearman"] for pair in found["pairs"]]
    assert np.std(values) == pytest.approx(found["by_chance"], rel=0.05)


@pytest.mark.parametrize(
    ("profiles", "reason"),
    [
        ({}, "0 of at least 2 seeds"),
        ({0: [1.0, 2.0, 3.0]}, "1 of at least 2 seeds"),
        ({0: [1.0, 2.0], 1: [2.0, 1.0]}, "2 hidden layers; ranks mean something from 3 on"),
        ({0: [1.0, 2.0, 3.0], 1: [1.0, 1.0, 1.0]}, "hardness of seed 1 is the same in all layers"),
        ({0: [1.0, 2.0, 3.0], 1: [1.0, float("nan"), 1.0]}, "hardness of seed 1 is not finite"),
        ({0: [1.0, 2.0, 3.0], 1: [1.0, 2.0, 3.0, 4.0]}, "different numbers of hidden layers: 3, 4"),
    ],
)
def test_why_profiles_are_not_compared(profiles, reason):
    found = agreement(profiles)
    assert reason in found["reason"]
    assert "spearman" not in found
    assert reason in "\n".join(sentences({"lambda_gelu": found}))


def history(moves: bool = True, neurons: bool = False) -> list[dict]:
    rows: list[dict] = [{"stage": "cells", "seconds": 0.0, "hardness:0": 1.0}]  # no layers yet
    for index in range(20):
        row = {"stage": "adam", "seconds": 1.0 + index}
        for layer in range(3):
            row[f"hardness:{layer}"] = 2.0 + (0.1 * layer * index if moves else 0)
            if neurons:
                row |= {f"hardness:{layer}.min": 1.5, f"hardness:{layer}.max": 9.0}
        rows.append(row)
    return rows


@pytest.mark.slow
@pytest.mark.parametrize("neurons", [False, True])
def test_the_picture_has_curves_over_time_and_profiles_over_layers(neurons):
    figure = hardness_figure(history(neurons=neurons))
    assert figure is not None
    over_time, over_layers = figure.axes
    assert [text.get_text() for text in over_time.get_legend().get_texts()] == ["layer 0", "layer 1", "layer 2"]
    assert len(over_time.collections) == (3 if neurons else 0)  # bands
    first, *_, last = over_layers.get_lines()
    np.testing.assert_allclose(first.get_ydata(), [2, 2, 2])
    np.testing.assert_allclose(last.get_ydata(), [2, 3.9, 5.8])


def test_nothing_is_drawn_where_nothing_was_learned():
    assert hardness_figure([]) is None
    assert hardness_figure(history(moves=False)) is None
    assert hardness_of(history())[1].shape == (3, 20)
