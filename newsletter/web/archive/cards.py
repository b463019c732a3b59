"""Papers as cards: what a list of papers shows of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import quote

from newsletter.models import Paper
from newsletter.rendering.card_context import byline
from newsletter.rendering.extractive import one_line
from newsletter.rendering.labels import count_labels, link_label, stars_mark, upvotes_mark
from newsletter.rendering.language import Language
from newsletter.rendering.links import paper_links

#: What sources call themselves; others are known by the name in their settings.
_SOURCES = {
    "huggingface": "Hugging Face", "arxiv": "arXiv", "semanticscholar": "Semantic Scholar", "openalex": "OpenAlex",
    "biorxiv": "bioRxiv", "medrxiv": "medRxiv", "pubmed": "PubMed", "europepmc": "Europe PMC", "crossref": "Crossref",
    "openreview": "OpenReview", "acl": "ACL Anthology", "inspire": "INSPIRE", "ads": "NASA ADS", "zotero": "Zotero",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """A paper in a list."""

    paper_id: int
    title: str
    #: Path of the paper's page, without the site's prefix.
    path: str
    byline: str
    #: The byline in fewer words: one author, and how many others.
    lead: str
    #: For example "TMLR", "6 May 2026", "3 comments".
    facts: tuple[str, ...]
    #: "▲58" and "58 upvotes", or "" twice.
    upvotes: tuple[str, str]
    #: The source's summary, else the key sentence of the abstract, or "".
    finding: str
    #: A search snippet in pieces, each with whether it is a hit.
    pieces: tuple[tuple[str, bool], ...]
    #: Label and URL; that of code has its stars.
    links: tuple[tuple[str, str], ...]
    #: The same, each with its name for screen readers, which has the title.
    named_links: tuple[tuple[str, str, str], ...]
    #: URL of a small picture, or "".
    figure_url: str
    is_withdrawn: bool


def card_of(
    paper: Paper, language: Language, snippet: tuple[tuple[str, bool], ...] = (), *,
    shows_figure: bool = False, shows_finding: bool = True,
) -> Card:  # fmt: skip
    """Return the card of a paper; a search snippet is shown if it has hits, and no finding in a list of lines."""
    card = _known_card(paper, language, shows_figure, shows_finding)
    return replace(card, pieces=snippet) if any(is_hit for _, is_hit in snippet) else card


# By all that is known of a paper: once anything of it has changed, it is another one, and no card is out of date.
@lru_cache(maxsize=2048)
def _known_card(paper: Paper, language: Language, shows_figure: bool, shows_finding: bool) -> Card:
    counts, links = count_labels(paper, language), links_of(paper, language)
    has_upvotes = bool(paper.upvotes)
    return Card(
        paper_id=paper.id,
        title=paper.title,
        path=path_of(paper.key),
        byline=byline(paper, language),
        lead=byline(paper, language, named=1),
        facts=(*facts_of(paper, language), *counts[has_upvotes:]),
        upvotes=(upvotes_mark(paper, language), counts[0]) if has_upvotes else ("", ""),
        finding=one_line(paper) if shows_finding else "",
        pieces=(),
        links=links,
        named_links=tuple((label, url, language.labelled(label, paper.title)) for label, url in links),
        figure_url=(paper.thumbnail_url or "") if shows_figure else "",
        is_withdrawn=paper.withdrawn,
    )


def facts_of(paper: Paper, language: Language) -> tuple[str, ...]:
    """Return a paper's venue and day, as far as they are known."""
    return (*([paper.venue] if paper.venue else []), language.day(paper.stated))


def links_of(paper: Paper, language: Language) -> tuple[tuple[str, str], ...]:
    """Return label and URL of a paper's links; the code's label ends in the stars of its repository."""
    stars = stars_mark(paper, language)
    return tuple(
        (f"{link_label(label, language)} {stars if label == 'Code' else ''}".strip(), url)
        for label, url in paper_links(paper)
    )


def source_name(source: str) -> str:
    """Return what a source calls itself: "Hugging Face"."""
    return _SOURCES.get(source, source)


def path_of(key: str) -> str:
    """Return the path of a paper's page, without the site's prefix."""
    return f"/papers/{quote(key, safe=':/')}"
