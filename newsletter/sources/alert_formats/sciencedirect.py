"""Alerts of ScienceDirect: on a search, a journal or a topic.

A title is a link to /science/article/pii/…, directly or in a redirect; below stand the type of the article, a line
"Journal, Volume …" or "Journal, Available online …", and the authors. Elsevier documents none of this: built from
descriptions in public parsers of such mails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from newsletter.models import Entry, Refusal, StatedDate
from newsletter.sources.alert_formats.html_blocks import Block, blocks_of
from newsletter.sources.alert_formats.message import AlertMail, paper
from newsletter.sources.formats import dates, values

_ARTICLE = re.compile(r"sciencedirect\.com/science/article/(?:abs/)?pii/(?P<pii>[A-Z0-9]{10,24})")
#: "Journal of Clouds, Volume 12, Pages 1-9" and "Journal of Clouds, Available online 7 May 2026, 104321".
_REFERENCE = re.compile(
    r"(?P<venue>.{2,200}?)(?:,| \|| -)?\s*(?P<rest>\b(?:Volume|Available online|In Press|Article in Press)\b.*)"
)
_ONLINE = re.compile(r"Available online:?\s*(?P<day>\d{1,2} [A-Z][a-z]+ \d{4})")
_MONTH = re.compile(r"\b(?P<month>[A-Z][a-z]{2,8} \d{4})\b")
_BUTTON = re.compile(r"(?:view|download|open|read|see|get|full[- ]text|pdf|abstract)\b.{0,40}", re.IGNORECASE)


def entries(mail: AlertMail) -> Iterator[Entry | Refusal]:
    """Yield the papers of a mail, each once."""
    seen = set()
    for number, block in enumerate(blocks_of(mail.html, _is_title), start=1):
        found = _ARTICLE.search(unquote(block.href))
        if found is None or found["pii"] in seen or _BUTTON.fullmatch(block.title):
            continue
        seen.add(found["pii"])
        try:
            yield _entry(block, found["pii"])
        except ValueError as error:
            yield Refusal(f"entry {number}", str(error))


def _is_title(href: str, _classes: str) -> bool:
    return bool(_ARTICLE.search(unquote(href)))


def _entry(block: Block, pii: str) -> Entry:
    lines = [line.text for line in block.lines]
    at = next((number for number, line in enumerate(lines) if _REFERENCE.fullmatch(line)), None)
    reference = _REFERENCE.fullmatch(lines[at]) if at is not None else None
    below = lines[at + 1] if at is not None and at + 1 < len(lines) else ""
    return paper(
        block.title,
        f"https://www.sciencedirect.com/science/article/pii/{pii}",
        authors=values.people(name.strip(" .…") for name in below.split(",")) if _are_names(below) else (),
        venue=values.plain_text(reference["venue"]).rstrip(" ,") if reference else None,
        published=_published(reference["rest"]) if reference else None,
    )


def _are_names(line: str) -> bool:
    """Return whether a line may be one of authors: some words in each place, and no digits."""
    return bool(line) and not re.search(r"\d|://", line) and all(len(name.split()) <= 6 for name in line.split(","))


def _published(rest: str) -> StatedDate | None:
    if online := _ONLINE.search(rest):
        return dates.published({"date": online["day"]})
    month = _MONTH.search(rest)
    return dates.published({"date": month["month"]}) if month else None
