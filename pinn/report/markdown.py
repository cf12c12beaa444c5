"""Our own Markdown as HTML: headings, tables, lists, paragraphs, `code`, **bold**; what comparisons are written in."""

from __future__ import annotations

import re
from html import escape

_RULE = re.compile(r"\|?[\s:|-]+\|?")
_CODE, _BOLD = re.compile(r"`([^`]+)`"), re.compile(r"\*\*([^*]+)\*\*")


def as_html(text: str) -> str:
    """Blocks between empty lines; a heading, a table, a list or a paragraph each."""
    blocks = re.split(r"\n\s*\n", text.strip())
    return "\n".join(_block(block.splitlines()) for block in blocks)


def _block(lines: list[str]) -> str:
    if heading := re.fullmatch(r"(#{1,4}) (.*)", lines[0]):
        level, rest = len(heading[1]), lines[1:]
        return f"<h{level}>{_inline(heading[2])}</h{level}>" + (f"\n{_block(rest)}" if rest else "")
    if len(lines) > 1 and "|" in lines[0] and _RULE.fullmatch(lines[1]):
        head, _, *rows = (_cells(line) for line in lines)
        body = [_row(head, "th"), *(_row(cells, "td") for cells in rows)]
        return "<table>" + "\n".join(body) + "</table>"
    if all(line.startswith(("- ", "  ")) for line in lines):
        entries = re.split(r"\n?^- ", "\n".join(lines), flags=re.MULTILINE)[1:]
        return "<ul>" + "".join(f"<li>{_inline(entry)}</li>" for entry in entries) + "</ul>"
    return f"<p>{_inline(' '.join(lines))}</p>"


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _row(cells: list[str], kind: str) -> str:
    return "<tr>" + "".join(f"<{kind}>{_inline(cell)}</{kind}>" for cell in cells) + "</tr>"


def _inline(text: str) -> str:
    return _BOLD.sub(r"<b>\1</b>", _CODE.sub(r"<code>\1</code>", escape(text, quote=False)))
