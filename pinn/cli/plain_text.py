"""Text for a terminal that knows fewer characters than we write: `lambda` for λ, - for −, rather than a crash."""

from __future__ import annotations

import codecs
import unicodedata
from typing import Any

NAME = "pinn.plain_text"
WORDS = {
    "λ": "lambda", "Φ": "Phi", "ν": "nu", "σ": "sigma", "ε": "epsilon", "π": "pi", "Δ": "Delta", "∇": "nabla",
    "∫": "integral ", "√": "sqrt", "∞": "inf", "∂": "d", "→": "->", "≤": "<=", "≥": ">=", "≈": "~", "±": "+-",
    "−": "-", "–": "-", "—": "-", "×": "x", "·": "*", "…": "...", "°": " deg", "‖": "||",
}  # fmt: skip


def replaced(text: str) -> str:
    """The text in ASCII: by the words above, without accents, else with a question mark."""

    def one(character: str) -> str:
        if character.isascii() or character in WORDS:
            return WORDS.get(character, character)
        return unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode() or "?"

    return "".join(map(one, text))


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return replaced(error.object[error.start : error.end]), error.end


def never_refuse(stream: Any) -> None:
    """Let a stream write what its encoding has no characters for by `replaced`, where it raised until now.

    Streams that tests put in its place have no errors to set.
    """
    if hasattr(stream, "reconfigure") and (stream.errors == "strict" or codecs.lookup(stream.encoding).name != "utf-8"):
        codecs.register_error(NAME, _replace)
        stream.reconfigure(errors=NAME)
