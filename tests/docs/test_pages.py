"""What the pages show works: specs and parts of them are read, commands and files exist; slow: everything is run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter

from pinn.cli.main import run
from pinn.problem.loading import build
from pinn.spec.schema import Spec
from pinn.spec.yaml.source import parse_spec
from tests.docs.pages import NOT_OURS, PAGES, ROOT, blocks, commands, is_problem, name_of

PROBLEMS = [
    pytest.param(text, page, id=f"{name_of(page)}-{number}")
    for page in PAGES
    for number, (_, text) in enumerate(blocks(page, "yaml"))
]


def read_part(data: dict[str, Any]) -> None:
    """Raises ValidationError for a block that a spec would refuse, and KeyError for one that it does not have."""
    fields = {info.alias or name: info for name, info in Spec.model_fields.items()}
    for key, value in data.items():
        info = fields[key]
        TypeAdapter(Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation).validate_python(
            value
        )


@pytest.mark.parametrize(("text", "page"), PROBLEMS)
def test_specs_and_parts_of_them_are_read(text, page):
    if "…" in text:
        pytest.skip("it is shortened")
    source = parse_spec(text)
    if is_problem(text) and "file:" not in text:
        build(source)
    else:
        read_part(source.data)


@pytest.mark.parametrize(("language", "text"), [b for page in PAGES for b in blocks(page, "python")])
def test_python_is_python(language, text):
    compile(text, "page", "exec")


@pytest.mark.parametrize(
    "command", sorted({words[0] for page in PAGES for _, text in blocks(page, "sh") for words in commands(text)})
)
def test_commands_exist(command, capsys):
    assert run([command, "--help"]) == 0


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_options_of_commands_exist(page, capsys):
    for _, text in blocks(page, "sh"):
        assert all(line.startswith(("pinn ", "#", *NOT_OURS)) for line in text.splitlines() if line.strip()), text
        for words in commands(text):
            options = {word.partition("=")[0] for word in words if word.startswith("--")}
            run([words[0], "--help"])
            said = capsys.readouterr().out
            assert all(option in said for option in options), (words, said)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not link.startswith(("http://", "https://", "#")):
            assert (page.parent / link.partition("#")[0]).exists(), link


SOLVED = [page for page in PAGES if any(is_problem(text) for _, text in blocks(page, "yaml")) or "howto" in str(page)]


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in SOLVED if page.name != "README.md"], ids=name_of)
def test_what_a_page_shows_runs(page: Path, tmp_path, monkeypatch, capsys):
    """Its specs are files of their names, its Python runs in one module, its commands solve and look at the specs."""
    monkeypatch.chdir(tmp_path)
    module: dict[str, Any] = {"__name__": "page"}
    for language, text in blocks(page, "yaml", "python", "sh"):
        if language == "yaml" and is_problem(text):
            (tmp_path / f"{parse_spec(text).data['name']}.yaml").write_text(text)
        elif language == "python":
            exec(compile(text, str(page), "exec"), module)
        elif language == "sh":
            for words in commands(text):
                if not {"RUN", "NAME"} & set(words) and words[0] in ("solve", "validate", "list"):
                    quick = ["--set", "outputs.figures=false"] if words[0] == "solve" else []
                    assert run([*words, *quick]) == 0, (words, capsys.readouterr())


def test_no_page_is_left_out_of_the_site():
    listed = {(ROOT / "docs/index.md")}
    for page in PAGES:
        for _, text in re.findall(r"```(\{toctree\})\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            entries = [line for line in text.splitlines() if line and not line.startswith(":")]
            listed |= {(page.parent / f"{entry}.md").resolve() for entry in entries}
    assert listed == {page for page in PAGES if page.is_relative_to(ROOT / "docs")}
