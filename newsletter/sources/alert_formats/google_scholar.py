"""Alerts of Google Scholar: new articles of an author, on a query, or that cite a work.

A title is a link of the class `gse_alrt_title` to Scholar's redirect, whose parameter `url` is the address of the
paper; below stand a line "Authors - Journal, Year" and the beginning of a text (`gse_alrt_sni`). Google documents
none of this: built from descriptions in public parsers of such mails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from newsletter.models import Entry, Refusal
from newsletter.papers.identifiers import arxiv_id
from newsletter.sources.alert_formats.html_blocks import Block, blocks_of
from newsletter.sources.alert_formats.message import AlertMail, paper
from newsletter.sources.formats import values

# "[PDF] ", "[HTML] ", "[BOOK] [B] ", "[CITATION] [C] ".
_KIND = re.compile(r"(?:\[[A-Z]{1,8}\]\s*)+")
_YEAR = re.compile(r"(?:^|,\s*)((?:19|20)\d\d)$")
_ARXIV = re.compile(r"arXiv:\s*(\S+)", re.IGNORECASE)


def entries(mail: AlertMail) -> Iterator[Entry | Refusal]:
    """Yield the papers of a mail."""
    for number, block in enumerate(blocks_of(mail.html, _is_title), start=1):
        try:
            yield _entry(block)
        except ValueError as error:
            yield Refusal(f"entry {number}", str(error))


def _is_title(href: str, classes: str) -> bool:
    return "gse_alrt_title" in classes.split() or ("//scholar.google." in href and "/scholar_url?" in href)


def _entry(block: Block) -> Entry:
    byline = next((line.text for line in block.lines if "gse_alrt_sni" not in line.classes), "")
    names, _, where = byline.replace("\xa0", " ").partition(" - ")
    facts: dict[str, Any] = {}
    where = where.split(" - ")[0].strip()
    if year := _YEAR.search(where):
        facts["published"] = values.stated(year[1])
        where = where[: year.start()]
    if found := _ARXIV.search(where):
        facts["arxiv_id"] = arxiv_id(found[1])
    venue = values.plain_text(where).strip(" …")
    facts["venue"] = venue if "arxiv" not in venue.lower() and not where.endswith("…") else None
    authors = values.people(name.strip(" …") for name in names.split(",")) if where or year else ()
    return paper(
        _KIND.sub("", block.title, count=1) if _KIND.match(block.title) else block.title,
        block.href,
        abstract=block.of_class("gse_alrt_sni"),
        authors=authors,
        **facts,
    )
