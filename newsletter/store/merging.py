"""One paper from many entries: what an entry adds to what is known. Pure, and never blanks a field.

For every field the result is the same whichever of two entries came first, so that the order of pulls does not
matter: the better-ranked source's text, the longer list, the larger count, the earlier day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime
from typing import TypeVar

from newsletter.models import Entry, Facts, Paper
from newsletter.text import title_hash

T = TypeVar("T")

# Whose wording of title and abstract is shown: Hugging Face strips mathematics, a copied page has no more than
# Hugging Face. Sources not named here rank between.
_TEXT_RANK = {"arxiv": 3, "huggingface": 1, "page": 0}
_OTHER_TEXT_RANK = 2


def key_of(arxiv_id: str | None, doi: str | None, title: str) -> str:
    """Return the identity of a paper in words: arXiv id, else DOI, else a hash of the normalised title."""
    if arxiv_id:
        return f"arxiv:{arxiv_id}"
    return f"doi:{doi}" if doi else f"title:{title_hash(title)}"


def begin(entry: Entry, paper_id: int, seen_at: datetime) -> Paper:
    """Make the paper that `entry` is the first to tell of."""
    facts = {field.name: getattr(entry, field.name) for field in fields(Facts)}
    return Paper(
        **facts | {"author_count": _count_of(entry)},
        id=paper_id,
        key=key_of(entry.arxiv_id, entry.doi, entry.title),
        text_source=entry.source,
        sources=(entry.source,),
        seen_at=seen_at,
    )


def enrich(paper: Paper, entry: Entry) -> Paper:
    """Return `paper` with what `entry` adds; the same object's equal where it adds nothing."""
    shown: Paper | Entry = entry if _text_worth(entry) > _text_worth(paper) else paper
    arxiv_id, doi = paper.arxiv_id or entry.arxiv_id, paper.doi or entry.doi
    return replace(
        paper,
        key=key_of(arxiv_id, doi, paper.title) if arxiv_id or doi else paper.key,
        arxiv_id=arxiv_id,
        doi=doi,
        title=shown.title,
        abstract=shown.abstract,
        text_source=_source_of(shown),
        authors=max(paper.authors, entry.authors, key=_list_worth),
        author_count=_join(max, paper.author_count, _count_of(entry)),
        organization=_fuller(paper.organization, entry.organization),
        published=_join(min, paper.published, entry.published),
        listed=_join(min, paper.listed, entry.listed),
        upvotes=_join(max, paper.upvotes, entry.upvotes),
        comments=_join(max, paper.comments, entry.comments),
        keywords=max(paper.keywords, entry.keywords, key=_list_worth),
        summary=_fuller(paper.summary, entry.summary),
        code_url=_fuller(paper.code_url, entry.code_url),
        project_url=_fuller(paper.project_url, entry.project_url),
        thumbnail_url=_fuller(paper.thumbnail_url, entry.thumbnail_url),
        sources=tuple(sorted({*paper.sources, entry.source})),
    )


def _count_of(entry: Entry) -> int | None:
    return entry.author_count or len(entry.authors) or None


def _source_of(told: Paper | Entry) -> str:
    return told.text_source if isinstance(told, Paper) else told.source


def _text_worth(told: Paper | Entry) -> tuple[bool, int, str, int, str, str]:
    source = _source_of(told)
    rank = _TEXT_RANK.get(source, _OTHER_TEXT_RANK)
    return bool(told.abstract), rank, source, len(told.abstract), told.abstract, told.title


def _list_worth(items: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    return len(items), items


def _fuller(one: str | None, other: str | None) -> str | None:
    return _join(lambda a, b: max(a, b, key=lambda text: (len(text), text)), one, other)


def _join(choose: Callable[[T, T], T], one: T | None, other: T | None) -> T | None:
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)
