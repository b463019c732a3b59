"""What narrows a list of papers, and in which order it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from newsletter.store.full_text import Sql
from newsletter.topics.query import Node

#: BM25F: what an occurrence in the title, the keywords and the abstract counts.
BM25 = "bm25(papers_fts, 4.0, 2.0, 1.0)"


class Order(StrEnum):
    """The order of a list."""

    #: By BM25; without a text, the newest first.
    RELEVANCE = "relevance"
    NEWEST = "newest"
    #: By upvotes and comments together.
    UPVOTED = "upvoted"
    #: By the stars of the code's repository.
    STARRED = "starred"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Filters beside the query."""

    source: str = ""
    category: str = ""
    organization: str = ""
    has_code: bool = False
    #: A query that they match as well: that of a topic.
    within: Node | None = None
    #: The number of a catalogue and the place of a topic in it whose papers are known: none is compared with a query.
    examined_topic: tuple[int, int] | None = None
    since: date | None = None
    until: date | None = None
    #: Whether they have upvotes or comments.
    is_discussed: bool = False
    #: Of an edition: first seen, or seen in a newer version, after the first moment and by the second.
    window: tuple[datetime, datetime] | None = None


def conditions_of(limits: Limits, day: str = "traits.day") -> Iterator[Sql]:
    """Yield the conditions of the filters on a row of `paper_traits`, called `traits`; `day` as for `order_by`."""
    if limits.source:
        mentioned = "EXISTS (SELECT 1 FROM mentions WHERE paper_id = traits.paper_id AND source = ?)"
        yield Sql(mentioned, (limits.source,))
    if limits.category:
        yield Sql("EXISTS (SELECT 1 FROM json_each(traits.categories) WHERE value = ?)", (limits.category,))
    if limits.organization:
        yield Sql("traits.organization = ?", (limits.organization,))
    if limits.has_code:
        yield Sql("traits.has_code = 1")
    if limits.is_discussed:
        yield Sql("traits.votes > 0")
    if limits.since:
        yield Sql(f"{day} >= ?", (limits.since.isoformat(),))
    if limits.until:
        yield Sql(f"{day} <= ?", (limits.until.isoformat(),))
    if limits.window:
        after, known = (moment.astimezone(UTC).isoformat() for moment in limits.window)
        within = " UNION ".join(
            f"SELECT id FROM papers WHERE {name} > ? AND {name} <= ?" for name in ("seen_at", "revised_at")
        )
        yield Sql(f"traits.paper_id IN ({within})", (after, known) * 2)


def order_by(order: Order, day: str, *, has_text: bool) -> str:
    """Return the terms of an ORDER BY clause; `has_text` says whether the full-text index is searched.

    `day` is the column that has the day: the one by whose index the papers are found, if there is one.
    """
    match order:
        case Order.RELEVANCE if has_text:
            return f"{BM25}, traits.key"
        case Order.UPVOTED:
            return "traits.votes DESC, traits.key"
        case Order.STARRED:
            return "traits.code_stars DESC NULLS LAST, traits.key"
    return f"{day} DESC, traits.is_vague, traits.upvotes DESC NULLS LAST, traits.key"
