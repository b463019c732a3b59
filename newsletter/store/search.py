"""Search and browse all papers: by query, by day, by edition."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache
from typing import Any, NamedTuple

from newsletter.errors import QueryError, StatementError
from newsletter.limits import SEARCH_WORDS
from newsletter.models import Paper
from newsletter.store.codes import codes_in, holders
from newsletter.store.database import ALL, Database
from newsletter.store.filters import BM25, Limits, Order, conditions_of, order_by
from newsletter.store.full_text import ANYWHERE, IN_TITLE, Expression, MatchExpression, Sql, Translator, quoted
from newsletter.store.paper_rows import PAPER_COLUMNS, PAPER_DAY, known_paper_of, paper_of
from newsletter.store.rare_words import is_common, rare_words
from newsletter.store.text_index import indexed_words
from newsletter.text.stop_words import STOP_WORDS
from newsletter.text.tokenizer import words
from newsletter.topics.highlight import excerpt
from newsletter.topics.query import All, Node, Term

#: Results are counted up to this number.
MOST_COUNTED = 1000
#: How many candidates are looked at together, of which each takes longer than all else of a result.
_BATCH = 100
#: How many of those that are in no need of a rank are read at first: mostly there is a page of results among them.
_FEW = 3 * _BATCH + 1
_OF_TOPIC = "topic_papers AS examined CROSS JOIN paper_traits AS traits USING (paper_id)"
_FULL_TEXT = "papers_fts CROSS JOIN paper_traits AS traits ON traits.paper_id = papers_fts.rowid"
_IN_ORDER = f"""
    SELECT {PAPER_COLUMNS} FROM json_each(?) AS wanted CROSS JOIN papers ON papers.id = CAST(wanted.value AS INTEGER)
    ORDER BY wanted.key"""


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result."""

    paper: Paper
    #: An excerpt of the abstract in pieces, each with whether it is a match; () if there is none.
    snippet: tuple[tuple[str, bool], ...] = ()


