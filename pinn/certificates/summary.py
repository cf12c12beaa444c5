"""A certificate in words and a table."""

from __future__ import annotations

from pinn.certificates.certify import Certificate
from pinn.certificates.theorem import Theorem

SHOWN_KINDS = ("range", "residual")


def summary(certificate: Certificate, theorem: Theorem) -> str:
    """Ranges and slopes of quantities, residuals, what is proved of the error, what is not certified."""
    lines = [("quantity", "at least", "at most", "gap", "slope at most")]
    problem = certificate.solution.problem
    kinds = {subject.name: subject.kind for part in certificate.parts for subject in part.subjects}
    for name in (name for name, kind in kinds.items() if kind == "range" and name not in certificate.missing):
        bound = certificate.bound_of(name)
        slope = certificate.lipschitz(name) if name in problem.quantities else None
        lines.append(
            (
                name,
                f"{bound.lower:.6g}",
                f"{bound.upper:.6g}",
                f"{bound.gap:.1%}",
                "" if slope is None else f"{slope:.6g}",
            )
        )
    residuals = [("residual", "at most", "L2 norm at most", "gap", "")]
    for name in (name for name, kind in kinds.items() if kind == "residual" and name not in certificate.missing):
        bound = certificate.bound_of(name)
        residuals.append((name, f"{bound.largest:.3e}", f"{certificate.l2_of(name):.3e}", f"{bound.gap:.1%}", ""))
    text = [*table(lines), "", *table(residuals), "", *sentences(theorem)]
    text += [f"not certified: {line}" for line in certificate.left]
    return "\n".join(line.rstrip() for line in text)


def sentences(theorem: Theorem) -> list[str]:
    if theorem.refused:
        return [f"nothing is proved of the error: {theorem.refused}"]
    found = [f"proved: the error of {theorem.of} is at most {theorem.maximum:.3e} everywhere (maximum principle)"]
    if theorem.energy is not None:
        found.append(f"proved: its energy norm is at most {theorem.energy:.3e} (Friedrichs)")
    else:
        found.append(f"nothing is proved of its energy norm: {theorem.energy_refused}")
    return found


def table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return [lines[0], "  ".join("-" * w for w in widths), *lines[1:]]
