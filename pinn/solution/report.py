"""The summary of a run, as text: errors, probes, unknowns, why it stopped, where the files are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pinn.training.run.stop_reason import StopReason

if TYPE_CHECKING:
    from pinn.solution.solution import Solution


CHECKSUM = "weights_sha256"  # of model.safetensors, in metrics.json


def report(solution: Solution, files: Sequence[Path] = ()) -> str:
    """The summary of a solution; `files` are listed at the end."""
    return report_metrics(solution.metrics, files, title=solution.problem.title or "")


def report_metrics(metrics: Mapping[str, Any], files: Sequence[Path] = (), *, title: str = "") -> str:
    """The same from the content of metrics.json."""
    blocks = [_heading(metrics, title)]
    relative, largest = metrics.get("relative_l2") or {}, metrics.get("max_error") or {}
    estimated, units = metrics.get("error_estimate") or {}, metrics.get("units") or {}
    if relative:
        header = ("quantity", "relative L2", "estimated L2", "max error", "unit")
        rows = [
            (name, _error(relative[name]), _error(estimated[name]) if name in estimated else "")
            + ((_error(largest[name]), _unit(units, name)) if name in largest else ("", ""))
            for name in relative
        ]
        blocks.append(table(*without_empty(header, rows)))
    elif estimated:
        rows = [(name, _error(error)) for name, error in estimated.items()]
        blocks.append(table(("quantity", "estimated relative L2 error"), rows))
    probes = metrics.get("probes") or {}
    lines = {name: entry for name, entry in probes.items() if isinstance(entry, Mapping) and "relative_l2" in entry}
    if metrics.get("cases"):
        blocks.append(_cases(metrics))
    elif single := {name: entry for name, entry in probes.items() if name not in lines}:
        header = ("probe", "value", "expected", "difference", "unit", "estimated error", "at")
        blocks.append(table(*without_empty(header, list(_probe_rows(single, _length(units))))))
    if lines:
        rows = [
            (name, str(len(entry["value"])), _error(entry["relative_l2"]), _error(entry["max_error"]), _unit(entry))
            for name, entry in lines.items()
        ]
        blocks.append(table(*without_empty(("probe", "points", "relative L2", "max error", "unit"), rows)))
    if metrics.get("unknowns"):
        blocks.append(_unknowns(metrics))
    if metrics.get("data"):
        rows = [
            (name.removeprefix("data "), str(one["count"]), _error(one["misfit"]), _error(one["noise"]), _unit(one),
             f"{one['chi_squared']:.2f}") for name, one in metrics["data"].items()
        ]  # fmt: skip
        blocks.append(table(*without_empty(("data", "values", "misfit", "noise", "unit", "chi^2 per value"), rows)))
    # corners without exponents have no functions of their own
    if singular := [corner for corner in metrics.get("corners") or () if corner["exponents"]]:
        header = ("corner", "degrees", "first exponent", "its coefficient", "K_I", "K_II", "unit", "estimated error")
        blocks.append(table(*without_empty(header, [_corner_row(corner, _length(units)) for corner in singular])))
    if metrics.get("modes"):
        blocks.append(_modes(metrics["modes"], units))
    if balance := _balance(metrics):
        header = ("balance", "applied", "reactions", "inside", "unit", "difference")
        blocks.append(table(*without_empty(header, list(_balance_rows(balance)))))
    if files:
        blocks.append("\n".join(str(path) for path in _grouped(files)))
    return "\n\n".join(blocks)


def _unit(entry: Mapping[str, Any], key: str = "unit") -> str:
    """What a number is measured in; nothing of a pure number."""
    unit = str(entry.get(key) or "")
    return "" if unit == "1" else unit


def _length(units: Mapping[str, Any]) -> str:
    """The unit of the first coordinate, behind a space."""
    return f" {unit}" if (unit := _unit(units, next(iter(units), ""))) else ""


def _cases(metrics: Mapping[str, Any]) -> str:
    """A row for each load case: what it is worth, and the probes of one value; then the case that governs each."""
    cases, governing = metrics["cases"], metrics.get("governing") or {}
    rows = []
    for name, case in cases.items():
        estimated = (case.get("error_estimate") or {}).values()
        worst = _error(max(estimated)) if estimated else ""
        values = (_value(case["probes"][probe]["value"]) for probe in governing)
        rows.append((name, str(case["verdict"]), worst, *values))
    rows.append(("governing", "", "", *(entry["case"] for entry in governing.values())))
    units = [_unit(next(iter(cases.values()))["probes"][probe]) for probe in governing]
    named = [f"{probe} [{unit}]" if unit else probe for probe, unit in zip(governing, units, strict=True)]
    return table(("load case", "verdict", "largest estimated error", *named), rows if governing else rows[:-1])


def _balance(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Law -> its balance, of each load case where there are some."""
    cases = metrics.get("cases") or {}
    of_cases = {f"{name}: {law}": one for name, case in cases.items() for law, one in case.get("balance", {}).items()}
    return of_cases or metrics.get("balance") or {}


