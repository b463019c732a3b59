"""Papers as pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from newsletter.models import Paper
from newsletter.rendering.card_context import byline
from newsletter.rendering.language import language
from newsletter.rendering.links import paper_links
from newsletter.text import counted, whole_sentences

_ABSTRACT_LENGTH = 420
_ENGLISH = language("en")


@dataclass(frozen=True, slots=True)
class Card:
    """One paper in a list."""

    title: str
    #: Of its own page, below the site's.
    path: str
    byline: str
    #: "6 May 2026", "48 upvotes", "3 comments": what is known.
    facts: tuple[str, ...]
    #: What the source says in one line, or "".
    summary: str
    #: Of the abstract, in pieces, each with whether it is what was looked for.
    pieces: tuple[tuple[str, bool], ...]
    links: tuple[tuple[str, str], ...]
    is_withdrawn: bool


def card_of(paper: Paper, snippet: tuple[tuple[str, bool], ...] = ()) -> Card:
    """Return a paper as a list shows it; a snippet takes the place of the abstract's beginning."""
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
    """Return what is known of a paper's day and how it was received."""
    numbers = ((paper.upvotes, "upvote"), (paper.comments, "comment"))
    counts = [counted(number, noun) for number, noun in numbers if number]
    return (*([paper.venue] if paper.venue else []), day_in_words(paper.day), *counts)


def day_in_words(day: date) -> str:
    """Return "8 May 2026"."""
    return _ENGLISH.day(day)


def path_of(key: str) -> str:
    """Return the path of a paper's page, by its key."""
    return f"/papers/{quote(key, safe=':/')}"
