"""pinn: partial differential equations solved with smooth physics-informed neural networks.

problem = pinn.load("problems/elasticity/plate_with_hole.yaml")
solution = pinn.solve(problem)
solution(points)["stress_xx"]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pinn.errors import Divergence, ResourceError, SpecError

if TYPE_CHECKING:
    from pinn.problem.loading import load
    from pinn.problem.pieces import problem, shapes
    from pinn.problem.problem import Problem
    from pinn.solution.solution import Solution
    from pinn.solution.solving import solve
    from pinn.spec.stating import table

__version__ = "0.2.0"
__all__ = [
    "Divergence",
    "Problem",
    "ResourceError",
    "Solution",
    "SpecError",
    "__version__",
    "load",
    "problem",
    "shapes",
    "solve",
    "table",
]

_HOME = {
    "Problem": "pinn.problem.problem",
    "load": "pinn.problem.loading",
    "Solution": "pinn.solution.solution",
    "solve": "pinn.solution.solving",
    "problem": "pinn.problem.pieces",
    "shapes": "pinn.problem.pieces",
    "table": "pinn.spec.stating",
}


def __getattr__(name: str) -> Any:
    """Import torch and sympy only when something that needs them is asked for, so that `pinn --help` is quick."""
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'pinn' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
