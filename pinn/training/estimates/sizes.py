"""Sizes: what an output of the network, and so a component of a vector that vanishes, is measured against."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pinn.problem.problem import Problem

# Below this share of its vector, or of the magnitude that the equations give a field, a component is measured against
# the whole: the error of a component that vanishes is no relative error of its own.
SMALLEST_SHARE = 1e-3


def output_sizes(problem: Problem, found: Mapping[str, float]) -> dict[str, float]:
    """Output -> its size where it has one, else a share of its vector's or of its own magnitude.

    found   output -> root mean square
    """
    sizes = {name: max(size, SMALLEST_SHARE * problem.scaling.fields[name]) for name, size in found.items()}
    for subdomain in problem.subdomains:
        for components in problem.vectors.values():
            outputs = [subdomain.output(name) for name in components if name in problem.fields]
            whole = math.hypot(*(found[output] for output in outputs)) if outputs else 0.0
            for output in outputs:
                sizes[output] = max(sizes[output], SMALLEST_SHARE * whole)
    return sizes
