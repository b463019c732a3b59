"""Delete what is old, a few hundred rows at a time, so that nobody waits long for the write lock.

What keeps a paper from being mailed twice stays: who was sent which paper (`sent_papers`), and each paper with its ids,
names and the moment when it was first seen. A step that is interrupted is done again, and does no harm.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.store.database import Database
from newsletter.store.digest_batches import FINGERPRINTS
from newsletter.store.digest_blobs import paper_ids
from newsletter.store.facts import fact, set_fact
from newsletter.store.text_index import index_new
from newsletter.store.times import from_ms

_BATCH = 500
_OF_EDITION = "edition_id = (SELECT id FROM editions WHERE key = ?)"
#: What a subscriber was not sent may be sent again.
_MAILED = """
    SELECT subscriber_id, updated_at, content FROM deliveries CROSS JOIN digests ON digests.id = digest_id
    WHERE deliveries.edition_id = (SELECT id FROM editions WHERE key = ?) AND subscriber_id > ? AND subscriber_id <= ?
        AND status NOT IN ('failed', 'skipped')"""
_HISTORY = """
    INSERT INTO sent_papers VALUES (?, ?, ?)
    ON CONFLICT (subscriber_id, paper_id) DO UPDATE SET sent_unix = max(sent_papers.sent_unix, excluded.sent_unix)"""
#: Pulls that say how far a source was read, and how its last pull went.
_LAST_PULLS = """
    SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY source ORDER BY through DESC NULLS LAST, id DESC) AS place
        FROM pulls WHERE error IS NULL) AS latest WHERE place = 1
    UNION SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY source ORDER BY finished_at DESC, id DESC) AS place
        FROM pulls WHERE through IS NOT NULL) AS latest WHERE place = 1
    UNION SELECT max(id) FROM pulls GROUP BY source"""
_EVENTS = {
    "pulls": f"finished_at < ? AND id NOT IN ({_LAST_PULLS})",
    "bounces": "reported_at < ? AND review <> 'pending'",
    "confirmations": "requested_at < ?",
}
#: Texts that are wanted: of papers that somebody gave feedback on, taste models are learned; saved ones are read.
_PAPERS = """
    FROM papers WHERE (seen_at, id) > (?, ?) AND seen_at < ? AND (abstract <> '' OR summary IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM feedback WHERE paper_id = papers.id)
    AND NOT EXISTS (SELECT 1 FROM saved_papers WHERE paper_id = papers.id)"""
_PAPERS_DONE = "papers_pruned"


class Pruned(StrEnum):
    """What was deleted."""

    DIGESTS = "digests"
    DELIVERIES = "deliveries"
    EVENTS = "events"
    PAPERS = "papers"


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """What is older than these moments is deleted; None for nothing."""

    digests: datetime | None = None
    deliveries: datetime | None = None
    events: datetime | None = None
    #: Their abstracts and summaries.
    papers: datetime | None = None

    @property
    def contents(self) -> datetime | None:
        """From before when contents of digests are deleted: with the deliveries, if these go earlier."""
        return max((one for one in (self.digests, self.deliveries) if one), default=None)


class Pruning:
    """Deletes from all tables that grow."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def steps(self, cutoffs: Cutoffs) -> Iterator[tuple[Pruned, int]]:
        """Delete what is older than the cutoffs; yield what, and how many of it, after each short transaction."""
        if cutoffs.contents is not None:
            for key in self._editions(cutoffs.contents, ("",)):
                yield from ((Pruned.DIGESTS, number) for number in self._prune_digests(key))
        if cutoffs.deliveries is not None:
            for key in self._editions(cutoffs.deliveries, ("", "digests")):
                yield from ((Pruned.DELIVERIES, number) for number in self._prune_deliveries(key))
        if cutoffs.events is not None:
            yield from ((Pruned.EVENTS, number) for number in self._prune_events(cutoffs.events))
        if cutoffs.papers is not None:
            yield from ((Pruned.PAPERS, number) for number in self._prune_papers(cutoffs.papers))

    def count(self, cutoffs: Cutoffs) -> dict[Pruned, int]:
        """Count what `steps` would delete."""
        found = dict.fromkeys(Pruned, 0)
        for kind, table, moment, stages in (
            (Pruned.DIGESTS, "digests", cutoffs.contents, ("",)),
            (Pruned.DELIVERIES, "deliveries", cutoffs.deliveries, ("", "digests")),
        ):
            for key in self._editions(moment, stages) if moment else ():
                sql = f"SELECT count(*) FROM {table} WHERE {_OF_EDITION}"
                found[kind] += self._db.execute(sql, [key]).fetchone()[0]
        if cutoffs.events is not None:
            for table, condition in _EVENTS.items():
                sql = f"SELECT count(*) FROM {table} WHERE {condition}"
                found[Pruned.EVENTS] += self._db.execute(sql, [cutoffs.events.isoformat()]).fetchone()[0]
        if cutoffs.papers is not None:
            values = [*self._papers_done(), cutoffs.papers.isoformat()]
            found[Pruned.PAPERS] = self._db.execute(f"SELECT count(*) {_PAPERS}", values).fetchone()[0]
        return found

    def _editions(self, before: datetime, stages: tuple[str, ...]) -> list[str]:
        """Return the editions from before a moment that are at these stages, and of which nothing is to be sent."""
        sql = """
            SELECT key FROM editions WHERE created_at < ? AND pruned IN (SELECT value FROM json_each(?))
            AND id NOT IN (
                SELECT edition_id FROM deliveries INDEXED BY deliveries_open
                WHERE status IN ('queued', 'sending', 'deferred'))
            ORDER BY created_at, key"""
        return [str(key) for (key,) in self._db.execute(sql, [before.isoformat(), json.dumps(stages)])]

    def _mark(self, key: str, stage: str) -> None:
        self._db.execute("UPDATE editions SET pruned = ? WHERE key = ?", [stage, key])

    def _prune_digests(self, key: str) -> Iterator[int]:
        """Delete the contents of an edition's digests, after what they say of subscribers and papers is kept apart."""
        last = 0
        sql = f"SELECT subscriber_id FROM deliveries WHERE {_OF_EDITION} AND subscriber_id > ? ORDER BY 1 LIMIT ?"
        while batch := self._db.execute(sql, [key, last, _BATCH]).fetchall():
            self._keep_history(key, last, batch[-1][0])
            last = batch[-1][0]
            yield 0
        name = FINGERPRINTS.start - 1
        sql = f"SELECT fingerprint, id FROM digests WHERE {_OF_EDITION} AND fingerprint > ? ORDER BY 1 LIMIT ?"
        while batch := self._db.execute(sql, [key, name, _BATCH]).fetchall():
            self._delete_contents([number for _, number in batch])
            name = batch[-1][0]
            yield len(batch)
        sql = "DELETE FROM digest_texts WHERE id IN (SELECT id FROM digest_texts WHERE edition_key = ? LIMIT ?)"
        while self._db.execute(sql, [key, _BATCH]).rowcount:
            yield 0
        self._mark(key, "digests")

    def _keep_history(self, key: str, after: int, last: int) -> None:
        """Keep which papers of an edition some subscribers were sent, and when: in seconds, rounded up."""
        rows = self._db.execute(_MAILED, [key, after, last]).whole(
            lambda found: [
                (subscriber, paper, int(from_ms(at).timestamp()) + 1)
                for subscriber, at, content in found
                for paper in paper_ids(content)
            ]
        )
        self._db.executemany(_HISTORY, rows)

    def _delete_contents(self, digests: list[int]) -> None:
        sql = """
            UPDATE digests SET content = NULL, texts_id = NULL
            WHERE id IN (SELECT CAST(value AS INTEGER) FROM json_each(?))"""
        self._db.execute(sql, [json.dumps(digests)])

    def _prune_deliveries(self, key: str) -> Iterator[int]:
        """Delete the deliveries of an edition, and keep how many there were."""
        select = f"SELECT id FROM deliveries WHERE {_OF_EDITION} ORDER BY subscriber_id LIMIT ?"
        while batch := self._db.execute(select, [key, _BATCH]).fetchall():
            numbers = json.dumps([number for (number,) in batch])
            among = "id IN (SELECT CAST(value AS INTEGER) FROM json_each(?))"
            with self._db.transaction():
                sql = f"""
                    INSERT INTO edition_totals
                    SELECT CAST(? AS TEXT), status, count(*) FROM deliveries WHERE {among} GROUP BY 1, 2
                    ON CONFLICT (edition_key, status)
                    DO UPDATE SET deliveries = edition_totals.deliveries + excluded.deliveries"""
                self._db.execute(sql, [key, numbers])
                self._db.execute(f"DELETE FROM deliveries WHERE {among}", [numbers])
            yield len(batch)
        with self._db.without_foreign_keys():  # only deliveries of the same edition refer to a digest
            sql = f"""
                DELETE FROM digests WHERE id IN (SELECT id FROM digests WHERE {_OF_EDITION} LIMIT ?)"""
            while self._db.execute(sql, [key, _BATCH]).rowcount:
                yield 0
        self._mark(key, "deliveries")

    def _prune_events(self, before: datetime) -> Iterator[int]:
        for table, condition in _EVENTS.items():
            sql = f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {condition} LIMIT ?)"
            while number := self._db.execute(sql, [before.isoformat(), _BATCH]).rowcount:
                yield number

    def _papers_done(self) -> tuple[str, int]:
        """Return the moment and id of the last paper that was looked at."""
        done = fact(self._db, _PAPERS_DONE)
        seen_at, number = json.loads(done) if done else ("", 0)
        return str(seen_at), int(number)

    def _prune_papers(self, before: datetime) -> Iterator[int]:
        """Delete the texts of papers. Their titles, authors, links and ids stay, so that no paper is ever new again."""
        select = f"SELECT seen_at, id {_PAPERS} ORDER BY seen_at, id LIMIT ?"
        while batch := self._db.execute(select, [*self._papers_done(), before.isoformat(), _BATCH]).fetchall():
            numbers = json.dumps([number for _, number in batch])
            with self._db.transaction():
                among = "IN (SELECT CAST(value AS INTEGER) FROM json_each(?))"
                self._db.execute(f"UPDATE papers SET abstract = '', summary = NULL WHERE id {among}", [numbers])
                for table in ("summaries", "upvote_history"):
                    self._db.execute(f"DELETE FROM {table} WHERE paper_id {among}", [numbers])
                index_new(self._db)
                set_fact(self._db, _PAPERS_DONE, json.dumps(batch[-1]))
            yield len(batch)
