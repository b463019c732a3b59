"""Convert markup to plain Unicode: LaTeX, HTML, JATS and entities. Pure functions over `str`; none of them raises.

Sources disagree on the markup of a title: arXiv has LaTeX, feeds have HTML, Crossref has JATS, and each has some of
the others'. So every kind is converted everywhere, but only what is certainly markup: "a < b", "<think>" and
"$5 or $6" stay as they are.
"""

from __future__ import annotations

import html
import re
from functools import cache, lru_cache
from html.entities import html5
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from newsletter.limits import MARKUP, TEX_DEPTH
from newsletter.text import squeeze


def clean(text: str) -> str:
    """Return text on one line without tags and entities, with LaTeX as Unicode where that is faithful.

    Only the first 60,000 characters are looked at; time is linear in the length.
    """
    text = text[:MARKUP]
    if "&" in text:
        text = _resolve(text)
    if "<" in text:
        text = _without_tags(text)
    return squeeze(_latex_to_unicode(text) if "\\" in text or "$" in text else text)


def clean_abstract(text: str) -> str:
    """Clean an abstract, and remove a label in front of it: "Abstract:", "arXiv:… Announce Type: new"."""
    text = text[:MARKUP]
    heading = _LABEL_HEADING.match(text)
    text = clean(text[heading.end() :] if heading else text)
    label = _LABEL.match(text)
    return text[label.end() :] if label else text


# A label has a line or heading of its own; in front of a sentence, it may be the subject ("Abstract argumentation").
_LABEL_HEADING = re.compile(
    r"^\s*(?:<[^<>]*>\s*)*?(?:<(?P<tag>(?:jats:)?title|h[1-6]|b|strong)\b[^<>]*>\s*+(?:abstract|summary)\s*+(?:[:.]\s*+)?</(?P=tag)>"
    r"|(?:abstract|summary)\s*\n)",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^(?:arXiv:\S+ Announce Type: [\w-]+ ?)?(?:(?:abstract|summary)(?: ?:| ?—| [–-] )\s*)?", re.IGNORECASE
)

# -- HTML and JATS --------------------------------------------------------------------------------

# Tags that are always markup, with or without a JATS or MathML prefix. Any other tag may be what the sentence is about.
_TAG_NAMES = (
    "a|abbr|abstract|address|alternatives|area|article|aside|audio|b|big|blockquote|body|bold|br|button|center|cite|code|col|"
    "dd|del|details|disp-formula|div|dl|dt|em|embed|ext-link|figcaption|figure|fn|font|footer|form|h[1-6]|head|header|hr|"
    "html|i|img|inline-formula|inline-graphic|input|ins|italic|kbd|label|li|link|list|list-item|main|mark|meta|monospace|"
    "named-content|nav|ol|overline|p|picture|pre|q|ref|s|sc|sec|section|small|source|span|strike|strong|styled-content|sub|"
    "summary|sup|svg|table|tbody|td|tex-math|tfoot|th|thead|time|title|tr|track|tt|u|ul|underline|video|wbr|xref"
)
_TAG = re.compile(
    rf"<(/?)(?:(?:jats|mml|m):[\w-]+|(?:{_TAG_NAMES}))(?=[\s/>])(?:[^<>\"']|\"[^\"]*\"|'[^']*')*+>", re.IGNORECASE
)
_SUB_OR_SUP = re.compile(
    r"<(?:jats:)?(?P<tag>su[bp])\b[^<>]*>(?P<inside>[^<>]{1,20})</(?:jats:)?(?P=tag)\s*>", re.IGNORECASE
)
# A block separates words.
_BLOCK = re.compile(
    r"<(?:/?(?:jats:)?(?:p|div|br|hr|h[1-6]|li|list-item|sec|section|title|tr|td|th|blockquote|table|ul|ol|dd|dt))\b",
    re.IGNORECASE,
)


