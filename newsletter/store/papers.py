"""Papers ⇄ rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from newsletter.models import Entry, Paper
from newsletter.store.merging import begin, enrich
from newsletter.text import squeeze, title_key


class Change(StrEnum):
    """What an entry did to the store."""

    NEW = "new"
    UPDATED = "updated"
    NOTHING = "nothing"


_COLUMNS = ", ".join(f"papers.{field.name}" for field in fields(Paper))


class Papers:
    """The papers of one store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, entry: Entry, seen_at: datetime) -> Change:
        """Store what `entry` tells: a new paper, more about one that is known, or nothing new."""
        known = self._find(entry)
        if known is None:
            row = self._db.table("papers").insert(_row(begin(entry, paper_id=0, seen_at=seen_at)))
            self._remember_title(entry.title, int(str(row.last_pk)))
            return Change.NEW
        if entry.title != known.title:
            self._remember_title(entry.title, known.id)
        enriched = enrich(known, entry)
        if enriched == known:
            return Change.NOTHING
        self._db.table("papers").update(known.id, _row(enriched))
        return Change.UPDATED

    def _find(self, entry: Entry) -> Paper | None:
        """Return the paper that `entry` is about: by arXiv id, else by DOI, else by title.

        Any title it was ever told under finds it, but only if their ids do not contradict each other: two papers
        may share a title.
        """
        for column, value in (("arxiv_id", entry.arxiv_id), ("doi", entry.doi)):
            if value and (found := next(self._where(f"{column} = ?", [value]), None)):
                return found
        told_under = "id IN (SELECT paper_id FROM paper_titles WHERE title_key = ?) ORDER BY key"
        same_title = self._where(told_under, [title_key(entry.title)])
        return next((paper for paper in same_title if _may_be_same(paper, entry)), None)

    def _remember_title(self, title: str, paper_id: int) -> None:
        self._db.execute("INSERT OR IGNORE INTO paper_titles VALUES (?, ?)", [title_key(title), paper_id])

    def get_many(self, ids: Iterable[int]) -> dict[int, Paper]:
        """Return the papers of these ids, by id."""
        wanted = json.dumps(list(ids))
        return {paper.id: paper for paper in self._where("id IN (SELECT value FROM json_each(?))", [wanted])}

    def seen_after(self, moment: datetime) -> list[Paper]:
        """Return the papers first seen after `moment`, in the order of their keys."""
        return list(self._where("seen_at > ? ORDER BY key", [moment.isoformat()]))

    def newest(self, limit: int) -> list[Paper]:
        """Return the latest papers, the most liked of a day first."""
        order = "1 ORDER BY coalesce(listed, published, seen_at) DESC, upvotes DESC, key LIMIT ?"
        return list(self._where(order, [limit]))

    def search(self, query: str, limit: int) -> list[Paper]:
        """Return papers that hold every word of `query` in title or abstract, best match first."""
        terms = " ".join('"{}"'.format(word.replace('"', '""')) for word in squeeze(query).split())
        sql = (
            f"SELECT {_COLUMNS} FROM papers JOIN papers_fts ON papers_fts.rowid = papers.id "
            "WHERE papers_fts MATCH ? ORDER BY bm25(papers_fts, 4.0, 1.0), papers.key LIMIT ?"
        )
        return [_paper(row) for row in self._db.execute(sql, [terms, limit])] if terms else []

    def last_seen_at(self) -> datetime | None:
        """Return when the newest paper was first seen, or None if there are none."""
        (moment,) = self._db.execute("SELECT max(seen_at) FROM papers").fetchone()
        return datetime.fromisoformat(moment) if moment else None

    def count(self) -> int:
        """Return how many papers there are."""
        (number,) = self._db.execute("SELECT count(*) FROM papers").fetchone()
        return int(number)

    def _where(self, condition: str, values: list[Any]) -> Iterator[Paper]:
        sql = f"SELECT {_COLUMNS} FROM papers WHERE {condition}"
        return map(_paper, self._db.execute(sql, values))


def _may_be_same(paper: Paper, entry: Entry) -> bool:
    pairs = ((paper.arxiv_id, entry.arxiv_id), (paper.doi, entry.doi))
    return all(one is None or other is None or one == other for one, other in pairs)


def _row(paper: Paper) -> dict[str, Any]:
    row: dict[str, Any] = {field.name: getattr(paper, field.name) for field in fields(Paper)}
    row |= {name: json.dumps(row[name], ensure_ascii=False) for name in ("authors", "keywords", "sources")}
    row |= {name: day and day.isoformat() for name in ("published", "listed") for day in (row[name],)}
    row["seen_at"] = paper.seen_at.astimezone(UTC).isoformat()
    del row["id"]
    return row


def _paper(values: tuple[Any, ...]) -> Paper:
    row = dict(zip((field.name for field in fields(Paper)), values, strict=True))
    row |= {name: tuple(json.loads(row[name])) for name in ("authors", "keywords", "sources")}
    row |= {name: day and date.fromisoformat(day) for name in ("published", "listed") for day in (row[name],)}
    row["seen_at"] = datetime.fromisoformat(row["seen_at"])
    return Paper(**row)
