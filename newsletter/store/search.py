"""All papers, to be looked through: by words, by days, by what they were in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlite_utils import Database

from newsletter.errors import QueryError
from newsletter.models import Paper
from newsletter.store.papers import PAPER_COLUMNS, PAPER_DAY, paper_of
from newsletter.topics.query import All, Any, Boost, Node, Not, Term

#: So many of what was found are counted; beyond that nobody looks.
MOST_COUNTED = 1000
#: Stand around what was looked for in a snippet; no stored text holds them.
_BEGIN, _END = "\x02", "\x03"
_SNIPPET_WORDS = 40
_COLUMN_OF = {"title": "{title} : ", "abstract": "{abstract} : "}
_NAMED_IN = {"author": "authors", "org": "organization", "cat": "categories", "source": "sources"}


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper that was found."""

    paper: Paper
    #: What of its abstract holds the words, in pieces, each with whether it is one of them; () where there are none.
    snippet: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found."""

    hits: tuple[Hit, ...]
    #: How many there are, up to `MOST_COUNTED`.
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is found beside the words."""

    source: str = ""
    category: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class _Sql:
    text: str
    values: tuple[str, ...] = ()


class Archive:
    """The papers of one store, to be looked through."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def search(
        self, query: Node, limits: Limits | None = None, *, limit: int = 20, offset: int = 0, newest: bool = False
    ) -> Found:
        """Return papers that a query finds: the best match first (bm25, titles count four times), or the newest.

        Words are looked for as full-text search does: in any case, and by their stems.

        Raises:
            QueryError: It asks for what cannot be looked for.
        """
        words, rest = _split(query)
        conditions = [_condition(node) for node in rest] + list(_conditions_of(limits or Limits()))
        source, order = "papers", f"{PAPER_DAY} DESC, papers.upvotes DESC, papers.key"
        snippet = "''"
        values: list[str] = []
        if words:
            source = "papers_fts JOIN papers ON papers.id = papers_fts.rowid"
            conditions.insert(0, _Sql("papers_fts MATCH ?", (words,)))
            snippet = f"snippet(papers_fts, 1, char(2), char(3), '…', {_SNIPPET_WORDS})"
            if not newest:
                order = "bm25(papers_fts, 4.0, 1.0), papers.key"
        where = " AND ".join(f"({one.text})" for one in conditions) or "1"
        for one in conditions:
            values += one.values
        try:
            sql = f"SELECT {PAPER_COLUMNS}, {snippet} FROM {source} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"
            rows = self._db.execute(sql, [*values, limit, offset]).fetchall()
            counting = f"SELECT count(*) FROM (SELECT 1 FROM {source} WHERE {where} LIMIT {MOST_COUNTED + 1})"
            (total,) = self._db.execute(counting, values).fetchone()
        except sqlite3.OperationalError as error:
            raise QueryError("this cannot be looked for", hint="use fewer words, or put them in quotes") from error
        return Found(tuple(Hit(paper_of(row[:-1]), tuple(_pieces(row[-1]))) for row in rows), int(total))

    def between(self, first: date, last: date, limit: int, offset: int = 0) -> list[Paper]:
        """Return the papers of some days, the most liked first."""
        sql = (
            f"SELECT {PAPER_COLUMNS} FROM papers WHERE {PAPER_DAY} BETWEEN ? AND ? AND NOT withdrawn "
            "ORDER BY coalesce(upvotes, 0) + coalesce(comments, 0) DESC, key LIMIT ? OFFSET ?"
        )
        return list(map(paper_of, self._db.execute(sql, [first.isoformat(), last.isoformat(), limit, offset])))

    def days(self, first: date, last: date) -> dict[date, int]:
        """Return how many papers there are of each of some days, of those that have any."""
        sql = f"""
            SELECT {PAPER_DAY} AS day, count(*) FROM papers WHERE {PAPER_DAY} BETWEEN ? AND ? AND NOT withdrawn
            GROUP BY day ORDER BY day"""
        rows = self._db.execute(sql, [first.isoformat(), last.isoformat()])
        return {date.fromisoformat(day): number for day, number in rows}

    def span(self) -> tuple[date, date] | None:
        """Return the first and the last day that papers are of, or None if there are none."""
        first, last = self._db.execute(f"SELECT min({PAPER_DAY}), max({PAPER_DAY}) FROM papers").fetchone()
        return (date.fromisoformat(first), date.fromisoformat(last)) if first else None

    def find(self, key: str) -> Paper | None:
        """Return the paper of a key ("arxiv:2605.01234"), or None."""
        row = self._db.execute(f"SELECT {PAPER_COLUMNS} FROM papers WHERE key = ?", [key]).fetchone()
        return paper_of(row) if row else None

    def keys(self) -> Iterator[str]:
        """Yield the keys of all papers that are not withdrawn, the newest first."""
        for (key,) in self._db.execute(f"SELECT key FROM papers WHERE NOT withdrawn ORDER BY {PAPER_DAY} DESC, key"):
            yield str(key)

    def editions_of(self, paper_id: int) -> list[str]:
        """Return the keys of the editions that a paper was in, the latest first."""
        sql = """
            SELECT DISTINCT edition_key FROM digest_items JOIN digests ON digests.id = digest_id
            JOIN editions ON editions.key = edition_key WHERE paper_id = ? ORDER BY created_at DESC"""
        return [str(key) for (key,) in self._db.execute(sql, [paper_id])]

    def sources(self) -> list[str]:
        """Return the names of all sources that told of a paper."""
        return [str(name) for (name,) in self._db.execute("SELECT DISTINCT source FROM mentions ORDER BY source")]


# -- queries → SQL ------------------------------------------------------------------------------------


def _split(query: Node) -> tuple[str, list[Node]]:
    """Return what full-text search can find of a query, in its language, and what is left to ask of each paper."""
    parts = query.parts if isinstance(query, All) else (query,)
    wanted = [part for part in parts if not isinstance(part, Not)]
    words = [written for part in wanted if (written := _match(part)) is not None]
    rest: list[Node] = [part for part in wanted if _match(part) is None]
    unwanted = [part for part in parts if isinstance(part, Not)]
    if not words:
        return "", rest + unwanted
    expression = " AND ".join(words)
    for part in unwanted:
        written = _match(part.part)
        if written is None:
            rest.append(part)
        else:
            expression = f"({expression}) NOT {written}"
    return expression, rest


def _match(node: Node) -> str | None:
    """Write a node in FTS5's language, or return None if that has no words for it. See sqlite.org/fts5.html, 3."""
    match node:
        case Term(field=None | "title" | "abstract"):
            text = node.text.replace("\x00", " ").replace('"', '""')
            return f'{_COLUMN_OF.get(node.field or "", "")}"{text}"{"*" if node.is_prefix else ""}'
        case All() | Any():
            written = [_match(part) for part in node.parts]
            between = " AND " if isinstance(node, All) else " OR "
            return None if None in written else f"({between.join(map(str, written))})"
        case Boost():
            return _match(node.part)
        case _:
            return None


