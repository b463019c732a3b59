"""Convert markup to plain Unicode: TeX, HTML, JATS and entities. Pure functions over `str`; none of them raises.

Sources disagree on the markup of a title: arXiv has TeX, feeds have HTML, Crossref has JATS, and each may have TeX and
entities. Tags are removed where a source can have them, but only what is certainly markup: "a < b", "<think>" and
"$5 or $6" stay as they are. Where a source has plain text, "<s>" and "p<s for all t and u>0" stay, too.
"""

from __future__ import annotations

import html
import re
from enum import Enum, auto
from html.entities import html5
from string import ascii_lowercase, ascii_uppercase

from newsletter.limits import MARKUP
from newsletter.text import tex
from newsletter.text.mathml import without_mathml
from newsletter.text.tex.symbols import shifted


class Markup(Enum):
    """What the text of a source may hold, besides TeX and entities."""

    TAGS = auto()
    #: The few elements of reference managers (CSL's rich text, https://docs.citationstyles.org), where they are closed.
    RICH = auto()
    PLAIN = auto()


def clean(text: str, markup: Markup = Markup.TAGS) -> str:
    """Return text on one line without tags and entities, with TeX as Unicode where that is faithful.

    Only the first 60,000 characters are looked at; time is linear in the length.
    """
    text = text[:MARKUP]
    if "<" in text and markup is Markup.TAGS:
        text = _WORD_TAG.sub("", text)
    if "&" in text:
        text = _resolve(text)
    if "<" in text and markup is Markup.TAGS:
        text = _without_tags(text)
    elif "</" in text and markup is Markup.RICH:
        text = _RICH.sub(r"\g<inside>", _SUB_OR_SUP.sub(_shifted, text))
    return tex.read(text)


def clean_abstract(text: str, markup: Markup = Markup.TAGS) -> str:
    """Clean an abstract, and remove a label in front of it: "Abstract:", "arXiv:… Announce Type: new"."""
    text = text[:MARKUP]
    heading = _LABEL_HEADING.match(text)
    text = clean(text[heading.end() :] if heading else text, markup)
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
    "applet|frame|frameset|iframe|noframes|noscript|object|param|scp|script|style|"
    "annotation|maction|math|menclose|merror|mfenced|mfrac|mglyph|mi|mlabeledtr|mmultiscripts|mn|mo|mover|mpadded|"
    "mphantom|mprescripts|mroot|mrow|ms|mspace|msqrt|mstyle|msub|msubsup|msup|mtable|mtd|mtext|mtr|munder|munderover|"
    "semantics|"
    "a|abbr|abstract|acronym|address|alternatives|area|article|aside|audio|b|bdi|bdo|big|blockquote|body|bold|br|"
    "button|center|cite|code|col|colgroup|dd|del|details|dfn|disp-formula|div|dl|dt|em|embed|ext-link|fieldset|figcaption|"
    "figure|fn|font|footer|form|h[1-6]|head|header|hgroup|hr|html|i|img|inline-formula|inline-graphic|input|ins|italic|kbd|"
    "label|li|link|list|list-item|main|mark|meta|monospace|named-content|nav|nobr|ol|optgroup|overline|p|picture|"
    "pre|q|ref|rp|rt|ruby|s|samp|sc|sec|section|small|source|span|strike|strong|styled-content|sub|summary|sup|svg|table|"
    "tbody|td|tex-math|textarea|tfoot|th|thead|time|title|tr|track|tt|u|ul|underline|video|wbr|xref"
)
_ATTRIBUTES = r"(?=[\s/>])(?:[^<>\"']|\"[^\"]*\"|'[^']*')*+>"
_TAG = re.compile(
    rf"<(?:!doctype|\?xml|/?(?:jats|mml|m):[\w-]+|/?(?:{_TAG_NAMES})){_ATTRIBUTES}",
    re.IGNORECASE,
)
# Elements of HTML with names that are words, too: of these, only what the source did not escape is markup.
_WORD_TAG = re.compile(
    r"</?(?:blink|canvas|caption|command|datagrid|datalist|dialog|dir|event-source|keygen|legend|map|marquee|menu|meter|multicol|nextid|"
    rf"option|output|progress|select|spacer|var){_ATTRIBUTES}",
    re.IGNORECASE,
)
# Parts of a drawing that is not closed; elsewhere, they are words.
_DRAWING_TAG = re.compile(
    r"</?(?:svg|circle|clippath|defs|desc|ellipse|g|line|path|polygon|polyline|rect|text|tspan|use)"
    r"(?=[\s/>])[^<>]*>",
    re.IGNORECASE,
)
_SUB_OR_SUP = re.compile(
    r"<(?:jats:)?(?P<tag>su[bp])\b[^<>]*>(?P<inside>[^<>]{1,20})</(?:jats:)?(?P=tag)\s*>", re.IGNORECASE
)
_RICH = re.compile(
    r"<(?P<tag>i|b|sc|span)(?: (?:class|style)=\"[^<>\"]{1,60}\")?>(?P<inside>[^<>]*+)</(?P=tag)>", re.IGNORECASE
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
    r"<(?P<comment>!--)|<(?P<prefix>jats:)?(?P<name>script|style|iframe|object|applet|noscript|noframes|svg|tex-math)\b",
    re.IGNORECASE,
)
# Without an end tag, these hide the rest, as in browsers. The others are ignored, so that no text is lost.
_HIDES_THE_REST = frozenset({"", "script", "style"})

_ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


def _without_tags(text: str) -> str:
    text = _without_hidden(text.replace("<![CDATA[", "").replace("]]>", ""))
    lower = text.lower()
    if "math" in lower:
        text = without_mathml(text)
    if "<svg" in lower:
        text = _DRAWING_TAG.sub(" ", text)
    text = _SUB_OR_SUP.sub(_shifted, text)
    return _TAG.sub(lambda match: " " if _BLOCK.match(match[0]) else "", text)


def _without_hidden(text: str) -> str:
    """Remove comments, scripts and the like; where a comment or script is not closed, to the end of the text.

    TeX formulas with a preamble are removed where the text has them in MathML, too. Time is linear in the length.
    """
    lower = text.translate(_ASCII_LOWER)  # keeps the length, as str.lower() may not
    has_mathml = "<mml:" in lower or "<math" in lower
    kept: list[str] = []
    unclosed: set[str] = set()
    position = 0
    for match in _HIDDEN.finditer(text):
        name = (match["name"] or "").lower()
        if match.start() < position or (name == "tex-math" and not has_mathml):
            continue
        end_mark = "-->" if match["comment"] else f"</{(match['prefix'] or '').lower()}{name}"
        end = -1 if end_mark in unclosed else lower.find(end_mark, match.end())
        if end < 0 and name not in _HIDES_THE_REST:
            unclosed.add(end_mark)
            continue
        kept += [text[position : match.start()], " "]
        position = len(text) if end < 0 else lower.find(">", end) + 1 or len(text)
    return "".join([*kept, text[position:]])


def _shifted(match: re.Match[str]) -> str:
    """Use the superscripts and subscripts of Unicode where it has them: "CO<sub>2</sub>", "10<sup>-3</sup>".

    An expression is put into brackets: "n<sup>1-k/2</sup>" is "n^(1-k/2)", not "n1-k/2".
    """
    return shifted(match["inside"], is_superscript=match["tag"].lower() == "sup")