def _unknowns(metrics: Mapping[str, Any]) -> str:
    """Values, with their uncertainty and their error where these are known."""
    spread, errors = metrics.get("uncertainty") or {}, metrics.get("unknown_errors") or {}
    units = {name: _unit(metrics.get("units") or {}, name) for name in metrics["unknowns"]}
    header = ("unknown", "value", *(["unit"] if any(units.values()) else []))
    header += ("standard deviation", "95 % interval") if spread else ()
    header += ("relative error",) if errors else ()
    rows = []
    for name, value in metrics["unknowns"].items():
        one = spread.get(name) or {}
        low_high = one.get("interval")
        row = (name, _value(value), *([units[name]] if any(units.values()) else []))
        if spread:
            known = ("not identified", "") if low_high is None else (
                _error(one["standard_deviation"]), " .. ".join(map(_value, low_high))
            )  # fmt: skip
            row += known if name in spread else ("", "")
        rows.append(row + ((_error(errors[name]) if name in errors else "",) if errors else ()))
    return table(header, rows)


def _modes(modes: Sequence[Mapping[str, Any]], units: Mapping[str, Any]) -> str:
    """A row for each: what it is, how well it is known, and how many have its eigenvalue."""
    known = {key for mode in modes for key in mode}
    eigenvalue = f"eigenvalue [{units['eigenvalue']}]" if "eigenvalue" in units else "eigenvalue"
    header = ("mode", eigenvalue, *(["frequency"] if "frequency" in known else []), "residual", "estimated error")
    header += (("expected", "error") if "expected" in known else ()) + ("multiplicity",)
    rows = []
    for mode in modes:
        row = (str(mode["number"]), _value(mode["eigenvalue"]))
        row += (f"{_value(mode['frequency'])} {units.get('frequency', 'Hz')}",) if "frequency" in known else ()
        row += (_error(mode["residual"]), _error(mode["error"]))
        if "expected" in known:
            row += (_value(mode["expected"]), _error(mode["relative_error"])) if "expected" in mode else ("", "")
        rows.append((*row, str(mode["multiplicity"])))
    return table(header, rows)


