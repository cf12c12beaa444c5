from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import pytest

import pinn
import pinn.certificates.check as checker
from pinn.certificates.certify import Options, certify
from pinn.certificates.document import save
from pinn.certificates.theorem import proved
from pinn.problem.loading import build
from pinn.solution.solution import Solution
from pinn.spec.yaml.source import parse_spec
from tests.certificates.examples import DEEP, RING, STRING

SOURCE = Path(checker.__file__).read_text(encoding="utf-8")


def certificate(text: str, folder: Path, boxes: int = 40) -> Path:
    solution: Solution = pinn.solve(build(parse_spec(text), Path()), progress=False)
    solution.save_weights(folder / "model.safetensors")
    found = certify(solution, Options(gap=0.1, boxes=boxes))
    save(found, proved(found), folder)
    return folder


def changed(folder: Path, change) -> list[str]:
    file = folder / "certificate.json"
    kept = file.read_text(encoding="utf-8")
    data = json.loads(kept)
    change(data)
    file.write_text(json.dumps(data), encoding="utf-8")
    try:
        return checker.check(folder)
    finally:
        file.write_text(kept, encoding="utf-8")


def test_it_knows_nothing_of_what_made_the_certificate():
    nodes = [*ast.walk(ast.parse(SOURCE))]
    modules = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {(node.module or "").split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    assert modules - set(sys.stdlib_module_names) == {"flint"}
    lines = [line for line in SOURCE.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(lines) <= 530


@pytest.mark.slow
@pytest.mark.parametrize(("text", "boxes"), [(STRING, 12), (DEEP, 40), (RING, 4)], ids=["string", "deep", "ring"])
def test_what_is_certified_is_confirmed(text, boxes, tmp_path):
    assert checker.check(certificate(text, tmp_path, boxes)) == []


@pytest.mark.slow
def test_a_wrong_claim_is_found(tmp_path):
    folder = certificate(STRING, tmp_path, boxes=8)
    claim = lambda data, name: next(c for p in data["parts"] for c in p["claims"] if c["name"] == name)  # noqa: E731

    def narrower(data):
        claim(data, "u")["upper"] = claim(data, "u")["reached"][1] * 0.999

    assert changed(folder, narrower) == ["u on inside"]
    assert changed(folder, lambda d: claim(d, "pull").update(l2=claim(d, "pull")["l2"] * 0.3)) == [
        "L2 norm of pull on inside"
    ]
    assert changed(folder, lambda d: d["error"].update(maximum=d["error"]["maximum"] * 0.5)) == [
        "the bound of the largest error"
    ]
    assert changed(folder, lambda d: d["weights"].update(sha256="0")) == [
        "the weights are not those that were certified"
    ]
    left_out = changed(folder, lambda d: d["parts"][0].update(tree="0.x"))
    assert "a box of inside is left out that is not outside on inside" in left_out
    with pytest.raises(ValueError, match="not complete"):
        changed(folder, lambda d: d["parts"][0].update(tree="0."))
