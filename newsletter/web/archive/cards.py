"""Papers as cards: what a list of papers shows of each."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from newsletter.models import Paper, StatedDate
from newsletter.rendering.card_context import byline
from newsletter.rendering.language import language
from newsletter.rendering.links import paper_links
from newsletter.text import counted, whole_sentences

_ABSTRACT_LENGTH = 420
_ENGLISH = language("en")


@dataclass(frozen=True, slots=True)
class Card:
    """A paper in a list."""

    title: str
    #: Path of the paper's page, without the site's prefix.
    path: str
    byline: str
    #: For example "6 May 2026", "48 upvotes", "3 comments".
    facts: tuple[str, ...]
    #: The source's one-line summary, or "".
    summary: str
    #: The abstract or a search snippet, in pieces, each with whether it is a hit.
    pieces: tuple[tuple[str, bool], ...]
    links: tuple[tuple[str, str], ...]
    is_withdrawn: bool


def card_of(paper: Paper, snippet: tuple[tuple[str, bool], ...] = ()) -> Card:
    """Return the card of a paper; a snippet with hits replaces the beginning of the abstract."""
    abstract = whole_sentences(paper.abstract, _ABSTRACT_LENGTH)
    has_hits = any(is_hit for _, is_hit in snippet)
    return Card(
        title=paper.title,
        path=path_of(paper.key),
        byline=byline(paper, _ENGLISH),
        facts=facts_of(paper),
        summary=paper.summary or "",
        pieces=snippet if has_hits else ((abstract, False),) if abstract else (),
        links=paper_links(paper),
        is_withdrawn=paper.withdrawn,
    )


def facts_of(paper: Paper) -> tuple[str, ...]:
    """Return a paper's venue, day and numbers of upvotes and comments, as far as they are known."""
    numbers = ((paper.upvotes, "upvote"), (paper.comments, "comment"))
    counts = [counted(number, noun) for number, noun in numbers if number]
    return (*([paper.venue] if paper.venue else []), format_day(paper.stated), *counts)


def format_day(day: StatedDate) -> str:
    """Format a day for people, for example "8 May 2026"."""
    return _ENGLISH.day(day)


def path_of(key: str) -> str:
    """Return the path of a paper's page, without the site's prefix."""
    return f"/papers/{quote(key, safe=':/')}"
