"""Orders of a system: the weights that say which terms of coupled equations are of one kind.

Integers s_e for equations and t_f for fields such that a derivative of f in e has at most the order s_e - t_f, with the
least sum of s - t: the terms of just that order are the principal part. Elasticity has s = 2, t = 0; Stokes' flow has
s = 2 for momentum, 1 for mass, t = 0 for velocities, 1 for the pressure.
The least sum is that of the terms of highest order of an assignment of equations to fields; weights that go with it are
found from t = 0 by s_e = max (order + t), t_f = s - order for the equation assigned to f, and are the smallest t.
Sources: Agmon, Douglis & Nirenberg, Comm. Pure Appl. Math. 17 (1964) 35, § 1; Pryce, BIT 41 (2001), 364, § 2 (the same
problem for equations of differential and algebraic kind).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching


def system_orders(highest: NDArray[np.int64]) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """(s [E], t [F]) from the highest order [E, F] of each field in each equation, -1 where it does not occur.

    None where there are not as many equations as fields, or some of them say nothing of any field of their own.
    """
    equations, fields = highest.shape
    if equations != fields:
        return None
    occurs = highest >= 0
    rows, columns = np.nonzero(occurs)
    try:  # an order of 0 is an entry as well
        graph = csr_array((highest[occurs] + 1.0, (rows, columns)), shape=highest.shape)
        own, assigned = min_weight_full_bipartite_matching(graph, maximize=True)
    except ValueError:  # no equation can be given to each field
        return None
    weights = np.zeros(fields, dtype=int)
    for _ in range(fields * int(highest[occurs].sum()) + 1):  # each pass raises one, none above the sum of all orders
        found = np.where(occurs, highest + weights, -1).max(axis=1)
        raised = np.zeros(fields, dtype=int)
        raised[assigned] = found[own] - highest[own, assigned]
        if (raised == weights).all():
            return tuple(found.tolist()), tuple(weights.tolist())
        weights = raised
    raise AssertionError("an assignment of most order has weights")
