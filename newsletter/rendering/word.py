"""How Outlook for Windows sees a page: laid out by Word, which knows conditional comments and little CSS.

Sources: Microsoft, "Word 2007 HTML and CSS Rendering Capabilities in Outlook 2007" (MSDN Library, aa338201), whose
lists hold for all versions that lay out with Word; caniemail.com for what is known since.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import tinycss2  # type: ignore[import-untyped]

#: What Word applies to any element.
_ANYWHERE = frozenset({
    *("background", "background-color", "border-collapse", "color", "direction", "display", "font", "font-family"),
    *("font-size", "font-style", "font-variant", "font-weight", "letter-spacing", "line-height", "list-style"),
    *("list-style-type", "page-break-after", "page-break-before", "text-align", "text-decoration", "text-transform"),
    *("unicode-bidi", "vertical-align", "white-space"),
})  # fmt: skip
_BORDER = re.compile(r"border(-(top|right|bottom|left))?(-(color|style|width))?")
#: What it applies to blocks and cells, and what to cells and tables alone.
_BLOCKS = frozenset(
    {"blockquote", "body", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "ul"}
)
_CELLS = frozenset({"table", "td", "th", "tr"})
_OF_BLOCKS = re.compile(r"margin(-(top|right|bottom|left))?|text-indent")
_OF_CELLS = re.compile(r"padding(-(top|right|bottom|left))?|width|height|table-layout")
#: Without it a page is plainer, but no part of it is elsewhere: square corners, and less space around texts.
_HARMLESS = re.compile(
    r"border-radius|box-shadow|text-shadow|max-height|overflow|opacity|transition|word-break|overflow-wrap|word-wrap"
    r"|(-webkit-|-ms-).*|padding(-(top|right|bottom|left))?|cursor"
)
_COMMENT = re.compile(r"<!--\[if ([^\]]*)\]>(.*?)<!\[endif\]-->", re.DOTALL)
_REVEALED = re.compile(r"<!--\[if ([^\]]*)\]><!-->(.*?)<!--<!\[endif\]-->", re.DOTALL)
_VERSION = re.compile(r"(gte?|lte?)? *mso *(\d+)?")
_CURRENT = 16


def word_page(page: str) -> str:
    """Return a page as Word reads it, with its conditional comments resolved."""
    page = _REVEALED.sub(lambda match: match[2] if is_met(match[1]) else "", page)
    return _COMMENT.sub(lambda match: match[2] if is_met(match[1]) else "", page)


def is_met(condition: str) -> bool:
    """Return whether Word meets the condition of a comment, such as "mso", "!mso" or "(gte mso 9)|(IE)"."""
    return any(_is_met(alternative.strip(" ()")) for alternative in condition.lower().split("|"))


def ignored_by_word(tree: Any) -> Iterator[str]:
    """Yield what Word ignores of a page, an lxml tree, and that moves a part of it, each once: "float of div".

    Style sheets are left out: all that the layout needs has to be inline, since Gmail may drop them. But a link that is
    a button by its padding has this in Word from its cell, whose `mso-padding-alt` may stand in a sheet for Word.
    """
    seen = {"padding of a"} if any("mso-padding-alt" in (sheet.text or "") for sheet in tree.iter("style")) else set()
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        for what in _ignored_of(element, element.tag.lower()):
            if what not in seen:
                seen.add(what)
                yield what


def _ignored_of(element: Any, tag: str) -> Iterator[str]:
    declared = tinycss2.parse_blocks_contents(element.get("style") or "", skip_comments=True, skip_whitespace=True)
    styles = {node.lower_name: node for node in declared if node.type == "declaration"}
    for name, node in styles.items():
        if node.important:
            yield f"!important of {tag}"
        if not _is_known(name, tag) and not _HARMLESS.fullmatch(name) and not _has_attribute_for(element, name):
            yield f"{name} of {tag}"
    if tag == "img" and not (element.get("width") or element.get("height")):
        yield "the size of img"
    if tag == "a" and _pads(styles.get("padding")):
        yield "padding of a"


def _is_known(name: str, tag: str) -> bool:
    if name in _ANYWHERE or name.startswith("mso-") or _BORDER.fullmatch(name):
        return True
    if tag in _BLOCKS | _CELLS and _OF_BLOCKS.fullmatch(name):
        return True
    return tag in _CELLS and _OF_CELLS.fullmatch(name) is not None


def _has_attribute_for(element: Any, name: str) -> bool:
    """Return whether an attribute of HTML says what a style does that Word ignores."""
    side = name.removeprefix("max-").removeprefix("min-")
    return side in ("width", "height") and bool(element.get("width") or element.get("height"))


def _pads(padding: Any) -> bool:
    return padding is not None and any(node.type == "dimension" and node.value for node in padding.value)


def _is_met(condition: str) -> bool:
    if condition.startswith("!"):
        return not _is_met(condition[1:].strip(" ()"))
    if (match := _VERSION.fullmatch(condition)) is None:
        return False
    relation, version = match[1], int(match[2] or _CURRENT)
    return {
        "gt": version < _CURRENT, "gte": version <= _CURRENT, "lt": version > _CURRENT, "lte": version >= _CURRENT,
        None: version == _CURRENT,
    }[relation]  # fmt: skip
