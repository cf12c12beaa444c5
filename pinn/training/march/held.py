"""What conditions hold by themselves: the directions of the coefficients that boundary data decide alone.

Conditions that are linear, without derivatives in time and with coefficients that do not change with it, are S c = g(t)
for the coefficients c [F n] at any instant. With S = P diag(sigma) V^T, the directions of V with sigma > DECIDED follow
from the data at once; least squares look for the others, which miss the conditions by less than DECIDED of their own
size and meet them in the least-squares sense. A march on all directions together is unstable on short slabs: what
misses the conditions by a little is fed from slab to slab, and grows.
Source: Golub & Van Loan, Matrix Computations, 4th ed., § 6.2.3 (least squares with equality constraints).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from pinn.equations.compiler.compile import CompiledExpression
from pinn.problem.problem import Problem
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import symbol
from pinn.training.march.rows import Rows, order_in_time

DECIDED = 1e-3


class Held:
    """P/sigma [R, k] and V [F n, k] of the directions that are decided, and the others [F n, F n - k]."""

    def __init__(self, problem: Problem, rows: Sequence[Rows], fields: int, functions: int):
        self.problem = problem
        self.of = [(one, number) for one in rows for number, s in enumerate(one.statements) if is_held(s)]
        like = rows[0].scale
        matrix = torch.cat([like.new_zeros(0, fields * functions), *(self.block(*one, fields) for one in self.of)])
        left, sizes, right = torch.linalg.svd(matrix, full_matrices=True)
        count = int((sizes > DECIDED).sum())
        self.inverse = left[:, :count] / sizes[:count]
        self.decided, self.others = right[:count].T, right[count:].T

    def factor(self, rows: Rows, number: int) -> float:
        """What makes a statement's residual one without units, in the mean over its points."""
        return 1 / (self.problem.scaling.statements[rows.indices[number]] * len(rows.points) ** 0.5)

    def block(self, rows: Rows, number: int, fields: int) -> Tensor:
        """S of one statement."""
        time = rows.scale.new_zeros(1)
        nothing = rows.scale.new_zeros(1, 1, fields, rows.functions.count)
        found = rows.scale.new_zeros(len(rows.points), fields, rows.functions.count)
        for d, slope in rows.slopes(nothing, time)[number].items():
            if (block := rows.on_functions(slope, d)) is not None:
                found[:, rows.field_of[d]] += block[0]
        return self.factor(rows, number) * found.flatten(1)

    def projected(self, nodes: Tensor, times: Tensor) -> Tensor:
        """The values at the nodes [s, F, n] with what the data at these instants decide."""
        if not self.of:
            return nodes
        missed = torch.cat(
            [self.factor(rows, number) * rows.residuals(nodes[None], times)[number] for rows, number in self.of], dim=1
        )
        return nodes - (missed @ self.inverse @ self.decided.T).reshape(nodes.shape)


def is_held(statement) -> bool:
    """Whether a condition decides directions of the coefficients at every instant by itself."""
    expression: CompiledExpression = statement.expression
    if statement.is_equation or not expression.is_linear or any(order_in_time(d) for d in expression.derivatives):
        return False
    return not any(symbol("t") in symbols_with_closed(expression, one) for one in expression.coefficients.values())


def symbols_with_closed(expression: CompiledExpression, coefficient) -> set:
    """Symbols of a coefficient, those behind closed forms included."""
    found = set(symbols_of(coefficient))
    for s in [*found]:
        if s in expression.closed:
            found |= symbols_of(expression.closed[s])
    return found
