"""MathML → TeX, so that its formulas keep their grouping on one line, too.

Elements: https://www.w3.org/TR/mathml-core/. Tables and scripts in front of a symbol have no form on one line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from newsletter.limits import TEX_FORMULA
from newsletter.text.tex.formulas import Unfaithful, formula
from newsletter.text.tex.symbols import FUNCTIONS

_MATH = re.compile(r"<(?P<prefix>(?:mml:|m:)?)math\b[^<>]*>", re.IGNORECASE)
_END = {prefix: re.compile(rf"</{prefix}math\s*>", re.IGNORECASE) for prefix in ("", "mml:", "m:")}
_TAG = re.compile(r"<(?P<end>/?)(?:mml:|m:)?(?P<name>[a-z]+)(?P<rest>[^<>]*)>", re.IGNORECASE)
_SPECIAL = re.compile(r"[\\{}$&#%_^~]")
_ACCENTS = {
    r"\hat{}": "hat",
    "∼": "tilde",
    "ˆ": "hat",
    "~": "tilde",
    "˜": "tilde",
    "¯": "bar",
    "‾": "bar",
    "→": "vec",
    "˙": "dot",
    "¨": "ddot",
}
_CHILDREN = {
    "msup": (2, "{%s}^{%s}"), "msub": (2, "{%s}_{%s}"), "msubsup": (3, "{%s}_{%s}^{%s}"),
    "munder": (2, "{%s}_{%s}"), "mover": (2, "{%s}^{%s}"), "munderover": (3, "{%s}_{%s}^{%s}"),
    "mfrac": (2, r"\frac{%s}{%s}"), "mroot": (2, r"\sqrt[%s]{%s}"),
}  # fmt: skip
_ROWS = {
    **dict.fromkeys(("math", "mrow", "mstyle", "mpadded", "merror"), ("", "")),
    "msqrt": (r"\sqrt{", "}"),
}
_LEAVES = frozenset({"mi", "mn", "mo", "mtext", "ms"})
#: Invisible operators: function application, times, separator, plus.
_INVISIBLE = dict.fromkeys(map(ord, "\u2061\u2062\u2063\u2064"), None) | {ord("−"): "-"}


def without_mathml(text: str) -> str:
    """Return text with each <math> that is closed as a formula on one line, or as its mere text. Time is linear."""
    kept: list[str] = []
    position = 0
    for match in _MATH.finditer(text):
        if match.start() < position:
            continue
        mark = _END[match["prefix"].lower()]
        closing = mark.search(text, match.end())
        if closing is None:
            break
        kept += [text[position : match.start()], _shown(text[match.end() : closing.start()])]
        position = closing.end()
    return "".join([*kept, text[position:]])


def _shown(inside: str) -> str:
    try:
        return formula(_tex(inside)).strip()
    except Unfaithful:
        return _TAG.sub("", _ANNOTATION.sub("", inside))


_ANNOTATION = re.compile(r"<(?:mml:|m:)?annotation\b[^<>]*>[^<]*", re.IGNORECASE)


@dataclass
class _Element:
    name: str
    rest: str
    children: list[str] = field(default_factory=list)
    text: str = ""


def _tex(inside: str) -> str:
    opened = [_Element("math", "")]
    position = 0
    for match in _TAG.finditer(inside):
        opened[-1].text += inside[position : match.start()]
        position = match.end()
        name = match["name"].lower()
        if not match["end"]:
            opened.append(_Element(name, match["rest"]))
        if match["end"] or match["rest"].endswith("/"):
            if len(opened) < 2 or opened[-1].name != name:
                raise Unfaithful
            shown = _element(opened.pop())
            if len(shown) > TEX_FORMULA:
                raise Unfaithful
            opened[-1].children.append(shown)
    opened[-1].text += inside[position:]
    if len(opened) > 1:
        raise Unfaithful
    return _element(opened[0])


def _element(element: _Element) -> str:
    name, children = element.name, element.children
    if name in _LEAVES:
        return _leaf(name, element.text if name == "mtext" else element.text.strip())
    if name in _ROWS:
        opening, closing = _ROWS[name]
        return f"{opening}{''.join(children)}{closing}"
    if name in ("annotation", "none", "mspace"):
        return " " if name == "mspace" else ""
    if name == "semantics":
        return "".join(children[:1])
    return _layout(element)


def _layout(element: _Element) -> str:
    count, tex = _CHILDREN.get(element.name, (0, ""))
    children = element.children[::-1] if element.name == "mroot" else element.children
    if not count or len(children) != count:
        raise Unfaithful
    if "linethickness" in element.rest:  # a fraction without its line
        tex = r"\binom{%s}{%s}"
    if element.name == "mover" and children[1].strip() in _ACCENTS:
        return rf"\{_ACCENTS[children[1].strip()]}{{{children[0]}}}"
    return tex % tuple(children)


def _leaf(name: str, text: str) -> str:
    text = text.translate(_INVISIBLE)
    escaped = _SPECIAL.sub(
        lambda match: {"~": "∼", "^": r"\hat{}", "\\": r"\backslash "}.get(match[0], "\\" + match[0]), text
    )
    if name == "mi" and text in FUNCTIONS:
        return f"\\{text} "
    if name == "mtext" or (name in ("mi", "ms") and len(text) > 1):
        return rf"\text{{{escaped}}}"
    return escaped
