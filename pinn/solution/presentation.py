"""What a solution shows of itself: a line in a terminal, a page in a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from pinn.problem.problem import listed
from pinn.solution.report import report
from pinn.solution.verdict import Verdict

if TYPE_CHECKING:
    from pinn.solution.solution import Solution


def line(solution: Solution) -> str:
    """Its problem, the verdict in words, and what it can be asked for."""
    verdict = solution.metrics.get("verdict")
    worth = Verdict(verdict).sentence if verdict in [*Verdict] else "not judged"
    return f"<Solution of {solution.problem.name}: {worth}; {listed(solution.problem.quantities)}>"


def page(solution: Solution) -> str:
    """HTML: the report of a run."""
    return f"<pre>{escape(report(solution) if 'verdict' in solution.metrics else line(solution))}</pre>"
