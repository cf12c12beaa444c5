"""Orders of a system: the weights that say which terms of coupled equations are of one kind.

Integers s_e for equations and t_f for fields such that a derivative of f in e has at most the order s_e - t_f, with the
least sum of s - t: the terms of just that order are the principal part. Elasticity has s = 2, t = 0; Stokes' flow has
s = 2 for momentum, 1 for mass, t = 0 for velocities, 1 for the pressure.
Source: Agmon, Douglis & Nirenberg, Comm. Pure Appl. Math. 17 (1964) 35, § 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

PREFER_LOW = 1e-3  # the share of sum t in what is minimised: fields that nothing couples keep t = 0


def system_orders(highest: NDArray[np.int64]) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """(s [E], t [F]) from the highest order [E, F] of each field in each equation, -1 where it does not occur.

    None where there are not as many equations as fields, or some of them say nothing of any field of their own.
    """
    equations, fields = highest.shape
    if equations != fields:
        return None
    rows, limits = [], []
    for e, f in np.argwhere(highest >= 0):
        row = np.zeros(equations + fields)
        row[e], row[equations + f] = -1.0, 1.0
        rows.append(row)
        limits.append(-float(highest[e, f]))
    if not rows:
        return None
    cost = np.concatenate([np.ones(equations), np.full(fields, -1 + PREFER_LOW)])
    bounds = [(None, None)] * equations + [(0, None)] * fields
    found = linprog(cost, A_ub=np.array(rows), b_ub=limits, bounds=bounds)
    if found.status != 0:  # unbounded: no equation can be given to each field
        return None
    numbers = np.rint(found.x).astype(int)
    return tuple(numbers[:equations].tolist()), tuple(numbers[equations:].tolist())
