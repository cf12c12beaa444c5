"""What to say where a state leaves the range in which its equations mean anything."""

from __future__ import annotations

from pinn.problem.first_guess import stated_guess
from pinn.problem.problem import Problem


def remark(problem: Problem) -> str:
    """A clause for the message of a Divergence: the range that the physics states, or another start."""
    if not problem.positive and not problem.is_linear and not stated_guess(problem):
        return f"; state where to start from, such as fields: {{{problem.fields[0]}: {{initial: 1}}}}"
    if not problem.positive:
        return ""
    names, solver = " and ".join(problem.positive), problem.spec.solver
    steps = f"more load_steps than {solver.load_steps}" if solver.load_steps else "load_steps: 10 with load: CONSTANT"
    return f"; {names} must stay positive: apply the load in steps (solver: {steps}), or lower it"