def without_empty(
    header: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The columns in which something stands: where nothing is expected, no difference is."""
    kept = [column for column in range(len(header)) if any(row[column] for row in rows)]
    return tuple(header[column] for column in kept), [tuple(row[column] for column in kept) for row in rows]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns aligned with spaces: the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]

    def line(row: Sequence[str]) -> str:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        return "  ".join(cells).rstrip()

    return "\n".join([line(header), "  ".join("-" * width for width in widths), *map(line, rows)])


def _heading(metrics: Mapping[str, Any], title: str) -> str:
    name = str(metrics.get("name", ""))
    seconds = metrics.get("seconds") or {}
    reason = str(metrics.get("stop_reason", "unknown"))
    meaning = f" ({StopReason(reason).sentence})" if reason in [*StopReason] else ""
    lines = [
        f"{name}: {title}" if title else name,
        f"stopped: {reason}{meaning}, {counted(metrics.get('iterations'), 'iteration')},"
        f" {_seconds(seconds.get('solve'))} to solve, {_seconds(seconds.get('total'))} in total",
        f"held-out residual {_error(metrics.get('heldout_residual'))}, loss {_error(metrics.get('loss'))};"
        f" {metrics.get('parameters')} parameters, {_activation(metrics.get('activation'))},"
        f" {metrics.get('dtype')} on {metrics.get('device')}",
    ]
    if metrics.get("energy_error") is not None:
        lines.append(
            f"error in the energy's norm about {_error(metrics['energy_error'])}, from the last two levels: that of"
            " stresses and other first derivatives in the mean"
        )
    if metrics.get("because"):
        lines.append(str(metrics["because"]))
    if metrics.get("message"):
        lines.insert(2, str(metrics["message"]))
    return "\n".join(lines)


def counted(number: Any, what: str) -> str:
    """`1 iteration`, `3 iterations`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def _probe_rows(probes: Mapping[str, Any], length: str):
    """A probe is a number, a list of numbers (one per point), or a mapping with value, expected and difference."""
    for name, entry in probes.items():
        known = entry if isinstance(entry, Mapping) else {"value": entry}
        values, expected = _listed(known.get("value")), _listed(known.get("expected"))
        for index, value in enumerate(values):
            target = expected[min(index, len(expected) - 1)]
            difference = None if value is None or target is None else value - target
            label = name if len(values) == 1 else f"{name}[{index}]"
            place = ", ".join(f"{x:.5g}" for x in known.get("at") or ())
            estimated = _error(known["error_estimate"]) if "error_estimate" in known else ""
            shown = ("" if target is None else _value(target), _signed(difference))
            text = "unbounded" if known.get("unbounded") else _value(value)
            yield label, text, *shown, _unit(known), estimated, f"({place}){length}" if place else ""


def _balance_rows(balance: Mapping[str, Any]):
    """A law's sums over all patches, and what they miss of zero, relative to their size."""
    for name, one in balance.items():
        sums = (sum(value or 0.0 for value in one[kind].values()) for kind in ("applied", "reactions"))
        inside = _short(one["inside"])
        yield name, *(f"{value:.5g}" for value in sums), inside, _unit(one), _error(one["relative"])


def _corner_row(corner: Mapping[str, Any], length: str) -> tuple[str, ...]:
    """Of the corner's first function, or of the larger of its stress intensity factors, the relative error."""
    power = corner["exponents"][0]
    power = f"{power:.4g}" if isinstance(power, float) else f"{power[0]:.4g} ± {abs(power[1]):.4g}i"
    factors = [name for name in ("K_I", "K_II") if name in corner]
    values = [corner[name] for name in factors] or [corner["coefficients"][0]]
    errors = [corner.get(f"{name}_error") for name in factors] or corner.get("coefficient_errors", [None])[:1]
    size, known = max(map(abs, values)), [error for error in errors if error is not None]
    error = max(known) / size if size and len(known) == len(errors) else None
    where = ", ".join(f"{value:.6g}" for value in corner["at"])
    shown = [f"{corner[name]:.6g}" if name in corner else "" for name in ("K_I", "K_II")]
    first = f"{corner['coefficients'][0]:.5g}"
    unit = _unit(corner, "K_unit")
    return (f"({where}){length}", f"{corner['angle']:.4g}", power, first, *shown, unit, _error(error))


def _short(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.5g}"


def _listed(value: Any) -> list[float | None]:
    # a tuple of numbers or one number: the caller's JSON has no type
    return list(value) if isinstance(value, (list, tuple)) and value else [value]  # type: ignore[list-item]


def _grouped(files: Sequence[Path]) -> list[Path]:
    """A folder of many pictures is named once, after its summary."""
    pictures = [path for path in files if path.suffix == ".png"]
    summary = [path for path in pictures if path.name == "summary.png"]
    folders = list(dict.fromkeys(path.parent for path in pictures))
    return [*(path for path in files if path.suffix != ".png" and not path.is_dir()), *summary, *folders,
            *(path for path in files if path.is_dir() and path not in folders)]  # fmt: skip


def _activation(value: Any) -> str:
    return next(iter(value)) if isinstance(value, Mapping) and value else str(value)


def _error(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.2e}"


def _value(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.8g}"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.2e}"


def _seconds(value: float | None) -> str:
    return "?" if value is None else f"{value:.1f} s"


def unverified(metrics: Mapping[str, Any]) -> str:
    """What to say of a run's weights that cannot be checked; nothing where they have a checksum."""
    return (
        "" if CHECKSUM in metrics else "the weights have no checksum, as those of older versions: they are not checked"
    )
