"""What m004 and m005 did with texts, as it was when they were released. Never change it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

_MATH = re.compile(
    r"(?<![\\$])\$(?:(?P<marked>[^$\\^_]{0,300}[\\^_][^$]{0,300})\$"
    r"|(?P<plain>(?!\s)[^$]{1,300})(?<!\s)\$(?![\d$]))"
    r"|\\\((?P<round>.{1,300}?)\\\)"
)
_STYLED = re.compile(
    r"\\(?:text(?:it|bf|tt|sc|rm|sf|sl|md|up|normal)?|emph|underline|math(?:rm|it|bf|sf|tt)|mbox)\s*\{([^{}]*)\}"
)
_ACCENT = re.compile(r"""\\(?:['"`^~=.](?:\{\\?[A-Za-z]\}|\\?[A-Za-z])|[cvuHkr]\{[A-Za-z]\})""")
_ESCAPED = re.compile(r"\\([%&$#_{}])")
_SCRIPT = re.compile(r"([\^_])(?:\{([^{}]{1,12})\}|(\w))")
_SUPERSCRIPTS = str.maketrans("0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ")
_SUBSCRIPTS = str.maketrans("0123456789+-=()aeijkmnopt", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑᵢⱼₖₘₙₒₚₜ")


def title_hash(key: str) -> str:
    """Return the name of a title, from its letters and digits."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16]


def query_of(keywords: Sequence[str], excluded: Sequence[str]) -> str:
    """Return the query that matches any of `keywords` and none of `excluded`."""
    wanted = [_phrase(keyword) for keyword in dict.fromkeys(keywords)]
    unwanted = [f"-{_phrase(keyword)}" for keyword in dict.fromkeys(excluded)]
    any_of = " OR ".join(wanted)
    return " ".join([f"({any_of})" if unwanted and len(wanted) > 1 else any_of, *unwanted])


def _phrase(keyword: str) -> str:
    text = " ".join(keyword.replace('"', " ").split())
    is_plain = re.fullmatch(r"[^\s()\"^:*-][^\s()\"^:*]*", text) and text not in ("OR", "AND")
    return text if is_plain else f'"{text}"'


def without_latex(text: str) -> str:
    """Return text on one line, with LaTeX as Unicode where that is faithful."""
    text = _MATH.sub(lambda match: _math(match[match.lastgroup or 0]), text)
    previous = None
    while previous != text:
        previous, text = text, _STYLED.sub(r"\1", text)
    text = _ACCENT.sub(lambda match: _unicode(match[0]), text)
    return _on_one_line(_ESCAPED.sub(r"\1", text))


def _on_one_line(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _math(formula: str) -> str:
    text = _unicode(f"${_SCRIPT.sub(_script, formula)}$")
    return formula if "\\" in text else text


def _script(match: re.Match[str]) -> str:
    table = _SUPERSCRIPTS if match[1] == "^" else _SUBSCRIPTS
    content = (match[2] or match[3]).strip()
    return "{}" + content.translate(table) if all(ord(char) in table for char in content) else match[0]


def _unicode(latex: str) -> str:
    try:
        return _on_one_line(str(_converter().latex_to_text(latex, tolerant_parsing=True)))
    except Exception:  # noqa: BLE001 - invalid LaTeX raises all kinds of errors
        return latex


@cache
def _converter() -> Any:
    from pylatexenc import latex2text  # noqa: PLC0415 - slow to import, and most stores never need it

    known = latex2text.get_default_latex_context_db()
    known.set_unknown_macro_spec(latex2text.MacroTextSpec("", simplify_repl=lambda node: node.latex_verbatim()))
    return latex2text.LatexNodes2Text(math_mode="text", latex_context=known)