_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def _resolve(text: str) -> str:
    """Resolve entities, also those that were escaped twice ("&amp;lt;")."""
    once = _ENTITY.sub(_character, text)
    return _ENTITY.sub(_character, once) if "&" in once else once


def _character(match: re.Match[str]) -> str:
    known = match[0][1] == "#" or match[0][1:] in html5  # unescape() would also take "&not" out of "&notion;"
    return html.unescape(match[0]) if known else match[0]


# Elements whose content is not shown.
_HIDDEN = re.compile(
    r"<(?P<comment>!--)|<(?P<prefix>jats:)?(?P<name>script|style|iframe|object|noscript|tex-math)\b", re.IGNORECASE
)


_ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


def _without_tags(text: str) -> str:
    text = _without_hidden(text.replace("<![CDATA[", "").replace("]]>", ""))
    text = _SUB_OR_SUP.sub(_shifted, text)
    return _TAG.sub(lambda match: " " if _BLOCK.match(match[0]) else "", text)


def _without_hidden(text: str) -> str:
    """Remove comments, scripts and the like, to the end of the text if they are not closed.

    TeX formulas with a preamble are removed where the text has them in MathML, too. Time is linear in the length.
    """
    lower = text.translate(_ASCII_LOWER)  # keeps the length, as str.lower() may not
    has_mathml = "<mml:" in lower
    kept: list[str] = []
    position = 0
    for match in _HIDDEN.finditer(text):
        name = (match["name"] or "").lower()
        if match.start() < position or (name == "tex-math" and not has_mathml):
            continue
        end_mark = "-->" if match["comment"] else f"</{(match['prefix'] or '').lower()}{name}"
        end = lower.find(end_mark, match.end())
        kept += [text[position : match.start()], " "]
        position = len(text) if end < 0 else lower.find(">", end) + 1 or len(text)
    return "".join([*kept, text[position:]])


def _shifted(match: re.Match[str]) -> str:
    """Use the superscripts and subscripts of Unicode where it has them: "CO<sub>2</sub>", "10<sup>-3</sup>"."""
    table = _SUPERSCRIPTS if match["tag"].lower() == "sup" else _SUBSCRIPTS
    inside = match["inside"].strip().replace("−", "-")
    return inside.translate(table) if all(ord(character) in table for character in inside) else match["inside"]


# -- LaTeX ----------------------------------------------------------------------------------------

