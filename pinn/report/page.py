"""report.html: what a run found, in one file that needs nothing else: verdict, numbers, fields, pictures, spec."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pinn.files.writing import write_text
from pinn.report.fields import as_json, field_view
from pinn.report.markdown import as_html
from pinn.solution.report import report_metrics
from pinn.solution.verdict import Verdict
from pinn.spec.yaml.source import dump

if TYPE_CHECKING:
    from pinn.solution.solution import Solution

FILE = "report.html"
LAST = 12  # rows of the history
VIEW = """<canvas id="field" width="1200" height="700"></canvas>
<div id="value" role="status"></div>
<div class="controls">
<label>quantity <select id="quantity"></select></label>
<span><span id="low"></span> <span id="bar"></span> <span id="high"></span></span>
<label id="time-control"><span id="of-frames">time</span>
<input id="time" type="range" min="0" value="0"> <span id="instant"></span></label>
<label id="deform-control">deformed
<input id="deform" type="range" min="0" max="100" value="0"> <span id="factor"></span></label>
<label id="swing-control"><input id="swing" type="checkbox"> swinging</label>
<button id="reset">reset</button>
</div>
<p>Wheel: zoom. Drag: move; a solid turns, and moves with the shift key. The value under the cursor is shown.</p>
"""
AGAIN = """<p>Save the problem above as <code>spec.yaml</code>{files}.
The same result comes from pinn {version} with torch {torch}:</p>
<pre>pinn solve spec.yaml</pre>
<p>To cite:</p>
<pre>the pinn developers: pinn, partial differential equations solved with smooth physics-informed
neural networks, version {version}</pre>"""
ENLARGE = """for (const picture of document.querySelectorAll(".pictures img"))
  picture.addEventListener("click", () => picture.classList.toggle("large"));"""


def write_report(solution: Solution, folder: Path) -> list[Path]:
    """Write the page into a run's folder, with the pictures that lie there; none where `outputs.figures` is off."""
    if not solution.problem.spec.outputs.figures:
        return []
    write_text(folder / FILE, page(solution, pictures_of(solution, folder)))
    return [folder / FILE]


def pictures_of(solution: Solution, folder: Path) -> list[Path]:
    """The pictures of a run, without those of single quantities, which the page draws itself; a curve's are kept."""
    found = sorted((folder / "figures").glob("*.png"), key=lambda file: (file.stem != "summary", file.stem))
    drawn = solution.problem.quantities if len(solution.problem.axes) > 1 else ()
    return [file for file in found if file.stem not in drawn]


def page(solution: Solution, pictures: Sequence[Path] = ()) -> str:
    """The page of a run as HTML."""
    metrics, problem = solution.metrics, solution.problem
    view = field_view(solution.at())
    summary = report_metrics(metrics, title=problem.title)
    parts = [
        f"<h1>{escape(problem.title or problem.name)}</h1>",
        banner(metrics),
        section("Numbers", f"<pre>{escape(summary)}</pre>"),
    ]
    if view is not None:
        parts.append(section("Fields", VIEW))
    parts += [
        section("Pictures", album(pictures)) if pictures else "",
        section("History", table(*history(solution.history))),
        section("Problem", "<p>With all defaults filled in. It solves to the same result: save it and run "
                f"<code>pinn solve spec.yaml</code>.</p><pre>{escape(dump(problem.spec.resolved()))}</pre>"),
        section("Environment", table(("", ""), [(key, plain(value)) for key, value in solution.environment.items()])),
        section("To repeat and to cite", again(solution)),
    ]  # fmt: skip
    scripts = [f"<script>{ENLARGE}</script>"]
    if view is not None:
        across = "NOT SOLVED" if metrics.get("verdict") == Verdict.NOT_SOLVED else ""
        data = json.dumps({**as_json(view), "across": across}, allow_nan=False).replace("</", "<\\/")
        scripts.append(f"<script>{resource('view.js')}\nstarted(document, {data});</script>")
    return document(problem.title or problem.name, [*parts, *scripts])


def again(solution: Solution) -> str:
    """What brings the same result about elsewhere, and what to write in a paper."""
    versions, spec = solution.environment.get("versions") or {}, solution.problem.spec
    version, torch = (str(versions.get(name, "of environment.json")) for name in ("pinn", "torch"))
    files = [str(one.file) for one in (*spec.tables.values(), *spec.data, *filter(None, [spec.reference])) if one.file]
    beside = f", beside it {escape(', '.join(files))}" if files else ""
    return AGAIN.format(files=beside, version=escape(version), torch=escape(torch))


def document(title: str, parts: Iterable[str]) -> str:
    """A whole HTML file."""
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>\n{resource('page.css')}</style>\n</head>\n<body>\n"
    )
    return head + "\n".join(part for part in parts if part) + "\n</body>\n</html>\n"


@cache
def resource(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def banner(metrics: Mapping[str, Any]) -> str:
    """The verdict in words."""
    verdict = metrics.get("verdict")
    if verdict not in [*Verdict]:
        return '<div class="verdict">not judged</div>'
    worth = str(metrics.get("because") or Verdict(verdict).sentence)
    further = f"<br>{escape(str(metrics['message']))}" if metrics.get("message") else ""
    return f'<div class="verdict {verdict}"><b>{escape(worth)}</b>{further}</div>'


def section(heading: str, content: str) -> str:
    return f"<h2>{escape(heading)}</h2>\n{content}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = f"<tr>{''.join(f'<th>{escape(cell)}</th>' for cell in header)}</tr>" if any(header) else ""
    body = (f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return "<table>" + head + "\n".join(body) + "</table>"


def album(pictures: Sequence[Path]) -> str:
    """Pictures inside the page; a click makes one as wide as the page."""
    images = []
    for picture in pictures:
        data = base64.b64encode(picture.read_bytes()).decode("ascii")
        images.append(f'<img alt="{escape(picture.stem)}" src="data:image/png;base64,{data}">')
    return f'<div class="pictures">{"".join(images)}</div>'


def history(rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The last rows of the history, in words that the log uses."""
    keys = {"stage": "method", "iteration": "iteration", "seconds": "seconds", "loss": "loss",
            "heldout_residual": "held-out residual"}  # fmt: skip
    return tuple(keys.values()), [tuple(plain(row.get(key)) for key in keys) for row in rows[-LAST:]]


def plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else json.dumps(value) if isinstance(value, dict | list) else str(value)


def of_markdown(title: str, text: str, pictures: Sequence[Path] = ()) -> str:
    """A page in our own Markdown, such as comparison.md, with its pictures inside."""
    return document(title, [as_html(text), section("Pictures", album(pictures)) if pictures else ""])


def comparison(runs: Sequence[tuple[str, Solution]]) -> str:
    """One page for several runs: what each is worth, its errors, its seconds, and its summary."""
    names = dict.fromkeys(name for _, run in runs for name in (run.metrics.get("relative_l2") or {}))
    rows = []
    for name, run in runs:
        verdict, seconds = run.metrics.get("verdict"), run.metrics.get("seconds") or {}
        errors = run.metrics.get("relative_l2") or {}
        worth = Verdict(verdict).sentence if verdict in [*Verdict] else "not judged"
        rows.append((name, worth, plain(seconds.get("total")), *(plain(errors.get(quantity)) for quantity in names)))
    header = ("run", "verdict", "seconds", *(f"error of {name}" for name in names))
    parts = [f"<h1>{len(runs)} runs</h1>", table(header, rows)]
    for name, run in runs:
        parts.append(section(name, banner(run.metrics) + f"<pre>{escape(run.table())}</pre>"))
    return document(f"{len(runs)} runs", parts)
