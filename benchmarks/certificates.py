"""What is proved of the error of solutions, beside the error; written to results/benchmarks/certificates.md.

    python -m benchmarks.certificates

Seconds are processor time of one thread. The error is the largest at 20,000 points; the gap that of the residual's
largest value: what its bound is beyond values that are reached.
"""

from __future__ import annotations

from pathlib import Path
from time import process_time

import numpy as np

import pinn
from pinn.certificates.certify import Certificate, Options, certify
from pinn.certificates.theorem import proved

RESULT = Path(__file__).resolve().parent.parent / "results" / "benchmarks" / "certificates.md"
POINTS = 20_000
HARD = {"network": {"constraints": "hard"}}
CASES = [
    ("heat/poisson_2d", "Poisson, one hidden layer of 400 GELU", {}),
    ("heat/poisson_2d", "the same, boundary values by construction", HARD),
    ("heat/poisson_2d", "the same, tanh", {"network": {"constraints": "hard", "activation": "tanh"}}),
    ("heat/heat_1d", "heat conduction in time", {}),
    ("elasticity/manufactured_plate", "plane elasticity, 500 GELU", {}),
]


def main() -> None:
    rows = []
    for name, words, overrides in CASES:
        begun = process_time()
        solution = pinn.solve(pinn.load(name, **overrides), progress=False)
        solved = process_time() - begun
        certificate = certify(solution, Options(boxes=1000))
        rows.append(row(words, solution, certificate, solved, process_time() - begun - solved))
        print(rows[-1], flush=True)
    head = (
        "problem | solve [s] | certify [s] | boxes | residual at most | gap | L2 norm at most | error | proved"
        " | energy norm, proved"
    )
    lines = [f"| {head} |", "|" + "---|" * len(head.split("|"))]
    text = "# What is proved of solutions\n\n" + (__doc__ or "").split("\n\n")[2].replace("\n", " ") + "\n"
    RESULT.write_text("\n".join([text, *lines, *(f"| {' | '.join(r)} |" for r in rows)]) + "\n", encoding="utf-8")


def row(words: str, solution: pinn.Solution, certificate: Certificate, solved: float, spent: float) -> list[str]:
    theorem = proved(certificate)
    names = [s.name for s in solution.problem.statements if s.is_equation]
    worst = max((certificate.bound_of(name) for name in names), key=lambda bound: bound.largest)
    points = solution.problem.heldout_points(POINTS, 7)
    exact, found = solution.exact(points), solution(points)
    error = max(float(np.abs(found[name] - exact[name]).max()) for name in solution.problem.fields)
    return [
        words,
        f"{solved:.1f}",
        f"{spent:.1f}",
        str(sum(part.found.boxes for part in certificate.parts)),
        f"{worst.largest:.2e}",
        f"{worst.gap:.0%}",
        f"{max(certificate.l2_of(name) for name in names):.2e}",
        f"{error:.1e}",
        f"nothing: {theorem.refused}" if theorem.maximum is None else f"{theorem.maximum:.2e}",
        "" if theorem.energy is None else f"{theorem.energy:.2e}",
    ]


if __name__ == "__main__":
    main()