# Between two dollars, a backslash, ^ or _ means mathematics. Without one, Pandoc's rule tells money apart: no space
# after the opening dollar, and neither a space before nor a digit after the closing one.
_MATH = re.compile(
    r"(?<![\\$])\$(?:(?P<marked>[^$\\^_]{0,300}[\\^_][^$]{0,300})\$"
    r"|(?P<plain>(?!\s)[^$]{1,300})(?<!\s)\$(?![\d$]))"
    r"|\\\((?P<round>(?:[^\\\n]|\\(?![()\n])){1,300})\\\)"
)
_STYLED_OR_BRACE = re.compile(
    r"\\(?:text(?:it|bf|tt|sc|rm|sf|sl|md|up|normal)?|emph|underline|math(?:rm|it|bf|sf|tt)|mbox)\s*\{|[{}]"
)
_ACCENT = re.compile(r"""\\(?:['"`^~=.](?:\{\\?[A-Za-z]\}|\\?[A-Za-z])|[cvuHkr]\{[A-Za-z]\})""")
_ESCAPED = re.compile(r"\\([%&$#_{}])")
_SCRIPT = re.compile(r"([\^_])(?:\{([^{}]{1,12})\}|(\w))")
_SUPERSCRIPTS = str.maketrans("0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ")
_SUBSCRIPTS = str.maketrans("0123456789+-=()aeijkmnopt", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑᵢⱼₖₘₙₒₚₜ")


def _latex_to_unicode(text: str) -> str:
    """Convert LaTeX to Unicode where that is faithful; leave the rest."""
    text = _MATH.sub(lambda match: _math(match[match.lastgroup or 0]), text)
    text = _without_styles(text)
    text = _ACCENT.sub(lambda match: _unicode(match[0]), text)
    return squeeze(_ESCAPED.sub(r"\1", text))


def _without_styles(text: str) -> str:
    """Replace \\emph{…} and the like by their arguments, where these have no other braces, in one pass."""
    kept: list[str] = []
    #: For each open brace, where it stands in `kept`, and whether all within are arguments that were replaced.
    opened: list[tuple[int, bool]] = []
    position = 0
    for match in _STYLED_OR_BRACE.finditer(text):
        kept += [text[position : match.start()], match[0]]
        position = match.end()
        if match[0] != "}":
            opened.append((len(kept) - 1, True))
            continue
        start, is_plain = opened.pop() if opened else (-1, False)
        if is_plain and kept[start] != "{":
            kept[start] = kept[-1] = ""
        elif opened:
            opened[-1] = opened[-1][0], False
    return "".join([*kept, text[position:]])


_MAX_CACHED_LENGTH = 100


def _math(formula: str) -> str:
    scripted = _SCRIPT.sub(_script, formula)
    text = _unicode(f"${scripted}$")
    return formula if "\\" in text else text


def _script(match: re.Match[str]) -> str:
    is_superscript = match[1] == "^"
    content = (match[2] or match[3]).strip()
    table = _SUPERSCRIPTS if is_superscript else _SUBSCRIPTS
    # Without the empty group, a command before the script (\alpha_i) would take the character as part of its name.
    return "{}" + content.translate(table) if all(ord(char) in table for char in content) else match[0]


def _unicode(latex: str) -> str:
    return _cached_unicode(latex) if len(latex) <= _MAX_CACHED_LENGTH else _converted(latex)


@lru_cache(maxsize=8192)
def _cached_unicode(latex: str) -> str:
    """Convert a short formula; cached, since that takes 0.2 ms and papers have many in common."""
    return _converted(latex)


def _converted(latex: str) -> str:
    if not _is_convertible(latex):
        return latex
    try:
        return squeeze(str(_converter().latex_to_text(latex, tolerant_parsing=True)))
    except Exception:  # noqa: BLE001 - invalid LaTeX raises all kinds of errors: $\frac\sqrt$ is a KeyError
        return latex


# A brace or bracket, or a command with an option. One that is escaped, or sized by \\left and the like, is no group.
_GROUP = re.compile(r"\\(?:left|right|[bB]igg?[lrm]?)\s*[\[\]]|(?P<option>\\[A-Za-z]+\s*\[)|\\.|[{}\[\]]", re.DOTALL)


def _is_convertible(latex: str) -> bool:
    """Return whether groups are closed, and optional arguments hardly nested.

    Where a group is not closed, pylatexenc's tolerant parser tries again at each level: time is exponential.
    """
    opened: list[str] = []
    for match in _GROUP.finditer(latex):
        is_in_option = opened[-1:] == ["["]
        if match[0] in ("}", "]") and opened[-1:] == ["{" if match[0] == "}" else "["]:
            opened.pop()
        elif match[0] == "}":
            return False
        elif match[0] == "{":
            opened.append("{")
        elif match.lastgroup == "option" or (match[0] == "[" and is_in_option):  # elsewhere, as in [0, 1), it is text
            opened.append("[")
            if opened.count("[") > TEX_DEPTH:
                return False
    return not opened


@cache
def _converter() -> Any:
    from pylatexenc import latex2text  # noqa: PLC0415 - slow to import, and most text has no LaTeX

    known = latex2text.get_default_latex_context_db()
    # An unknown command stays as it is, instead of being dropped.
    known.set_unknown_macro_spec(latex2text.MacroTextSpec("", simplify_repl=lambda node: node.latex_verbatim()))
    return latex2text.LatexNodes2Text(math_mode="text", latex_context=known)
