"""Alerts and research feeds of Semantic Scholar.

A title is a link (class `paper-link`) to semanticscholar.org/paper/…/ID; authors, venue and text are known by the
names of their classes, a summary by the word TLDR before it. Semantic Scholar documents none of this: built from
public parsers of such mails, and the least certain of the formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.models import Entry, Refusal
from newsletter.sources.alert_formats.html_blocks import Block, blocks_of
from newsletter.sources.alert_formats.message import AlertMail, paper, target_of
from newsletter.sources.formats import values

_ID = re.compile(r"semanticscholar\.org/paper/(?:[^/?#]+/)?(?P<id>[0-9a-f]{40})(?=[/?#]|$)", re.IGNORECASE)
#: Further links to a paper: its buttons.
_BUTTON = re.compile(r"(?:view|read|save|see|open|more|expand|pdf|cite|share)\b.{0,30}", re.IGNORECASE)
_TLDR = re.compile(r"TL;?DR:?\s*", re.IGNORECASE)


def entries(mail: AlertMail) -> Iterator[Entry | Refusal]:
    """Yield the papers of a mail, each once."""
    seen = set()
    for number, block in enumerate(_blocks(mail.html), start=1):
        found = _ID.search(target_of(block.href))
        if found is None or found["id"] in seen:
            continue
        seen.add(found["id"])
        try:
            yield _entry(block, found["id"])
        except ValueError as error:
            yield Refusal(f"entry {number}", str(error))


def _blocks(html: str) -> list[Block]:
    """Return the links that are titles by their class; where none has it, those to papers that are no buttons."""
    marked = blocks_of(html, lambda href, classes: "paper-link" in classes and bool(_ID.search(target_of(href))))
    if marked:
        return marked
    links = blocks_of(html, lambda href, _classes: bool(_ID.search(target_of(href))))
    return [block for block in links if not _BUTTON.fullmatch(block.title)]


def _entry(block: Block, number: str) -> Entry:
    tldr = next((line.text for line in block.lines if _TLDR.match(line.text)), "")
    venue = values.plain_text(block.of_class("venue"))
    return paper(
        block.title,
        f"https://www.semanticscholar.org/paper/{number.lower()}",
        abstract=block.of_class("abstract"),
        authors=values.names(block.of_class("author")),
        venue=venue if not venue.lower().startswith("arxiv") else None,
        summary=values.plain_text(_TLDR.sub("", tldr, count=1)),
    )
