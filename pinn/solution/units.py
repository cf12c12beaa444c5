"""Units in metrics.json: of quantities, probes, balances, stress intensities and modes, where the spec has some."""

from __future__ import annotations

from typing import Any

from pinn.problem.problem import Problem


def with_units(problem: Problem, content: dict[str, Any]) -> dict[str, Any]:
    """The content of metrics.json with a `unit` for each number that has a known one; unchanged without units."""
    labels = problem.unit_labels
    if labels.known is None:
        return content
    units = labels.quantities | {name: unit for name in content.get("unknowns", {}) if (unit := labels.of(name))}
    if problem.eigen is not None and labels.eigenvalue:
        units |= {"eigenvalue": labels.eigenvalue, "frequency": labels.frequency}
    for name, probe in content.get("probes", {}).items():
        put(probe, "unit", labels.probe(name))
    for name, measured in content.get("data", {}).items():
        put(measured, "unit", labels.of(name.removeprefix("data ")))
    for law, balance in content.get("balance", {}).items():
        put(balance, "unit", labels.balance(law))
    for corner in content.get("corners", ()):
        if "K_I" in corner:
            first = corner["exponents"][0]
            put(corner, "K_unit", labels.intensity(first if isinstance(first, float) else first[0]))
    return {**content, "units": units}


def put(entry: dict[str, Any], key: str, unit: str) -> None:
    if unit:
        entry[key] = unit