def _condition(node: Node) -> _Sql:
    """Write a node as a condition on one paper."""
    match node:
        case Term(field="author" | "org" | "cat" | "source"):
            return _named(_NAMED_IN[str(node.field)], node)
        case All() | Any():
            parts = [_condition(part) for part in node.parts]
            between = " AND " if isinstance(node, All) else " OR "
            text = between.join(f"({part.text})" for part in parts)
            return _Sql(text, tuple(value for part in parts for value in part.values))
        case Not():
            inner = _condition(node.part)
            return _Sql(f"NOT coalesce(({inner.text}), 0)", inner.values)
        case Boost():
            return _condition(node.part)
        case Term():
            words = _match(node)
            return _Sql("papers.id IN (SELECT rowid FROM papers_fts WHERE papers_fts MATCH ?)", (str(words),))


def _named(column: str, term: Term) -> _Sql:
    """Ask whether a list of names holds these words, or one that begins so."""
    words = [word for word in term.text.replace("\x00", " ").replace('"', " ").split() if word]
    conditions = [f"papers.{column} LIKE ? ESCAPE '\\'" for _ in words]
    values = [word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for word in words]
    return _Sql(" AND ".join(conditions) or "0", tuple(f"%{value}%" for value in values))


def _conditions_of(limits: Limits) -> Iterator[_Sql]:
    if limits.source:
        told = "EXISTS (SELECT 1 FROM mentions WHERE paper_id = papers.id AND source = ?)"
        yield _Sql(told, (limits.source,))
    if limits.category:
        yield _Sql("EXISTS (SELECT 1 FROM json_each(papers.categories) WHERE value = ?)", (limits.category,))
    if limits.since:
        yield _Sql(f"{PAPER_DAY} >= ?", (limits.since.isoformat(),))
    if limits.until:
        yield _Sql(f"{PAPER_DAY} <= ?", (limits.until.isoformat(),))


def _pieces(snippet: str) -> Iterator[tuple[str, bool]]:
    for number, part in enumerate(snippet.split(_BEGIN)):
        hit, ended, rest = part.partition(_END)
        if number and ended:
            yield hit, True
            hit = rest
        if hit:
            yield hit, False