class Traits(NamedTuple):
    """What a list may be narrowed by, of one of its papers."""

    paper_id: int
    sources: tuple[str, ...]
    categories: tuple[str, ...]
    organization: str | None
    has_code: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A page of search results."""

    hits: tuple[Hit, ...]
    #: How many results there are on all pages, up to `MOST_COUNTED` + 1.
    total: int
    #: Of the first `MOST_COUNTED` papers on all pages, if they were asked for.
    traits: tuple[Traits, ...] = ()
    #: Whether that is all. Candidates are looked at until there is a page of results, and one more.
    is_all: bool = True


@dataclass(frozen=True, slots=True)
class _Candidates:
    """What finds the papers of a query, and perhaps others."""

    #: Tables and conditions.
    source: str
    order: str
    #: Of the conditions, the match expression first if there is one.
    values: list[str | int]
    match: str
    #: Whether it finds no others.
    is_exact: bool
    #: Whether a paper holds a word, as far as it was asked for.
    is_word: Callable[[str], bool]

    @property
    def ids(self) -> str:
        return f"SELECT traits.paper_id FROM {self.source} ORDER BY {self.order}"


class Archive:
    """Queries over all papers, for the pages and commands that search and browse."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def search(
        self, query: Node | None, limits: Limits | None = None, *, limit: int = 20, offset: int = 0,
        order: Order = Order.RELEVANCE, with_traits: bool = False, with_excerpts: bool = True,
    ) -> Found:  # fmt: skip
        """Return a page of results, by relevance (BM25, titles weigh four times as much) or in another order.

        Where BM25 would have too much to read, since words are common, the papers with them in the title come first,
        and of these and of the others the newest.

        The papers found are those that `topics.evaluation` matches; without a query, all that the limits allow. Of an
        examined topic they are known, and the query only says what excerpts show.
        Full-text search finds them, or a few more where it cannot express the query; these are looked at one by one.
        Withdrawn papers are left out.

        Raises:
            QueryError: The query is too complex for full-text search.
        """
        limits = limits or Limits()
        if limits.within is not None:
            query = limits.within if query is None else All((*_parts(query), *_parts(limits.within)))
            limits = replace(limits, examined_topic=None)
        found = self._candidates(query, limits, order)
        try:
            ids, is_all = self._ids(query, found, order, offset + limit)
        except StatementError as error:
            raise QueryError(
                "query too complex for full-text search", hint="use fewer words, or put them in quotes"
            ) from error
        papers = self.papers(ids[offset : offset + limit])
        traits = self._traits(ids[:MOST_COUNTED]) if with_traits else ()
        hits = (Hit(paper, tuple(_excerpt(query, paper)) if query and with_excerpts else ()) for paper in papers)
        return Found(tuple(hits), min(len(ids), MOST_COUNTED + 1), traits, is_all)

    def listed(self, limits: Limits, order: Order, number: int) -> list[int]:
        """Return the ids of the first papers that limits without a query allow."""
        return self._first(self._candidates(None, limits, order), number)

    def papers(self, ids: Sequence[int]) -> list[Paper]:
        """Return the papers with these ids, in their order."""
        return self._db.execute(_IN_ORDER, [json.dumps(list(ids))]).into(known_paper_of)

    def with_words(self, text: str, limits: Limits | None = None, *, limit: int = 20) -> tuple[Hit, ...]:
        """Return papers as `sharing_words` does, each with an excerpt."""
        return excerpts(text, self.sharing_words(text, limits, limit=limit))

    def sharing_words(self, text: str, limits: Limits | None = None, *, limit: int = 20) -> list[Paper]:
        """Return papers that share words with a text: first those that hold all, then those with most, by BM25F.

        Stop words do not count, of a long text only the first words do, and where that would be too many papers only
        the rarer ones. Withdrawn papers are left out.
        """
        wanted = content_words(text)
        return self._holding(wanted, limits or Limits(), limit) if wanted else []

    def _holding(self, wanted: Sequence[str], limits: Limits, limit: int) -> list[Paper]:
        """Return papers that hold all of some words, then those that hold most; of many, the rarer words count."""
        rare = rare_words(self._db, wanted)
        all_of_them, some = " AND ".join(map(_quoted, wanted)), " OR ".join(map(_quoted, rare))
        first = []
        if len(wanted) > 1:
            is_whole = len(rare) == len(wanted)
            first = self._by_bm25(all_of_them, limits, limit) if is_whole else self._newest(all_of_them, limits, limit)
        rest = self._by_bm25(some, limits, limit) if rare and len(first) < limit else []
        if len(rare) < len(wanted):  # the newest of these are not in the order of the others
            places = {number: place for place, number in enumerate(rest)}
            first.sort(key=lambda number: places.get(number, limit))
        return self.papers(list(dict.fromkeys((*first, *rest)))[:limit])

    def _by_bm25(self, match: str, limits: Limits, limit: int) -> list[int]:
        return self._matched(match, limits, BM25, "score", limit)

    def _newest(self, match: str, limits: Limits, limit: int) -> list[int]:
        return self._matched(match, limits, "-papers_fts.rowid", "papers_fts.rowid DESC", limit)

    def _matched(self, match: str, limits: Limits, score: str, order: str, limit: int) -> list[int]:
        """Return the first papers that match, with the lowest score; `order` is the same, as SQLite knows it best."""
        conditions = list(conditions_of(limits))
        where = " AND ".join(f"({one.text})" for one in conditions) or "TRUE"
        values = [value for one in conditions for value in one.values]
        # Without conditions only the best are looked up, and some more for those that are withdrawn.
        most = ALL if conditions else 2 * limit + 20
        sql = f"""
            SELECT traits.paper_id FROM (
                SELECT papers_fts.rowid AS number, {score} AS score FROM papers_fts
                WHERE papers_fts MATCH ? ORDER BY {order} LIMIT ?) AS best
            CROSS JOIN paper_traits AS traits ON traits.paper_id = number
            WHERE {where} ORDER BY score, traits.key LIMIT ?"""
        columns = MatchExpression(f"{{title keywords abstract}} : ({match})")
        return [int(number) for (number,) in self._db.execute(sql, [columns, most, *values, limit]).fetchall()]

    def _candidates(self, query: Node | None, limits: Limits, order: Order) -> _Candidates:
        match, rest, is_word = Expression(""), list[Sql](), cache(self._is_word)
        if limits.examined_topic is not None:
            query = None
        if query is not None:
            match, rest = Translator(is_word).split(query)
        tables, day, conditions = "paper_traits AS traits", "traits.day", list[Sql]()
        codes = codes_in(query)
        if limits.examined_topic is not None:
            tables, day = _OF_TOPIC, "examined.day"
            conditions.append(Sql("examined.catalogue = ? AND examined.place = ?", limits.examined_topic))
        elif match.text:
            tables = _FULL_TEXT
            conditions.append(Sql("papers_fts MATCH ?", (MatchExpression(match.text),)))
        elif len(codes) == 1 and not codes[0].is_prefix:
            tables, day = "paper_codes AS coded CROSS JOIN paper_traits AS traits USING (paper_id)", "coded.day"
            conditions.append(Sql("coded.field = ? AND coded.code = ?", (str(codes[0].field), codes[0].text.lower())))
        elif codes and (rare := holders(self._db, codes)):
            conditions.append(rare)
        conditions += (*rest, *conditions_of(limits, day))
        return _Candidates(
            f"{tables} WHERE {' AND '.join(f'({one.text})' for one in conditions) or 'TRUE'}",
            order_by(order, day, has_text=bool(match.text)),
            [value for one in conditions for value in one.values],
            match.text,
            match.is_exact and all(one.is_exact for one in conditions),
            is_word,
        )

    def _ids(self, query: Node | None, found: _Candidates, order: Order, needed: int) -> tuple[list[int], bool]:
        """Return the first papers that match, more than `needed` if there are, and whether these are all."""
        most = max(needed, MOST_COUNTED + 1)
        ids: dict[int, None] = {}
        is_all, seen = True, set[int]()
        for listed, few, number in self._lists(query, found, order, most):
            if query is None or found.is_exact:
                ids |= dict.fromkeys(self._first(listed, number))
                if len(ids) >= most:
                    break
                continue
            candidates, read = self._first(listed, few), few
            fresh, start = _without(candidates, seen), 0
            while True:
                if len(candidates) == read < number and len(fresh) - start <= _BATCH:  # there may be more
                    candidates, read = self._first(listed, number), number
                    fresh = _without(candidates, seen)
                if start >= len(fresh):
                    break
                if len(ids) > needed and len(fresh) - start > _BATCH:  # else little is left to be counted
                    return list(ids), False
                ids |= dict.fromkeys(self._matching(query, fresh[start : start + _BATCH]))
                start += _BATCH
            seen.update(fresh)
            is_all = is_all and len(candidates) != most
        return list(ids)[:most], is_all

    def _lists(
        self, query: Node | None, found: _Candidates, order: Order, most: int
    ) -> Iterator[tuple[_Candidates, int, int]]:
        """Yield candidates in their order: all in one list, or at most so many in each of two that are quickly read.

        Each comes with how many of them are to be read at first, and at most.
        """
        if order is Order.RELEVANCE and query is not None and found.match:
            match = Translator(found.is_word, is_ranked=False).split(query)[0].text
            if is_common(self._db, found.match, match):
                in_title = match.replace(ANYWHERE, IN_TITLE)
                for one in dict.fromkeys((in_title, match)):
                    values = [MatchExpression(one), *found.values[1:]]
                    yield replace(found, order="papers_fts.rowid DESC", values=values), _FEW, most
                return
        number = most if found.is_exact else ALL
        yield found, number, number

    def _first(self, found: _Candidates, number: int) -> list[int]:
        rows = self._db.execute(f"{found.ids} LIMIT ?", [*found.values, number])
        return [int(one) for (one,) in rows.fetchall()]

    def _traits(self, ids: Sequence[int]) -> tuple[Traits, ...]:
        sql = """
            SELECT paper_id, sources, categories, organization, has_code
            FROM json_each(?) AS wanted CROSS JOIN paper_traits ON paper_id = CAST(wanted.value AS INTEGER)"""
        rows = self._db.execute(sql, [json.dumps(list(ids))])
        # There may be a thousand: put into their order here, and read by columns, they take half the time.
        known = rows.whole(_traits_by_id)
        return tuple(known[one] for one in ids if one in known)

    def _is_word(self, word: str) -> bool:
        """Return whether the index holds a word."""
        sql = "SELECT 1 FROM papers_fts WHERE papers_fts MATCH ? LIMIT 1"
        return self._db.execute(sql, [MatchExpression(quoted((word,)))]).fetchone() is not None

    def _matching(self, query: Node, ids: Sequence[int]) -> list[int]:
        """Return which of some papers match."""
        from newsletter.topics.evaluation import (  # noqa: PLC0415 - loads numpy
            asks_for_words_alone,
            ids_matching,
            those_matching,
        )

        known = indexed_words(self._db, ids)
        if asks_for_words_alone(query) and len(known) == len(ids):
            return ids_matching(ids, query, known)
        return [paper.id for paper in those_matching(self.papers(ids), query, known)]

    def days(self, first: date, last: date) -> dict[date, int]:
        """Count the papers of each of these days; days without papers are left out."""
        sql = """
            SELECT day, count(*) FROM paper_traits WHERE day BETWEEN ? AND ? GROUP BY day ORDER BY day"""
        rows = self._db.execute(sql, [first.isoformat(), last.isoformat()])
        return dict(rows.into(lambda row: (date.fromisoformat(row[0]), int(row[1]))))

    def span(self) -> tuple[date, date] | None:
        """Return the first and the last day with papers, or None if there are none."""
        # Two statements in one: SQLite reads either end of the index, but all of it for both at once.
        days = self._db.execute(f"SELECT (SELECT min({PAPER_DAY}) FROM papers), (SELECT max({PAPER_DAY}) FROM papers)")
        return days.one(lambda row: (date.fromisoformat(row[0]), date.fromisoformat(row[1])) if row[0] else None)

    def day_before(self, day: date) -> date | None:
        """Return the last day with papers before a day, or None."""
        return self._nearest("<", "DESC", day)

    def day_after(self, day: date) -> date | None:
        """Return the first day with papers after a day, or None."""
        return self._nearest(">", "ASC", day)

    def _nearest(self, comparison: str, direction: str, day: date) -> date | None:
        sql = f"SELECT day FROM paper_traits WHERE day {comparison} ? ORDER BY day {direction} LIMIT 1"
        return self._db.execute(sql, [day.isoformat()]).one(lambda row: date.fromisoformat(row[0]))

    def find(self, key: str) -> Paper | None:
        """Return the paper with this key ("arxiv:2605.01234"), or None."""
        return self._db.execute(f"SELECT {PAPER_COLUMNS} FROM papers WHERE key = ?", [key]).one(paper_of)

    def keys(self, after: int = 0, through: int | None = None) -> Iterator[str]:
        """Yield the keys of all papers but the withdrawn ones with an id in a range, the latest first."""
        sql = "SELECT key FROM paper_traits WHERE paper_id > ? AND paper_id <= ? ORDER BY paper_id DESC"
        last = sys.maxsize if through is None else through
        for (key,) in self._db.execute(sql, [after, last]):
            yield str(key)

    def editions_of(self, paper_id: int) -> list[str]:
        """Return the keys of the editions with this paper, the latest first."""
        sql = """
            SELECT edition_key FROM edition_papers JOIN editions ON editions.key = edition_key
            WHERE paper_id = ? ORDER BY created_at DESC, edition_key"""
        return [str(key) for (key,) in self._db.execute(sql, [paper_id])]

    def sources(self) -> list[str]:
        """Return the names of all sources that mentioned a paper, in alphabetical order."""
        return [str(name) for (name,) in self._db.execute("SELECT DISTINCT source FROM mentions ORDER BY source")]


