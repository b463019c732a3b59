"""A mail in HTML as a list of papers: a link that is a title, and the lines of text below it up to the next one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from newsletter.limits import ALERT_LINES, ALERT_PAPERS
from newsletter.text import squeeze

_MAX_PAPERS = ALERT_PAPERS
_MAX_LINES = ALERT_LINES
#: In code points, of one line.
_MAX_LINE = 4000
#: Elements that begin and end a line.
_LINES = frozenset({
    "address", "article", "blockquote", "br", "center", "dd", "div", "dl", "dt", "footer", "h1", "h2", "h3", "h4", "h5",
    "h6", "header", "hr", "li", "main", "ol", "p", "section", "table", "tbody", "td", "tr", "ul",
})  # fmt: skip
_HIDDEN = frozenset({"head", "script", "style", "title"})


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, with the classes of the elements around it."""

    text: str
    classes: str = ""


@dataclass(slots=True)
class Block:
    """A paper: the link that is its title, and the lines up to the next one."""

    href: str
    title: str = ""
    lines: list[Line] = field(default_factory=list)

    def of_class(self, name: str) -> str:
        """Return the text of all lines within an element of a class whose name contains this."""
        return " ".join(line.text for line in self.lines if name in line.classes)


def blocks_of(html: str, is_title: Callable[[str, str], bool]) -> list[Block]:
    """Return the papers of a mail: `is_title` decides by the address and the classes of a link.

    A link without text, such as a picture, is none.
    """
    from lxml import etree  # noqa: PLC0415 - takes a while to import, and most sites read no mail
    from lxml import html as lxml_html  # noqa: PLC0415

    try:
        settings = lxml_html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
        tree = lxml_html.document_fromstring(html.encode("utf-8", "replace"), parser=settings)
    except (etree.LxmlError, ValueError, AssertionError):
        return []
    parser = _Parser(is_title)
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if event == "start":
            parser.start(element)
        else:
            parser.end(element)
    parser.end_line()
    return [block for block in parser.blocks if block.title]


class _Parser:
    """Reads the elements of a document in their order."""

    def __init__(self, is_title: Callable[[str, str], bool]) -> None:
        self.blocks: list[Block] = []
        self._is_title = is_title
        #: The classes of the open elements.
        self._around: list[str] = []
        #: How many elements were open where the present title began; None outside of one.
        self._title_at: int | None = None
        self._hidden = 0
        self._line: list[str] = []

    def start(self, element: Any) -> None:
        """Read the beginning of an element, and the text up to the first one in it."""
        tag, classes = str(element.tag), element.get("class") or ""
        if tag in _LINES:
            self.end_line()
        self._hidden += tag in _HIDDEN
        if tag == "a" and self._begins_title(element.get("href") or "", classes):
            self.end_line()
            self.blocks.append(Block(element.get("href") or ""))
            self._title_at = len(self._around)
        self._around.append(classes)
        self._add(element.text)

    def end(self, element: Any) -> None:
        """Read the end of an element, and the text up to the next one."""
        tag = str(element.tag)
        if tag in _LINES:
            self.end_line()
        self._around.pop()
        if self._title_at == len(self._around):
            self.blocks[-1].title = self._taken()
            self._title_at = None
        self._hidden -= tag in _HIDDEN
        self._add(element.tail)

    def end_line(self) -> None:
        """End a line; within a title, it goes on."""
        if self._title_at is not None:
            self._line.append(" ")
            return
        text = self._taken()
        if text and self.blocks and len(self.blocks[-1].lines) < _MAX_LINES:
            self.blocks[-1].lines.append(Line(text, " ".join(filter(None, self._around))))

    def _begins_title(self, href: str, classes: str) -> bool:
        is_outside = self._title_at is None and not self._hidden
        return is_outside and len(self.blocks) < _MAX_PAPERS and self._is_title(href, classes)

    def _taken(self) -> str:
        text = squeeze("".join(self._line)[:_MAX_LINE])
        self._line.clear()
        return text

    def _add(self, text: str | None) -> None:
        if text and not self._hidden:
            self._line.append(text)
