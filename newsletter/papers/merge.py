"""One paper from many entries: what an entry adds to what is known. Pure, and never blanks a field.

For every field the result is the same whichever of two entries came first, so that the order of pulls does not
matter: the better-ranked source's text, the longer list, the larger count, the earlier day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from newsletter.models import Entry, Facts, Paper
from newsletter.papers.identity import key_of

T = TypeVar("T")

# Whose wording of title and abstract is shown: Hugging Face strips mathematics, a copied page has no more than
# Hugging Face, a feed may give a teaser. Sources not named here rank between.
_TEXT_RANK = {"arxiv": 4, "biorxiv": 4, "medrxiv": 4, "feed": 2, "huggingface": 1, "page": 0}
_OTHER_TEXT_RANK = 3

_FACTS = tuple(field.name for field in fields(Facts))
_values = attrgetter(*_FACTS)

# -- identity -------------------------------------------------------------------------------------


# -- merging --------------------------------------------------------------------------------------


def begin(entry: Entry, paper_id: int, seen_at: datetime) -> Paper:
    """Make the paper that `entry` is the first to tell of."""
    facts = dict(zip(_FACTS, _values(entry), strict=True))
    facts["author_count"] = _count_of(entry)
    return Paper(
        **facts,
        id=paper_id,
        key=key_of(entry.arxiv_id, entry.doi, entry.title, entry.authors),
        text_source=entry.source,
        text_version=entry.version,
        sources=(entry.source,),
        seen_at=seen_at,
    )


def enrich(paper: Paper, told: Entry | Paper) -> Paper:
    """Return `paper` with what an entry, or the same paper stored twice, adds; an equal one where that is nothing."""
    shown: Paper | Entry = told if _text_worth(told) > _text_worth(paper) else paper
    arxiv_id, doi = paper.arxiv_id or told.arxiv_id, _join(min, paper.doi, told.doi)
    authors = max(paper.authors, told.authors, key=_list_worth)
    return replace(
        paper,
        key=key_of(arxiv_id, doi, shown.title, authors),
        arxiv_id=arxiv_id,
        doi=doi,
        title=shown.title,
        abstract=shown.abstract,
        text_source=_text_source(shown),
        text_version=_text_version(shown),
        authors=authors,
        author_count=_join(max, _count_of(paper), _count_of(told)),
        organization=_fuller(paper.organization, told.organization),
        published=_join(min, paper.published, told.published),
        listed=_join(min, paper.listed, told.listed),
        upvotes=_join(max, paper.upvotes, told.upvotes),
        comments=_join(max, paper.comments, told.comments),
        keywords=max(paper.keywords, told.keywords, key=_list_worth),
        categories=max(paper.categories, told.categories, key=_list_worth),
        venue=_fuller(paper.venue, told.venue),
        version=_join(max, paper.version, told.version),
        withdrawn=paper.withdrawn or told.withdrawn,
        summary=_fuller(paper.summary, told.summary),
        url=_fuller(paper.url, told.url),
        pdf_url=_fuller(paper.pdf_url, told.pdf_url),
        code_url=_fuller(paper.code_url, told.code_url),
        project_url=_fuller(paper.project_url, told.project_url),
        thumbnail_url=_fuller(paper.thumbnail_url, told.thumbnail_url),
        sources=tuple(sorted({*paper.sources, *(told.sources if isinstance(told, Paper) else (told.source,))})),
        seen_at=min(paper.seen_at, told.seen_at) if isinstance(told, Paper) else paper.seen_at,
        revised_at=_join(max, paper.revised_at, told.revised_at) if isinstance(told, Paper) else paper.revised_at,
    )


def is_revision(paper: Paper, entry: Entry) -> bool:
    """Tell whether `entry` is of a newer version than the one known."""
    return paper.version is not None and entry.version is not None and entry.version > paper.version


def _count_of(told: Facts) -> int | None:
    return told.author_count or len(told.authors) or None


def _text_source(told: Paper | Entry) -> str:
    return told.text_source if isinstance(told, Paper) else told.source


def _text_version(told: Paper | Entry) -> int | None:
    return told.text_version if isinstance(told, Paper) else told.version


def _text_worth(told: Paper | Entry) -> tuple[bool, int, int, str, int, str, str]:
    source = _text_source(told)
    rank = _TEXT_RANK.get(source, _OTHER_TEXT_RANK)
    version = _text_version(told) or 0
    return bool(told.abstract), rank, version, source, len(told.abstract), told.abstract, told.title


def _list_worth(items: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    return len(items), items


def _fuller(one: str | None, other: str | None) -> str | None:
    return _join(lambda a, b: max(a, b, key=lambda text: (len(text), text)), one, other)


def _join(choose: Callable[[T, T], T], one: T | None, other: T | None) -> T | None:
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)
