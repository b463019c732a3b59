"""Papers ⇄ rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import islice
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any

from sqlite_utils import Database

from newsletter.models import Entry, Facts, Mention, Paper
from newsletter.papers.identity import key_of, may_be_same, names_of
from newsletter.papers.merge import enrich, is_revision
from newsletter.store.database import transaction
from newsletter.text import squeeze


class Change(StrEnum):
    """What an entry did to the store."""

    NEW = "new"
    UPDATED = "updated"
    NOTHING = "nothing"


#: How many entries are looked up together; also how many are held in memory.
_BATCH = 500

#: The day that a paper counts as new, as `Paper.day` has it; there is an index of just this.
PAPER_DAY = "coalesce(listed, published, substr(seen_at, 1, 10))"
_NAMES = tuple(field.name for field in fields(Paper))
PAPER_COLUMNS = ", ".join(f"papers.{name}" for name in _NAMES)
_WRITTEN = tuple(name for name in _NAMES if name != "id")
_INSERT = f"INSERT INTO papers (id, {', '.join(_WRITTEN)}) VALUES (?{', ?' * len(_WRITTEN)})"
_UPDATE = f"UPDATE papers SET {', '.join(f'{name} = ?' for name in _WRITTEN)} WHERE id = ?"


class Papers:
    """The papers of one store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, entry: Entry, seen_at: datetime, place: str = "") -> Change:
        """Store what `entry`, found at `place`, tells: a new paper, more about one that is known, or nothing new."""
        changes = self.add_all([entry], seen_at, place)
        return next(change for change, number in changes.items() if number)

    def add_all(self, entries: Iterable[Entry], seen_at: datetime, place: str = "") -> dict[Change, int]:
        """Store what many entries tell, all of them or (if iterating fails) none; return how many did what."""
        changes = dict.fromkeys(Change, 0)
        moment = seen_at.astimezone(UTC)
        rest = iter(entries)
        with transaction(self._db):
            while batch := list(islice(rest, _BATCH)):
                for change in self._add_batch(batch, moment, place):
                    changes[change] += 1
            self._index_new()
        return changes

    def _add_batch(self, entries: list[Entry], moment: datetime, place: str) -> Iterator[Change]:
        """Store some entries one after the other; those that nothing is known of together, which is much faster."""
        named = [(entry, tuple(names_of(entry))) for entry in entries]
        known: dict[str, list[Paper]] = {}
        for name, paper in self._named([name for _, names in named for name in names]):
            known.setdefault(name, []).append(paper)
        fresh: list[tuple[Entry, tuple[str, ...]]] = []
        told: set[str] = set()  # names in this batch so far: what was looked up of them above may not hold any more
        changed: set[int] = set()
        for entry, names in named:
            found = [(name, paper) for name in names for paper in known.get(name, ())]
            if not told.isdisjoint(names) or any(paper.id in changed for _, paper in found):
                self._insert(fresh, moment, place)
                fresh = []
                found = self._named(names)
            told.update(names)
            if found:
                change, touched = self._join(entry, found, moment, place)
                changed |= touched
                yield change
            else:
                fresh.append((entry, names))
                yield Change.NEW
        self._insert(fresh, moment, place)

    def _join(
        self, entry: Entry, found: list[tuple[str, Paper]], moment: datetime, place: str
    ) -> tuple[Change, set[int]]:
        """Store one entry that shares a name with papers; return what it did, and to which papers."""
        entry, one = _that_are_one(entry, found)
        if not one:
            self._insert([(entry, tuple(names_of(entry)))], moment, place)
            return Change.NEW, set()
        paper, *twins = one
        enriched = paper
        for twin in twins:
            enriched = enrich(enriched, twin)
            self._absorb(twin.id, paper.id)
        if is_revision(enriched, entry):
            enriched = replace(enriched, revised_at=moment)
        enriched = enrich(enriched, entry)
        new_names = set(names_of(entry)) - {name for name, known in found if known.id == paper.id}
        if new_names or entry.source not in paper.sources:
            self._remember([(paper.id, entry, tuple(names_of(entry)))], moment, place)
        if enriched == paper:
            return Change.NOTHING, set()
        self._db.conn.execute(_UPDATE, (*_row(enriched), paper.id))
        return Change.UPDATED, {one.id for one in one}

    def _insert(self, entries: list[tuple[Entry, tuple[str, ...]]], moment: datetime, place: str) -> None:
        """Store papers that no other entry told of."""
        if entries:
            (last,) = self._db.conn.execute("SELECT coalesce(max(id), 0) FROM papers").fetchone()
            numbered = [(number, entry, names) for number, (entry, names) in enumerate(entries, start=last + 1)]
            at = moment.isoformat()
            rows = (_row_of_new(entry, number, at) for number, entry, _ in numbered)
            self._db.conn.executemany(_INSERT, rows)
            self._remember(numbered, moment, place)

    def _named(self, names: Sequence[str]) -> list[tuple[str, Paper]]:
        """Return the papers that have any of these names, each with the name that found it, in the order of keys."""
        sql = f"""
            SELECT name, {PAPER_COLUMNS} FROM json_each(?) AS wanted JOIN paper_names ON name = wanted.value
            JOIN papers ON papers.id = paper_id ORDER BY papers.key"""
        return [(row[0], paper_of(row[1:])) for row in self._db.conn.execute(sql, [_list(names)])]

    def _remember(self, told: Sequence[tuple[int, Entry, tuple[str, ...]]], moment: datetime, place: str) -> None:
        """Remember what finds these papers, and who told of them."""
        pairs = ((name, number) for number, _, names in told for name in names)
        self._db.conn.executemany("INSERT OR IGNORE INTO paper_names VALUES (?, ?)", pairs)
        at = moment.isoformat()
        mentions = ((number, entry.source, place, at) for number, entry, _ in told)
        self._db.conn.executemany("INSERT OR IGNORE INTO mentions VALUES (?, ?, ?, ?)", mentions)

    def _absorb(self, twin: int, paper: int) -> None:
        """Give all that was known of `twin` to `paper`: its names, who told of it, and the digests that it was in."""
        both = {"twin": twin, "paper": paper}
        for sql in (
            "INSERT OR IGNORE INTO paper_names SELECT name, :paper FROM paper_names WHERE paper_id = :twin",
            """
                INSERT INTO mentions SELECT :paper, source, place, mentioned_at FROM mentions WHERE paper_id = :twin
                ON CONFLICT DO UPDATE SET place = excluded.place, mentioned_at = excluded.mentioned_at
                WHERE excluded.mentioned_at < mentions.mentioned_at""",
            "UPDATE digest_items SET paper_id = :paper WHERE paper_id = :twin",
            "UPDATE OR IGNORE feedback SET paper_id = :paper WHERE paper_id = :twin",
            "DELETE FROM papers WHERE id = :twin",
        ):
            self._db.conn.execute(sql, both)

    def _index_new(self) -> None:
        """Bring the full-text index up to the papers added last."""
        self._db.conn.execute("""
            INSERT INTO papers_fts(rowid, title, abstract) SELECT id, title, abstract FROM papers
            WHERE id > (SELECT coalesce(max(id), 0) FROM papers_fts_docsize)""")

    def mentions(self, paper_id: int) -> list[Mention]:
        """Return which sources told of a paper, in the order in which they first did."""
        sql = "SELECT source, place, mentioned_at FROM mentions WHERE paper_id = ? ORDER BY mentioned_at, source"
        return [Mention(s, place, datetime.fromisoformat(at)) for s, place, at in self._db.execute(sql, [paper_id])]

    def find(self, name: str) -> Paper | None:
        """Return the paper of a name as `merging.names_of` gives them ("arxiv:2605.01234"), or None."""
        return next((paper for _, paper in self._named([name])), None)

    def get_many(self, ids: Iterable[int]) -> dict[int, Paper]:
        """Return the papers of these ids, by id."""
        wanted = json.dumps(list(ids))
        return {paper.id: paper for paper in self._where("id IN (SELECT value FROM json_each(?))", [wanted])}

    def new_since(self, moment: datetime) -> list[Paper]:
        """Return the papers first seen, or seen in a newer version, after `moment`, in the order of their keys.

        Withdrawn ones are never news.
        """
        after = moment.astimezone(UTC).isoformat()
        return list(self._where("(seen_at > ? OR revised_at > ?) AND NOT withdrawn ORDER BY key", [after, after]))

    def newest(self, limit: int) -> list[Paper]:
        """Return the latest papers, the most liked of a day first."""
        order = "1 ORDER BY coalesce(listed, published, seen_at) DESC, upvotes DESC, key LIMIT ?"
        return list(self._where(order, [limit]))

    def trending(self, since: date, today: date, limit: int, *, by_velocity: bool = False) -> list[Paper]:
        """Return the most liked papers of the days since then, by upvotes and comments or (velocity) by these per day.

        A paper's day is when it was listed, else published, else first seen. Withdrawn ones are left out.
        """
        liked = "(coalesce(upvotes, 0) + coalesce(comments, 0))"
        rate = f"{liked} / max(1.0, julianday(:today) - julianday({PAPER_DAY}) + 1)" if by_velocity else liked
        condition = f"{PAPER_DAY} >= :since AND {liked} > 0 AND NOT withdrawn ORDER BY {rate} DESC, key LIMIT :limit"
        values = {"since": since.isoformat(), "today": today.isoformat(), "limit": limit}
        return [
            paper_of(row) for row in self._db.execute(f"SELECT {PAPER_COLUMNS} FROM papers WHERE {condition}", values)
        ]

    def search(self, query: str, limit: int) -> list[Paper]:
        """Return papers that hold every word of `query` in title or abstract, best match first."""
        terms = " ".join('"{}"'.format(word.replace('"', '""')) for word in squeeze(query).split())
        sql = (
            f"SELECT {PAPER_COLUMNS} FROM papers JOIN papers_fts ON papers_fts.rowid = papers.id "
            "WHERE papers_fts MATCH ? ORDER BY bm25(papers_fts, 4.0, 1.0), papers.key LIMIT ?"
        )
        return [paper_of(row) for row in self._db.execute(sql, [terms, limit])] if terms else []

    def last_seen_at(self) -> datetime | None:
        """Return when the newest paper was first seen, or None if there are none."""
        (moment,) = self._db.execute("SELECT max(seen_at) FROM papers").fetchone()
        return datetime.fromisoformat(moment) if moment else None

    def count(self) -> int:
        """Return how many papers there are."""
        (number,) = self._db.execute("SELECT count(*) FROM papers").fetchone()
        return int(number)

    def _where(self, condition: str, values: list[Any]) -> Iterator[Paper]:
        sql = f"SELECT {PAPER_COLUMNS} FROM papers WHERE {condition}"
        return map(paper_of, self._db.execute(sql, values))


