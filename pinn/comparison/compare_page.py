"""comparison.md: what a comparison of activations found, as tables and sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pinn.comparison.energy_form import FINE, SAMPLED
from pinn.comparison.hardness_profile import sentences
from pinn.comparison.race import row

LONGEST_DENSITY = 300  # characters; of a solid with loads it has thousands

Summary = Mapping[str, Any]


def markdown(summary: Summary) -> str:
    """The page, from what comparison.json holds."""
    sections = [activations(summary), energy_form(summary), *([walk(summary)] if "hardness" in summary else [])]
    return "\n".join(line for section in sections for line in [*section, ""]).rstrip("\n") + "\n"


def activations(summary: Summary) -> list[str]:
    quantity = summary["quantity"]
    header = ["activation", error_header(quantity), "held-out residual", "seconds", "ended by"]
    header += ["order: has / needs", "rank", "Jacobian, highest order", "equations' share of gradient"]
    header += ["residual floor", "jets against differences"]
    return [
        f"# Activations: {summary['problem']}",
        "",
        f"Made by `pinn compare`, solver: {summary['solver']}. Medians over the seeds; errors are relative L2.",
        "",
        row(header),
        row(["---"] * len(header)),
        *(row([name, *cells(entry, quantity)]) for name, entry in summary["activations"].items()),
        "",
        "Rank, Jacobian and share of gradient are those of an untrained network of two layers of 32; the floor is",
        "|residual| / |source| after training, 1 where the equations have taught nothing.",
        "",
        *(f"- **{name}**: {entry['verdict']}" for name, entry in summary["activations"].items()),
        *(sentences(summary["hardness_over_seeds"]) if "hardness_over_seeds" in summary else ()),
    ]


def energy_form(summary: Summary) -> list[str]:
    """How far the slope of the energy that autograd reports is from the slope of the energy."""
    entries = {name: (entry["curvature"] or {}).get("energy_form") for name, entry in summary["activations"].items()}
    known = {name: found for name, found in entries.items() if found}
    lines = ["## Energy form", ""]
    if not known:
        return [*lines, "No energy is known whose Euler-Lagrange equations these are."]
    density = next(iter(known.values()))["density"]
    shown = f": `{density}`" if len(density) <= LONGEST_DENSITY else ""
    return [
        *lines,
        f"The equations are the Euler-Lagrange equations of an energy density of half their order{shown}.",
        "Gap: how far the slopes of the energy along directions in the hidden weights, by autograd, are from those by",
        f"finite differences of the energy on the same {FINE} points; sampled: autograd on {SAMPLED} points only.",
        "",
        row(["activation", "rank", "gap", "gap, sampled"]),
        row(["---"] * 4),
        *(
            row(
                [
                    name,
                    f"{found['jacobian_rank']:g} of {found['jacobian_rows']:g}",
                    power(found["gradient_gap"]),
                    power(found["gradient_gap_sampled"]),
                ]
            )
            for name, found in known.items()
        ),
    ]


def walk(summary: Summary) -> list[str]:
    """The steps from GELU to ReLU."""
    quantity = summary["quantity"]
    header = ["hardness", error_header(quantity), "held-out residual", "residual variance"]
    header += ["mean of f''²", "p(0) · 0.7758 λ", "energy gap, sampled"]
    lines = ["## From GELU to ReLU", "", row(header), row(["---"] * len(header))]
    for entry in summary["hardness"]:
        found = entry["curvature"] or {}
        figures = [found.get(key) for key in ("residual_variance", "gate_curvature", "gate_curvature_predicted")]
        figures.append((found.get("energy_form") or {}).get("gradient_gap_sampled"))
        lines.append(row([f"{entry['hardness']:g}", *cells(entry, quantity)[:2], *map(power, figures)]))
    return lines


def error_header(quantity: str | None) -> str:
    return f"error of {quantity} (smallest – largest)" if quantity else "error"


def cells(entry: Mapping[str, Any], quantity: str | None) -> list[str]:
    """One activation's line, without its name."""
    found = entry["curvature"]
    if not found:
        return ["—", "—", "—", "; ".join(entry["messages"]) or "no result", *["—"] * 6]
    low, high = entry["spread"].get(quantity, (None, None))
    has = found["smoothness_order"]
    top = found["jacobian_norm_by_order"].get(str(found["required_order"]))
    return [
        f"{power(entry['relative_l2'].get(quantity))} ({power(low)} – {power(high)})",
        power(entry["heldout_residual"]),
        f"{entry['seconds']:.1f}",
        ", ".join([*dict.fromkeys(entry["stop_reasons"]), *entry["messages"]]),
        f"{'∞' if has is None or has == math.inf else f'{has:g}'} / {found['required_order']}",
        f"{found['jacobian_rank']:g} of {found['jacobian_rows']:g}",
        "0" if top == 0 else power(top),
        power(found["equation_gradient_share"]),
        power(found["residual_floor"]),
        power(found["curvature_mismatch"]),
    ]


def power(value: float | None) -> str:
    return "—" if value is None else f"{value:.1e}"
