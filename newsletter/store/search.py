"""Search and browse all papers: by query, by day, by edition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from newsletter.errors import QueryError, StatementError
from newsletter.models import Paper
from newsletter.store.database import Database
from newsletter.store.full_text import Sql, condition_of, split_query
from newsletter.store.paper_rows import PAPER_COLUMNS, PAPER_DAY, paper_of
from newsletter.topics.query import Node

#: Results are counted up to this number.
MOST_COUNTED = 1000
#: Mark the matches in a snippet; stored text has no control characters.
_BEGIN, _END = "\x02", "\x03"
_SNIPPET_WORDS = 40


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result."""

    paper: Paper
    #: An excerpt of the abstract in pieces, each with whether it is a match; () if there is none.
    snippet: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A page of search results."""

    hits: tuple[Hit, ...]
    #: How many results there are on all pages, up to `MOST_COUNTED` + 1.
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Filters beside the query."""

    source: str = ""
    category: str = ""
    since: date | None = None
    until: date | None = None


class Archive:
    """Queries over all papers, for the pages and commands that search and browse."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def search(
        self, query: Node, limits: Limits | None = None, *, limit: int = 20, offset: int = 0, newest: bool = False
    ) -> Found:
        """Return a page of results, by relevance (BM25, titles weigh four times as much) or the newest first.

        Full-text search ignores case and compares stems (Porter).

        Raises:
            QueryError: The query is too complex for full-text search.
        """
        match, rest = split_query(query)
        conditions = [condition_of(node) for node in rest] + list(_conditions_of(limits or Limits()))
        source, order = "papers", f"{PAPER_DAY} DESC, papers.upvotes DESC, papers.key"
        snippet = "''"
        values: list[str] = []
        if match:
            source = "papers_fts JOIN papers ON papers.id = papers_fts.rowid"
            conditions.insert(0, Sql("papers_fts MATCH ?", (match,)))
            snippet = f"snippet(papers_fts, 1, char(2), char(3), '…', {_SNIPPET_WORDS})"
            if not newest:
                order = "bm25(papers_fts, 4.0, 1.0), papers.key"
        where = " AND ".join(f"({one.text})" for one in conditions) or "1"
        for one in conditions:
            values += one.values
        try:
            sql = f"SELECT {PAPER_COLUMNS}, {snippet} FROM {source} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"
            hits = self._db.execute(sql, [*values, limit, offset]).into(_hit)
            counting = f"SELECT count(*) FROM (SELECT 1 FROM {source} WHERE {where} LIMIT {MOST_COUNTED + 1})"
            (total,) = self._db.execute(counting, values).fetchone()
        except StatementError as error:
            raise QueryError(
                "query too complex for full-text search", hint="use fewer words, or put them in quotes"
            ) from error
        return Found(tuple(hits), int(total))

    def between(self, first: date, last: date, limit: int, offset: int = 0) -> list[Paper]:
        """Return a page of the papers of these days, the most upvoted first."""
        sql = (
            f"SELECT {PAPER_COLUMNS} FROM papers WHERE {PAPER_DAY} BETWEEN ? AND ? AND NOT withdrawn "
            "ORDER BY coalesce(upvotes, 0) + coalesce(comments, 0) DESC, key LIMIT ? OFFSET ?"
        )
        return self._db.execute(sql, [first.isoformat(), last.isoformat(), limit, offset]).into(paper_of)

    def days(self, first: date, last: date) -> dict[date, int]:
        """Count the papers of each of these days; days without papers are left out."""
        sql = f"""
            SELECT {PAPER_DAY} AS day, count(*) FROM papers WHERE {PAPER_DAY} BETWEEN ? AND ? AND NOT withdrawn
            GROUP BY day ORDER BY day"""
        rows = self._db.execute(sql, [first.isoformat(), last.isoformat()])
        return dict(rows.into(lambda row: (date.fromisoformat(row[0]), int(row[1]))))

    def span(self) -> tuple[date, date] | None:
        """Return the first and the last day with papers, or None if there are none."""
        days = self._db.execute(f"SELECT min({PAPER_DAY}), max({PAPER_DAY}) FROM papers")
        return days.one(lambda row: (date.fromisoformat(row[0]), date.fromisoformat(row[1])) if row[0] else None)

    def find(self, key: str) -> Paper | None:
        """Return the paper with this key ("arxiv:2605.01234"), or None."""
        return self._db.execute(f"SELECT {PAPER_COLUMNS} FROM papers WHERE key = ?", [key]).one(paper_of)

    def keys(self) -> Iterator[str]:
        """Yield the keys of all papers but the withdrawn ones, the newest first."""
        for (key,) in self._db.execute(f"SELECT key FROM papers WHERE NOT withdrawn ORDER BY {PAPER_DAY} DESC, key"):
            yield str(key)

    def editions_of(self, paper_id: int) -> list[str]:
        """Return the keys of the editions with this paper, the latest first."""
        sql = """
            SELECT DISTINCT edition_key FROM digest_items JOIN digests ON digests.id = digest_id
            JOIN editions ON editions.key = edition_key WHERE paper_id = ? ORDER BY created_at DESC"""
        return [str(key) for (key,) in self._db.execute(sql, [paper_id])]

    def sources(self) -> list[str]:
        """Return the names of all sources that mentioned a paper, in alphabetical order."""
        return [str(name) for (name,) in self._db.execute("SELECT DISTINCT source FROM mentions ORDER BY source")]


def _conditions_of(limits: Limits) -> Iterator[Sql]:
    if limits.source:
        mentioned = "EXISTS (SELECT 1 FROM mentions WHERE paper_id = papers.id AND source = ?)"
        yield Sql(mentioned, (limits.source,))
    if limits.category:
        yield Sql("EXISTS (SELECT 1 FROM json_each(papers.categories) WHERE value = ?)", (limits.category,))
    if limits.since:
        yield Sql(f"{PAPER_DAY} >= ?", (limits.since.isoformat(),))
    if limits.until:
        yield Sql(f"{PAPER_DAY} <= ?", (limits.until.isoformat(),))


def _hit(row: tuple[Any, ...]) -> Hit:
    return Hit(paper_of(row[:-1]), tuple(_pieces(row[-1])))


def _pieces(snippet: str) -> Iterator[tuple[str, bool]]:
    """Split a snippet of FTS5 at its marks into (text, is a match)."""
    for number, part in enumerate(snippet.split(_BEGIN)):
        text, end, rest = part.partition(_END)
        if number and end:
            yield text, True
            text = rest
        if text:
            yield text, False
