"""Papers: add what sources report, merge duplicates, and look papers up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from newsletter.models import Entry, Mention, Paper
from newsletter.papers.identifiers import paper_name
from newsletter.papers.identity import names_of
from newsletter.papers.merge import enrich, is_revision
from newsletter.store.database import Database, moment_of
from newsletter.store.duplicates import find_duplicates, merge_rows
from newsletter.store.paper_rows import (
    INSERT_PAPER,
    NEWEST_FIRST,
    PAPER_COLUMNS,
    PAPER_DAY,
    UPDATE_PAPER,
    json_list,
    known_paper_of,
    new_row,
    paper_of,
    row_of,
)
from newsletter.store.text_index import index_new
from newsletter.store.upvotes import Upvotes


class Change(StrEnum):
    """What adding an entry did to the store."""

    NEW = "new"
    UPDATED = "updated"
    NOTHING = "nothing"


#: The highest id of a paper, also of those that were merged: links in emails and the history of subscribers name it.
LAST_ID = (
    "SELECT max(coalesce((SELECT max(id) FROM papers), 0), coalesce((SELECT max(duplicate) FROM merged_papers), 0))"
)
#: First seen, or seen in a newer version, after a moment.
_NEW = "(seen_at > ? OR revised_at > ?) AND withdrawn = 0"
PUT_NAME = "INSERT INTO paper_names VALUES (?, ?) ON CONFLICT DO NOTHING"
PUT_MENTION = "INSERT INTO mentions VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
#: How many entries are looked up together, and held in memory.
_BATCH = 500
_BY_ID = f"SELECT {PAPER_COLUMNS} FROM papers WHERE id IN (SELECT CAST(value AS INTEGER) FROM json_each(?))"
#: An entry with its names, as `names_of` gives them.
_Named = tuple[Entry, tuple[str, ...]]


class Papers:
    """The `papers`, `paper_names` and `mentions` tables, and the full-text index."""

    def __init__(self, db: Database, upvotes: Upvotes) -> None:
        self._db = db
        self._upvotes = upvotes

    def add(self, entry: Entry, seen_at: datetime, place: str = "") -> Change:
        """Store an entry that was found at `place` (a file or URL); see `add_all`."""
        changes = self.add_all([entry], seen_at, place)
        return next(change for change, number in changes.items() if number)

    def add_all(self, entries: Iterable[Entry], seen_at: datetime, place: str = "") -> dict[Change, int]:
        """Store entries as new papers or merge them into known ones; count them by what they changed.

        All are stored, or none if iterating raises.
        """
        changes = dict.fromkeys(Change, 0)
        moment = seen_at.astimezone(UTC)
        rest = iter(entries)
        with self._db.transaction():
            while batch := list(islice(rest, _BATCH)):
                for change in self._add_batch(batch, moment, place):
                    changes[change] += 1
            index_new(self._db)
        return changes

    def _add_batch(self, entries: list[Entry], moment: datetime, place: str) -> Iterator[Change]:
        """Store entries one after the other, but runs of new papers together, which is much faster."""
        named = [(entry, tuple(names_of(entry))) for entry in entries]
        known: dict[str, list[Paper]] = {}
        for name, paper in self._named([name for _, names in named for name in names]):
            known.setdefault(name, []).append(paper)
        fresh: list[_Named] = []
        seen: set[str] = set()  # names earlier in this batch: what was looked up for them may be out of date
        changed: set[int] = set()
        for entry, names in named:
            found = [(name, paper) for name in names for paper in known.get(name, ())]
            if not seen.isdisjoint(names) or any(paper.id in changed for _, paper in found):
                self._insert(fresh, moment, place)
                fresh = []
                found = self._named(names)
            seen.update(names)
            if found:
                change, touched = self._merge(entry, found, moment, place)
                changed |= touched
                yield change
            else:
                fresh.append((entry, names))
                yield Change.NEW
        self._insert(fresh, moment, place)

    def _merge(
        self, entry: Entry, found: list[tuple[str, Paper]], moment: datetime, place: str
    ) -> tuple[Change, set[int]]:
        """Store one entry that shares a name with papers; return what it changed, and the ids of the papers."""
        entry, same = find_duplicates(entry, found)
        if not same:
            self._insert([(entry, tuple(names_of(entry)))], moment, place)
            return Change.NEW, set()
        paper, *duplicates = same
        enriched = paper
        for duplicate in duplicates:
            enriched = enrich(enriched, duplicate)
            merge_rows(self._db, duplicate.id, paper.id)
        if is_revision(enriched, entry):
            enriched = replace(enriched, revised_at=moment)
        enriched = enrich(enriched, entry)
        new_names = set(names_of(entry)) - {name for name, known in found if known.id == paper.id}
        if new_names or entry.source not in paper.sources:
            self._add_mentions([(paper.id, entry, tuple(names_of(entry)))], moment, place)
        if enriched == paper:
            return Change.NOTHING, set()
        self._db.execute(UPDATE_PAPER, (*row_of(enriched), paper.id))
        if enriched.upvotes != paper.upvotes:
            self._upvotes.record(moment.date(), [(paper.id, enriched.upvotes)])
        return Change.UPDATED, {one.id for one in same}

    def _insert(self, entries: list[_Named], moment: datetime, place: str) -> None:
        """Store entries as new papers."""
        if entries:
            (last,) = self._db.execute(LAST_ID).fetchone()
            numbered = [(number, entry, names) for number, (entry, names) in enumerate(entries, start=last + 1)]
            at = moment.isoformat()
            rows = (new_row(entry, number, at) for number, entry, _ in numbered)
            self._db.executemany(INSERT_PAPER, rows)
            self._add_mentions(numbered, moment, place)
            self._upvotes.record(moment.date(), ((number, entry.upvotes) for number, entry, _ in numbered))

    def _named(self, names: Sequence[str]) -> list[tuple[str, Paper]]:
        """Return the papers with any of these names, each with the name that matched, in the order of keys."""
        sql = f"""
            SELECT name, {PAPER_COLUMNS} FROM json_each(?) AS wanted JOIN paper_names ON name = wanted.value
            JOIN papers ON papers.id = paper_id ORDER BY papers.key"""
        return self._db.execute(sql, [json_list(names)]).into(lambda row: (row[0], paper_of(row[1:])))

    def _add_mentions(
        self, entries: Sequence[tuple[int, Entry, tuple[str, ...]]], moment: datetime, place: str
    ) -> None:
        """Store names and mentions of papers, given as (paper id, entry, its names)."""
        pairs = ((name, number) for number, _, names in entries for name in names)
        self._db.executemany(PUT_NAME, pairs)
        at = moment.isoformat()
        mentions = ((number, entry.source, place, at) for number, entry, _ in entries)
        self._db.executemany(PUT_MENTION, mentions)

    def names_of(self, paper_id: int) -> list[str]:
        """Return all names of a paper, in alphabetical order."""
        sql = "SELECT name FROM paper_names WHERE paper_id = ? ORDER BY name"
        return [str(name) for (name,) in self._db.execute(sql, [paper_id])]

    def mentions(self, paper_id: int) -> list[Mention]:
        """Return the mentions of a paper by sources, the earliest first."""
        sql = "SELECT source, place, mentioned_at FROM mentions WHERE paper_id = ? ORDER BY mentioned_at, source"
        rows = self._db.execute(sql, [paper_id])
        return rows.into(lambda row: Mention(row[0], row[1], datetime.fromisoformat(row[2])))

    def named(self, text: str) -> Paper | None:
        """Return the paper whose arXiv id or DOI a person typed, in any spelling, or None."""
        name = paper_name(text)
        return self.find(name) if name else None

    def find(self, name: str) -> Paper | None:
        """Return the paper with a name as `papers.identity.names_of` gives them ("arxiv:2605.01234"), or None."""
        return next((paper for _, paper in self._named([name])), None)

    def get_many(self, ids: Iterable[int]) -> dict[int, Paper]:
        """Return the papers with these ids, by id and in the order of these."""
        condition = "id IN (SELECT CAST(value AS INTEGER) FROM json_each(?)) ORDER BY id"
        return {paper.id: paper for paper in self._where(condition, [json.dumps(list(ids))])}

    def get_present(self, ids: Iterable[int]) -> dict[int, Paper]:
        """Return the papers with these ids, by id; in place of one that was merged, the paper that it was merged into.

        Those that are as they were when they were read before are the same objects.
        """
        wanted = set(ids)
        rows = self._db.execute(_BY_ID, [json.dumps(list(wanted))])
        found = {paper.id: paper for paper in rows.into(known_paper_of)}
        if gone := wanted - found.keys():
            sql = """
                SELECT duplicate, paper FROM merged_papers
                WHERE duplicate IN (SELECT CAST(value AS INTEGER) FROM json_each(?))"""
            merged = dict(self._db.execute(sql, [json.dumps(list(gone))]).fetchall())
            kept = self.get_many(merged.values())
            found |= {number: kept[paper] for number, paper in merged.items() if paper in kept}
        return found

    def new_since(self, moment: datetime) -> list[Paper]:
        """Return the papers first seen, or seen in a newer version, after `moment`, in the order of their keys.

        Withdrawn papers are left out.
        """
        after = moment.astimezone(UTC).isoformat()
        # "+": else SQLite's planner reads all papers in the order of their keys, in place of the two indexes of times.
        return self._where(f"{_NEW} ORDER BY +key", [after, after])

    def ids_since(self, moment: datetime) -> list[int]:
        """Return the ids of the papers that `new_since` returns, in no order."""
        after = moment.astimezone(UTC).isoformat()
        return [int(number) for (number,) in self._db.execute(f"SELECT id FROM papers WHERE {_NEW}", [after, after])]

    def newest(self, limit: int) -> list[Paper]:
        """Return the `limit` newest papers, the most upvoted of a day first; a vague date leads no day."""
        return self._where(f"TRUE ORDER BY {NEWEST_FIRST} LIMIT ?", [limit])

    def trending(self, since: date, today: date, limit: int, *, by_velocity: bool = False) -> list[Paper]:
        """Return the papers since a day with the most upvotes and comments, in total or (`by_velocity`) per day.

        The day is `Paper.day`. Withdrawn papers are left out.
        """
        votes = "(coalesce(upvotes, 0) + coalesce(comments, 0))"
        rate = f"{votes} / max(1.0, julianday(:today) - julianday({PAPER_DAY}) + 1)" if by_velocity else votes
        condition = f"{PAPER_DAY} >= :since AND {votes} > 0 AND withdrawn = 0 ORDER BY {rate} DESC, key LIMIT :limit"
        values = {"since": since.isoformat(), "today": today.isoformat(), "limit": limit}
        return self._db.execute(f"SELECT {PAPER_COLUMNS} FROM papers WHERE {condition}", values).into(paper_of)

    def with_short_doi_alone(self, since: datetime, limit: int) -> list[Paper]:
        """Return papers first seen after a moment that have a short DOI and no DOI, the newest first."""
        after = since.astimezone(UTC).isoformat()
        condition = "short_doi IS NOT NULL AND doi IS NULL AND seen_at > ? ORDER BY seen_at DESC, id LIMIT ?"
        return self._where(condition, [after, limit])

    def last_seen_at(self) -> datetime | None:
        """Return when the newest paper was first seen, or None if there are none."""
        return self._db.execute("SELECT max(seen_at) FROM papers").one(moment_of)

    def last_id(self) -> int:
        """Return the highest id of a paper that there is or was."""
        return int(self._db.execute(LAST_ID).fetchone()[0])

    def count(self) -> int:
        """Count the papers."""
        (number,) = self._db.execute("SELECT count(*) FROM papers").fetchone()
        return int(number)

    def _where(self, condition: str, values: list[Any]) -> list[Paper]:
        sql = f"SELECT {PAPER_COLUMNS} FROM papers WHERE {condition}"
        return self._db.execute(sql, values).into(paper_of)
