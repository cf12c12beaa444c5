"""report.html: it needs nothing else, its numbers are the run's, and in a browser it draws, turns and tells values."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from pinn.report.fields import as_json, field_view
from pinn.report.page import comparison, of_markdown, page, pictures_of, resource, write_report
from tests import fakes

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NODE = shutil.which("node")
SCRIPT = Path(__file__).resolve().parents[2] / "pinn/report/view.js"


def numbers(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype=kind)


def solved(solution=None) -> fakes.FakeSolution:
    solution = solution or fakes.kirsch_plate()
    solution.metrics["because"] = "solved: every estimated error is below the tolerance, 1e-08"
    return solution


def test_it_needs_nothing_else_and_says_what_the_run_says(tmp_path):
    (tmp_path / "figures").mkdir()
    for name in ("summary", "ux", "error"):
        (tmp_path / "figures" / f"{name}.png").write_bytes(b"picture of " + name.encode())
    solution = solved()
    (file,) = write_report(solution, tmp_path)
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"""(src|href|url|import)\s*[=(]\s*["']?(https?:|//|\.{0,2}/)""", text)
    assert "solved: every estimated error is below the tolerance, 1e-08" in text
    assert "stress_xx     1.25e-09   5.00e-09" in text
    assert "3.0000012" in text
    assert "name: plate-with-hole" in text
    pictures = [base64.b64decode(data) for data in re.findall(r"data:image/png;base64,([^\"]+)", text)]
    assert pictures == [b"picture of summary", b"picture of error"]  # the page draws ux itself
    solution.problem.spec.outputs.figures = False
    assert write_report(solution, tmp_path) == []


def test_what_a_user_wrote_is_text_and_no_markup():
    solution = solved()
    solution.problem.title = "<script>alert(1)</script> & more"
    solution.metrics["message"] = "a </script><b>bold</b> claim"
    text = page(solution)
    assert "<script>alert" not in text
    assert "<b>bold" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in text


def test_a_run_that_is_not_solved_says_so_first():
    solution = fakes.kirsch_plate()
    solution.metrics |= {"verdict": "not_solved", "because": "a rotation is left free"}
    before, after = page(solution).split("<h2>Numbers</h2>")
    assert '<div class="verdict not_solved"><b>a rotation is left free</b>' in before
    assert '"across": "NOT SOLVED"' in after
    assert '"across": ""' in page(solved())


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_it_is_written_across_the_field():
    found = in_node("""
const told = [];
const context = new Proxy({}, {get: (_, name) => (words) => name === "fillText" && told.push(words), set: () => true});
const base64 = (array) => Buffer.from(array.buffer).toString("base64");
for (const across of ["", "NOT SOLVED"]) {
  const made = view.prepared({dimension: 2, axes: ["x", "y"], displacement: [], across,
    points: base64(new Float32Array([0, 0, 1, 0, 0, 1])), triangles: base64(new Uint32Array([0, 1, 2])),
    quantities: {u: {low: 0, high: 1, shades: [0, 0, 0, 9, 9, 9]}}, frames: []});
  const state = {name: "u", values: {u: [0, 1, 0.5]}, width: 9, height: 9, zoom: 1, panX: 0, panY: 0, deform: 0};
  view.painted(context, made, state);
}
console.log(JSON.stringify({told}));
""")
    assert found == {"told": ["NOT SOLVED"]}


@pytest.mark.parametrize("make", [fakes.kirsch_plate, fakes.spreading_heat, fakes.burgers, fakes.cube])
def test_the_values_are_those_of_the_solution(make):
    solution = make()
    view = field_view(solution)
    assert view is not None
    data = json.loads(json.dumps(as_json(view)))
    points = numbers(data["points"], "<f4").reshape(-1, data["dimension"])
    triangles = numbers(data["triangles"], "<u4")
    assert triangles.max() == len(points) - 1
    assert set(triangles) == set(range(len(points)))
    frame = data["frames"][-1]
    instants = [] if "t" in data["axes"] or solution.problem.time is None else [solution.problem.time[1]]
    at = np.column_stack([points, *(np.full(len(points), instant) for instant in instants)])
    for name, text in frame["values"].items():
        np.testing.assert_allclose(numbers(text, "<f4"), solution(at.astype(float), [name])[name], rtol=1e-3, atol=1e-4)
        assert data["quantities"][name]["low"] <= data["quantities"][name]["high"]
    assert len(data["frames"]) == (9 if instants else 1)


def test_a_curve_has_its_pictures_and_no_view(tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "w.png").touch()
    solution = solved(fakes.curve())
    assert field_view(solution) is None
    assert "canvas id" not in page(solution)
    assert pictures_of(solution, tmp_path) == [tmp_path / "figures" / "w.png"]


def test_several_runs_stand_side_by_side():
    runs = [("first", solved()), ("second", solved())]
    for _, run in runs:
        run.table = lambda: "the table"
    runs[1][1].metrics |= {"verdict": "useful", "relative_l2": {"stress_xx": 0.25}}
    rows = re.findall(r"<tr>(.*?)</tr>", comparison(runs))
    cells = [re.findall(r"<t[hd]>(.*?)</t[hd]>", row) for row in rows[:3]]
    assert cells[0][:4] == ["run", "verdict", "seconds", "error of stress_xx"]
    assert [row[0] for row in cells[1:]] == ["first", "second"]
    assert [row[3] for row in cells[1:]] == ["1.25e-09", "0.25"]


def test_it_says_how_to_repeat_and_to_cite_it():
    solution = solved()
    solution.environment["versions"] = {"pinn": "9.8.7", "torch": "2.13.0"}
    text = page(solution)
    assert "The same result comes from pinn 9.8.7 with torch 2.13.0:</p>" in text
    assert "networks, version 9.8.7</pre>" in text


def test_a_comparison_is_a_page_of_the_same_kind(tmp_path):
    (tmp_path / "errors.png").write_bytes(b"errors")
    text = of_markdown(
        "Activations: rod",
        "# Activations: rod\n\nMade by `pinn compare`,\nsolver: auto.\n\n"
        "| name | error |\n| --- | --- |\n| a<b | 1 |\n\n"
        "- **gelu**: carries it\n- **relu**: cannot,\n  rank 0\n",
        [tmp_path / "errors.png"],
    )
    assert "<h1>Activations: rod</h1>\n<p>Made by <code>pinn compare</code>, solver: auto.</p>" in text
    assert "<table><tr><th>name</th><th>error</th></tr>\n<tr><td>a&lt;b</td><td>1</td></tr></table>" in text
    assert "<ul><li><b>gelu</b>: carries it</li><li><b>relu</b>: cannot,\n  rank 0</li></ul>" in text
    assert base64.b64encode(b"errors").decode() in text


def in_node(code: str) -> dict:
    script = f"const view = require({json.dumps(str(SCRIPT))});\n{code}"
    return json.loads(subprocess.run([str(NODE), "-e", script], capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_turning_keeps_lengths_and_picking_takes_the_nearest():
    found = in_node("""
const data = {dimension: 3, axes: ["x", "y", "z"], displacement: [], quantities: {}, frames: [],
  points: Buffer.from(new Float32Array([0,0,0, 1,0,0, 0,1,0, 0,0,1, 1,0,1, 0,1,1]).buffer).toString("base64"),
  triangles: Buffer.from(new Uint32Array([0,1,2, 3,4,5]).buffer).toString("base64")};
const made = view.prepared(data);
const still = {width: 200, height: 100, zoom: 50, panX: 0, panY: 0, values: {}, deform: 0};
const look = (turn, tilt) => view.projected(made, {...still, turn, tilt});
const above = look(0, Math.PI / 2), turned = look(1, 1);
const middle = (along) => (along[0] + along[1] + along[2]) / 3;
const hit = view.picked(made, above, middle(above.x), middle(above.y));
const length = (s) => Math.hypot(s.x[1] - s.x[0], s.y[1] - s.y[0], 50 * (s.depth[1] - s.depth[0]));
console.log(JSON.stringify({near: [...hit.corners], shares: hit.found, before: length(above), after: length(turned),
  moved: Math.abs(above.x[1] - turned.x[1]), miss: view.picked(made, above, 0, 0)}));
""")
    assert found["near"] == [3, 4, 5]  # the upper one, seen from above
    assert found["shares"] == pytest.approx([1 / 3] * 3, abs=1e-4)
    assert found["after"] == pytest.approx(found["before"], rel=1e-5)
    assert found["moved"] > 1
    assert found["miss"] is None


ACT = """<script>
window.said = [];
window.addEventListener("error", (event) => window.said.push(event.message));
</script>"""
LOOK = """<script>
const canvas = document.getElementById("field");
const pixels = () => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
const box = canvas.getBoundingClientRect();
const at = (kind, x, y) => canvas.dispatchEvent(new PointerEvent(kind, {clientX: box.left + x * box.width,
  clientY: box.top + y * box.height, pointerId: 1, bubbles: true}));
canvas.setPointerCapture = () => {};
const before = pixels();
const drawn = before.filter((value, n) => n % 4 === 3 && value > 0).length;
at("pointermove", 0.5, 0.5);
const value = document.getElementById("value").textContent;
at("pointerdown", 0.5, 0.5); at("pointermove", 0.6, 0.6); at("pointerup", 0.6, 0.6);
const moved = pixels();
const different = moved.filter((value, n) => value !== before[n]).length;
const slider = document.getElementById("time");
slider.value = 0;
slider.dispatchEvent(new Event("input", {bubbles: true}));
at("pointermove", 0.6, 0.6);
const earlier = {frames: Number(slider.max) + 1, instant: document.getElementById("instant").textContent,
  different: pixels().filter((value, n) => value !== moved[n]).length,
  value: document.getElementById("value").textContent};
document.body.innerHTML = "<pre id=found></pre>";
document.getElementById("found").textContent = JSON.stringify({drawn, value, different, earlier, said: window.said});
</script>"""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no headless browser is installed")
@pytest.mark.parametrize("make", [fakes.kirsch_plate, fakes.cube, fakes.spreading_heat])
def test_in_a_browser_it_draws_moves_and_tells_the_value(make, tmp_path):
    solution = solved(make())
    text = page(solution)
    file = tmp_path / "report.html"
    file.write_text(text.replace("<body>", f"<body>{ACT}").replace("</body>", f"{LOOK}</body>"), encoding="utf-8")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", file.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
    match = re.search(r'<pre id="found">(.*?)</pre>', shown)
    assert match, shown[-2000:]
    found = json.loads(unescape(match[1]))
    assert found["said"] == []
    assert found["drawn"] > 1000
    assert found["different"] > 1000
    time = solution.problem.time
    close_to_the_solution(found["value"], solution, [] if time is None else [time[1]])
    if time is not None:
        assert found["earlier"]["frames"] == 9
        assert found["earlier"]["instant"] == f"t = {time[0]:.3g}"
        assert found["earlier"]["different"] > 1000
        close_to_the_solution(found["earlier"]["value"], solution, [time[0]])


def close_to_the_solution(said: str, solution: fakes.FakeSolution, instant: list[float]) -> None:
    """What the page says under the cursor is the solution there: `x = 0.5, y = 0.5: u = 1.25`."""
    place, name, value = re.fullmatch(r"(.*): (\S+) = (\S+)", said).groups()
    point = [*(float(part.split(" = ")[1]) for part in place.split(", ")), *instant]
    assert float(value) == pytest.approx(float(solution(np.array([point]), [name])[name][0]), rel=0.05, abs=0.01)


def test_the_resources_are_read_once():
    assert resource("view.js") is resource("view.js")
