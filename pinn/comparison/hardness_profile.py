"""The layerwise profile of a learned hardness, and whether seeds agree on it.

Two profiles agree where they put the layers in the same order: Spearman's rank correlation of lambda over the layers,
1 for the same order, -1 for the reverse. Where nothing but chance orders L layers it is 0 on average, with a standard
deviation of 1/sqrt(L - 1). Neurons have no order that seeds share, so the profile of neurons is their layers' means.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

FEWEST_SEEDS, FEWEST_LAYERS = 2, 3
SAME = 1e-9  # spread of a profile that has no order, relative to lambda


def agreement(profiles: Mapping[int, Sequence[float]]) -> dict[str, Any]:
    """Of the final profiles, seed -> lambda of each layer: their correlations, or why there are none."""
    found: dict[str, Any] = {"profiles": {str(seed): list(profile) for seed, profile in profiles.items()}}
    if reason := obstacle(profiles):
        return {**found, "reason": reason}
    pairs = [
        {"seeds": [a, b], "spearman": rank_correlation(profiles[a], profiles[b])} for a, b in combinations(profiles, 2)
    ]
    layers = len(next(iter(profiles.values())))
    median = statistics.median(pair["spearman"] for pair in pairs)
    return {**found, "pairs": pairs, "spearman": median, "by_chance": 1 / math.sqrt(layers - 1)}


def obstacle(profiles: Mapping[int, Sequence[float]]) -> str | None:
    """Why the profiles cannot be compared."""
    if len(profiles) < FEWEST_SEEDS:
        return f"{len(profiles)} of at least {FEWEST_SEEDS} seeds left a network with a trained hardness"
    layers = {len(profile) for profile in profiles.values()}
    if len(layers) > 1:
        return f"the networks have different numbers of hidden layers: {', '.join(map(str, sorted(layers)))}"
    if (count := layers.pop()) < FEWEST_LAYERS:
        return f"{count} hidden layers; ranks mean something from {FEWEST_LAYERS} on"
    for seed, profile in profiles.items():
        if not np.isfinite(profile).all():
            return f"the hardness of seed {seed} is not finite"
        if np.ptp(profile) <= SAME * abs(profile[0]):
            return f"the hardness of seed {seed} is the same in all layers"
    return None


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's; ties share their mean rank."""
    from scipy.stats import spearmanr

    return float(np.asarray(spearmanr(first, second))[0])


def sentences(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The section of comparison.md, a line for each activation."""
    lines = ["", "## The learned hardness over the seeds", ""]
    for name, entry in found.items():
        profiles = [f"seed {seed}: {', '.join(f'{value:.2f}' for value in p)}" for seed, p in entry["profiles"].items()]
        lines.append(f"- **{name}**, λ of each layer: {'; '.join(profiles) or 'none'}")
        if "reason" in entry:
            lines.append(f"  - order of the layers not compared: {entry['reason']}")
            continue
        values = [pair["spearman"] for pair in entry["pairs"]]
        spread = f"{min(values):+.2f} … {max(values):+.2f} over {len(values)} pairs"
        lines.append(
            f"  - rank correlation of pairs of seeds (Spearman): median {entry['spearman']:+.2f} ({spread});"
            f" by chance 0 ± {entry['by_chance']:.2f}"
        )
    return lines
