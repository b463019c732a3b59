"""Merging of duplicates: one paper from many entries. Pure functions that never blank a field.

Merging is commutative in every field, so the order of pulls does not matter: the text of the better-ranked source,
the longer list, the larger count and the earlier day win.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from newsletter.models import Entry, Facts, Paper
from newsletter.models.dates import earlier
from newsletter.papers.identity import issue_of, key_for, key_of
from newsletter.papers.preprint_servers import is_preprint

T = TypeVar("T")

# Preference of sources for title and abstract: Hugging Face strips mathematics, a copied page has no more than
# Hugging Face, a feed may hold only a teaser, an alert by mail the beginning of a sentence. Sources not listed here
# rank in between.
_TEXT_RANK = {"arxiv": 4, "biorxiv": 4, "medrxiv": 4, "feed": 2, "huggingface": 1, "page": 0, "alerts": 0}
_OTHER_TEXT_RANK = 3

_FACTS = tuple(field.name for field in fields(Facts))
_values = attrgetter(*_FACTS)


def begin(entry: Entry, paper_id: int, seen_at: datetime) -> Paper:
    """Return a new paper, made from the first entry about it."""
    facts = dict(zip(_FACTS, _values(entry), strict=True))
    facts["author_count"] = _count_of(entry)
    return Paper(
        **facts,
        id=paper_id,
        key=key_for(entry),
        text_source=entry.source,
        text_version=entry.version,
        sources=(entry.source,),
        seen_at=seen_at,
    )


def enrich(paper: Paper, other: Entry | Paper) -> Paper:
    """Return `paper` merged with another entry or with a duplicate of it; an equal paper if that adds nothing."""
    preferred: Paper | Entry = other if _text_rank(other) > _text_rank(paper) else paper
    facts: dict[str, Any] = {
        name: one if another is None or one == another else another if one is None else merge(one, another)
        for (name, merge), one, another in zip(_MERGED.items(), _values(paper), _values(other), strict=True)
    }
    facts |= {"title": preferred.title, "abstract": preferred.abstract}
    facts |= {"author_count": _pick(max, _count_of(paper), _count_of(other))}
    return Paper(
        **facts,
        id=paper.id,
        key=key_of(
            facts["arxiv_id"],
            facts["doi"],
            facts["title"],
            facts["authors"],
            issue_of(facts["venue"], facts["published"], facts["url"]),
        ),
        text_source=_text_source(preferred),
        text_version=_text_version(preferred),
        sources=tuple(sorted({*paper.sources, *(other.sources if isinstance(other, Paper) else (other.source,))})),
        seen_at=min(paper.seen_at, other.seen_at) if isinstance(other, Paper) else paper.seen_at,
        revised_at=_pick(max, paper.revised_at, other.revised_at) if isinstance(other, Paper) else paper.revised_at,
    )


def is_revision(paper: Paper, entry: Entry) -> bool:
    """Return whether `entry` describes a newer version than the one stored."""
    return paper.version is not None and entry.version is not None and entry.version > paper.version


def _count_of(facts: Facts) -> int | None:
    return facts.author_count or len(facts.authors) or None


def _text_source(record: Paper | Entry) -> str:
    return record.text_source if isinstance(record, Paper) else record.source


def _text_version(record: Paper | Entry) -> int | None:
    return record.text_version if isinstance(record, Paper) else record.version


def _text_rank(record: Paper | Entry) -> tuple[bool, int, int, str, int, str, str]:
    source = _text_source(record)
    rank = _TEXT_RANK.get(source, _OTHER_TEXT_RANK)
    version = _text_version(record) or 0
    return bool(record.abstract), rank, version, source, len(record.abstract), record.abstract, record.title


def _list_rank(items: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    return len(items), items


def _pick(choose: Callable[[T, T], T], one: T | None, other: T | None) -> T | None:
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)


#: How two values of a fact are merged that both are known, by its type as it is declared.
_BY_TYPE: Mapping[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(("str", "str | None"), lambda one, other: max(one, other, key=lambda text: (len(text), text))),
    "int | None": max,
    "date | None": min,
    "StatedDate | None": earlier,
    "tuple[str, ...]": lambda one, other: max(one, other, key=_list_rank),
    "bool": lambda one, other: one or other,
}
#: How each fact is merged. Of identifiers, neither is better for being longer; the DOI of a journal is better than that
#: of a preprint.
_MERGED = {fact.name: _BY_TYPE[str(fact.type)] for fact in fields(Facts)} | {
    "arxiv_id": lambda one, other: one or other,
    "doi": lambda one, other: min(one, other, key=lambda doi: (is_preprint(doi), doi)),
    "short_doi": min,
}