def _that_are_one(entry: Entry, known: list[tuple[str, Paper]]) -> tuple[Entry, list[Paper]]:
    """Return the papers that `entry` is about, all of which are one, the one to keep first; and the entry to add.

    An id finds its paper; a title does so only if neither ids nor first authors say otherwise, since two papers may
    share a title. Where a DOI belongs to a paper with another arXiv id, it stays there.
    """
    by_id = [paper for name, paper in known if not name.startswith("title:")]
    if entry.arxiv_id and any(paper.arxiv_id not in (None, entry.arxiv_id) for paper in by_id):
        entry = replace(entry, doi=None)
        by_id = [paper for paper in by_id if paper.arxiv_id in (None, entry.arxiv_id)]
    by_id.sort(key=lambda paper: (paper.arxiv_id is None or paper.arxiv_id != entry.arxiv_id, paper.key))
    one = list({paper.id: paper for paper in by_id}.values())
    for name, paper in known:
        if not name.startswith("title:") or any(paper.id == other.id for other in one):
            continue
        if all(may_be_same(paper, other) for other in (entry, *one)):
            one.append(paper)
    return entry, one


def _list(items: Sequence[str]) -> str:
    """Write a list of texts as JSON; `json.dumps` takes five times as long, and a pull writes a lot of them."""
    return f"[{', '.join(map(encode_basestring, items))}]"