def content_words(text: str) -> list[str]:
    """Return the words of a text that a search counts: each once, in their order, without stop words."""
    found = [word for word in dict.fromkeys(words(text)) if word not in STOP_WORDS]
    return found[:SEARCH_WORDS]


def excerpts(text: str, papers: Iterable[Paper]) -> tuple[Hit, ...]:
    """Return papers that share words with a text, each with an excerpt that shows them."""
    terms = list(map(Term, content_words(text)))
    return tuple(Hit(paper, tuple(excerpt(paper.abstract, terms))) for paper in papers)


def _without(numbers: Iterable[int], seen: AbstractSet[int]) -> list[int]:
    return [number for number in numbers if number not in seen]


def _excerpt(query: Node, paper: Paper) -> Iterator[tuple[str, bool]]:
    """Return the part of an abstract around what it matches for."""
    if isinstance(query, Term):
        return excerpt(paper.abstract, [query])
    from newsletter.topics.evaluation import terms_held  # noqa: PLC0415 - loads numpy

    return excerpt(paper.abstract, terms_held(query, paper))


def _parts(query: Node) -> tuple[Node, ...]:
    return query.parts if isinstance(query, All) else (query,)


def _quoted(word: str) -> str:
    return quoted((word,))


def _traits_by_id(rows: Sequence[Sequence[Any]]) -> dict[int, Traits]:
    ids, sources, categories, organizations, have_code = zip(*rows, strict=True) if rows else ((),) * 5
    found = map(Traits, ids, map(_texts, sources), map(_texts, categories), organizations, map(bool, have_code))
    return dict(zip(ids, found, strict=True))


@lru_cache(maxsize=4096)
def _texts(array: str) -> tuple[str, ...]:
    return tuple(json.loads(array))
