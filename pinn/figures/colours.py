"""How values become colours: linear scales, sequential or diverging, and logarithmic ones that no corner blackens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.colors import Colormap, LogNorm, Normalize

from pinn.export.sampling.grid import Array

# Decades below the largest value that a logarithmic map resolves at least; what is smaller takes the darkest colour.
DECADES = 5
FEW, MOST_FEW = 12, 0.02  # points that may be singular ones, and the share of all that they are at most
FAR_BEYOND = 100.0  # the largest magnitude over that of the middle 99.8 %: colours that reached it would show it alone


@dataclass(frozen=True)
class Scale:
    """How values become colours."""

    norm: Normalize
    colours: str | Colormap
    extend: str = "neither"


def linear_scale(values: Sequence[Array], least: float = 0.001) -> Scale:
    """Sequential colours, or diverging ones centred at zero when both signs matter.

    Where a dozen points, or a share `least` of all, lie far beyond all others (at singular corners, around loads at
    points), the colours stop there and the colour bar gets an arrow, since otherwise the picture is one flat colour.

    least   the share of all that are left to singular points in fine pictures
    """
    finite = np.concatenate([np.empty(0), *(part[np.isfinite(part)] for part in values)])
    if not len(finite):
        return Scale(Normalize(0, 1), "viridis")
    low, high = float(finite.min()), float(finite.max())
    few = min(max(FEW / len(finite), least), MOST_FEW)
    inner_low, inner_high = (float(bound) for bound in np.quantile(finite, [few, 1 - few]))
    spread = inner_high - inner_low
    cut_low, cut_high = inner_low - low > 2 * spread > 0, high - inner_high > 2 * spread > 0
    low, high = inner_low if cut_low else low, inner_high if cut_high else high
    extend = {(True, True): "both", (True, False): "min", (False, True): "max"}.get((cut_low, cut_high), "neither")
    if high - low <= 1e-12 * max(abs(low), abs(high)):  # constant up to rounding: do not stretch the rounding
        middle = (low + high) / 2
        margin = abs(middle) / 10 or 1.0
        return Scale(Normalize(middle - margin, middle + margin), "viridis")
    if low < 0 < high and min(-low, high) > 0.05 * max(-low, high):
        bound = max(-low, high)
        return Scale(Normalize(-bound, bound), "RdBu_r", extend)
    return Scale(Normalize(low, high), "viridis", extend)


def log_scale(values: Sequence[Array]) -> Scale:
    """Logarithmic colours from the largest magnitude down through DECADES, or on to a tenth of the median.

    Where a few points lie decades beyond the middle 99.8 % (a residual at a singular corner), the colours stop there.
    """
    finite = np.concatenate([np.empty(0), *(np.abs(part[np.isfinite(part)]) for part in values)])
    largest = float(finite.max()) if len(finite) and finite.max() > 0 else 1e-16
    inner = float(np.quantile(finite, 0.998)) if len(finite) else 0.0
    cut = 0 < inner < largest / FAR_BEYOND
    largest = inner if cut else largest
    low, median = np.quantile(finite, [0.01, 0.5]).tolist() if len(finite) else (0.0, 0.0)
    smallest = max(low, min(largest * 10.0**-DECADES, median / 10) or largest * 10.0**-DECADES)
    # at least two decades, so that the colour bar has ticks
    return Scale(LogNorm(min(smallest, largest * 1e-2), largest), "magma", "both" if cut else "min")
