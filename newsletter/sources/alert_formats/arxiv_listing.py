r"""arXiv's own listing mail: https://info.arxiv.org/help/subscribe.html, in plain text.

Each paper is a block between lines of backslashes: the number, "Date:", then "Title:", "Authors:", "Categories:" with
their continued lines, then after `\\` the abstract, up to `\\ ( https://arxiv.org/abs/…`. Replacements have no
abstract. Built from that page and the listings that arXiv's own code reads (github.com/arXiv/arxiv-browse).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.limits import ALERT_LISTED
from newsletter.models import Entry, Refusal
from newsletter.papers.identifiers import arxiv_version, doi
from newsletter.sources.alert_formats.message import AlertMail
from newsletter.sources.formats import values
from newsletter.text import squeeze

_MAX_PAPERS = ALERT_LISTED
_NUMBER = re.compile(r"^(?:arXiv|Paper)(?: \(\*cross-listing\*\))?:[ \t]*(?P<id>\S+)", re.MULTILINE)
_FIELD = re.compile(r"^(?P<name>[A-Z][\w-]*):[ \t]?(?P<value>.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
_SEPARATOR = re.compile(r"^\\\\.*$", re.MULTILINE)
_RULE = re.compile(r"^(?:-{20,}|(?:%-){10,}%?-*)[ \t]*$", re.MULTILINE)
_REPLACED = re.compile(r"^replaced with revised version", re.MULTILINE)
_NOT_SHOWN = re.compile(r",? ?et al\.? ?\(\d{1,6} additional authors not shown\)")


def entries(mail: AlertMail) -> Iterator[Entry | Refusal]:
    """Yield the new papers and the cross-lists of a listing; new versions are no new papers."""
    found = (block for block in _RULE.split(mail.text) if _NUMBER.search(block))
    for number, block in enumerate(found, start=1):
        if number > _MAX_PAPERS:
            return
        if _REPLACED.search(block):
            continue
        try:
            yield _entry(block)
        except ValueError as error:
            yield Refusal(f"entry {number}", str(error))


def is_listing(mail: AlertMail) -> bool:
    """Return whether a mail has the form of a listing: a number between a rule and its fields."""
    return bool(_NUMBER.search(mail.text) and _SEPARATOR.search(mail.text))


def _entry(block: str) -> Entry:
    # The number stands below the first line of backslashes, the abstract between the second and the third.
    parts = [part for part in _SEPARATOR.split(block) if part.strip()]
    head, rest = parts[0], parts[1:]
    number = _NUMBER.search(head)
    arxiv, version = arxiv_version(number["id"]) if number else (None, None)
    if arxiv is None:
        raise ValueError("no arXiv id")
    fields = {match["name"].lower(): match["value"] for match in _FIELD.finditer(head)}
    title = values.plain_text(fields.get("title", ""))
    if not title:
        raise ValueError("no title")
    return Entry(
        source="alerts",
        title=title,
        abstract=values.plain_abstract(rest[0]) if rest else "",
        authors=values.names(_NOT_SHOWN.sub("", squeeze(fields.get("authors", "")))),
        arxiv_id=arxiv,
        doi=next(filter(None, map(doi, fields.get("doi", "").split())), None),
        published=values.day(fields.get("date", "").partition("(")[0].strip()),
        categories=tuple(dict.fromkeys(fields.get("categories", "").split())),
        version=version,
    )
