"""Standard deviation of fields that are identified from noisy data, pointwise.

A least-squares solution is c = A^+ b in the weights c of its output layer (and the unknown constants), A the rows of
all statements linearised there. Noise of the data rows D passes into a quantity q = J c at a point as

    variance(q) = J C J^T,        C = A_D^+ diag(noise^2) A_D^+^T

With equations that weigh much more than data, C is the Gauss-Newton covariance of the output layer under the equations.
It holds the hidden layers as they are: it says how far another measurement would have moved the fields, not what
features that are too few or too smooth cannot show (where these decide, errors are several times as large), and not
what training of hidden layers adds.
Source: Björck, Numerical Methods for Least Squares Problems, § 1.1.3.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from pinn.derivatives.jets import plan_jets
from pinn.domain.point_set import PointSet
from pinn.equations.compiler.compile import Derivative
from pinn.problem.problem import Problem
from pinn.training.output_layer.damped_qr import damped_qr
from pinn.training.residuals.linearisation import LinearisedStatement
from pinn.training.residuals.model import Model
from pinn.training.uncertainty.standard_deviation import LinearisedProblem


def has_deviations(problem: Problem, model: Model) -> bool:
    """Whether data have noise, stated or to be estimated, and the fields have one output layer."""
    noisy = any(statement.noise is not None for statement in problem.statements)
    return noisy and model.network.one_output_layer and len(problem.subdomains) == 1


class FieldSpread:
    """What the noise of the data makes of the fields of a solution.

    factor   [P, K] of the covariance C = factor factor^T of output layer and unknowns, K noisy values
    """

    def __init__(self, problem: Problem, model: Model, heldout: float, seed: int = 0):
        self.problem = problem
        self.model = model = copy.deepcopy(model).double()
        system = LinearisedProblem(problem, model, heldout, seed, basis=model)
        measured = [index for index, statement in enumerate(problem.statements) if statement.values is not None]
        spread, _, _ = system.noise(measured)
        found = damped_qr(system.matrix)
        noisy = torch.nonzero(spread).flatten()
        self.factor = found.solved(found.orthogonal[noisy].T * spread[noisy]).to(model.network.field_scale)

    def at(self, points: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
        """Standard deviation of quantities at points [N, D]: name -> [N]."""
        problem, model, points = self.problem, self.model, points.double()
        compiled = {name: problem.compiled(name) for name in names}
        wanted = tuple(sorted({d for expression in compiled.values() for d in expression.derivatives}))
        plan = plan_jets([d.partial for d in wanted], len(problem.axes), problem.space)
        found = {}
        with torch.no_grad():
            hidden = model.mlp.hidden_jets(points, plan)
            jets = model.jets(points, plan, wanted)
            inputs = PointSet(points).inputs(problem.axes, model.unknowns)
            for name, expression in compiled.items():
                slopes = {
                    key: torch.as_tensor(slope).to(points).expand(len(points))
                    for key, slope in expression.linearise(inputs, jets).items()
                }
                terms = LinearisedStatement(
                    {key: slope for key, slope in slopes.items() if isinstance(key, Derivative)},
                    {key: slope * model.units[key] for key, slope in slopes.items() if isinstance(key, str)},
                    points.new_zeros(len(points)),
                )
                found[name] = (terms.on_output_layer(model, plan, hidden) @ self.factor).norm(dim=1)
        return found