def _iso(value: date | datetime | None) -> str | None:
    return None if value is None else value.isoformat()


_INTO_ROW: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("authors", "keywords", "categories", "sources"), _list),
    **dict.fromkeys(("published", "listed", "seen_at", "revised_at"), _iso),
    "withdrawn": int,
}
_OUT_OF_ROW: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("authors", "keywords", "categories", "sources"), lambda text: tuple(json.loads(text))),
    **dict.fromkeys(("published", "listed"), lambda text: text and date.fromisoformat(text)),
    **dict.fromkeys(("seen_at", "revised_at"), lambda text: text and datetime.fromisoformat(text)),
    "withdrawn": bool,
}
_values = attrgetter(*_WRITTEN)
_AUTHOR_COUNT = _WRITTEN.index("author_count")
_CONVERTED = [(_WRITTEN.index(name), convert) for name, convert in _INTO_ROW.items()]


def _row(paper: Paper) -> list[Any]:
    """Return the values of `_WRITTEN`."""
    row = list(_values(paper))
    for index, convert in _CONVERTED:
        row[index] = convert(row[index])
    return row


_facts_of = attrgetter(*(field.name for field in fields(Facts)))
_FACTS_CONVERTED = [(index, convert) for index, convert in _CONVERTED if index < len(fields(Facts))]


def _row_of_new(entry: Entry, number: int, seen_at: str) -> list[Any]:
    """Return the number and row of the paper that `begin` would make of an entry, in a third of the time."""
    row = [number, *_facts_of(entry)]
    for index, convert in _FACTS_CONVERTED:
        row[index + 1] = convert(row[index + 1])
    row[_AUTHOR_COUNT + 1] = entry.author_count or len(entry.authors) or None
    key = key_of(entry.arxiv_id, entry.doi, entry.title, entry.authors)
    row += (key, entry.source, entry.version, _list((entry.source,)), seen_at, None)
    return row


def paper_of(values: tuple[Any, ...]) -> Paper:
    """Make a paper of the values of `PAPER_COLUMNS`."""
    row = dict(zip(_NAMES, values, strict=True))
    for name, convert in _OUT_OF_ROW.items():
        row[name] = convert(row[name])
    return Paper(**row)
