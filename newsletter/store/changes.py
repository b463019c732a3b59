"""What a database that can still be read knows since a backup of it, as records of the recovery log."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from newsletter.models import DeliveryStatus, Status
from newsletter.store.database import Database
from newsletter.store.departures import RECORDED, recorded
from newsletter.store.digest_blobs import paper_ids
from newsletter.store.editions import EDITION_COLUMNS
from newsletter.store.paper_rows import recorded_columns
from newsletter.store.papers import Papers
from newsletter.store.recovery_log import Record
from newsletter.store.subscribers import Subscribers
from newsletter.store.suppressions import Suppressions
from newsletter.store.times import from_ms, to_ms

_BATCH = 500


def changes_since(
    db: Database,
    subscribers: Subscribers,
    suppressions: Suppressions,
    papers: Papers,
    since: datetime,
    ids: Collection[int],
) -> Iterator[Record]:
    """Yield the records; `ids` are those of the subscribers whom the backup has.

    Raises:
        StoreDamaged: A value is none that a release writes; what was yielded before happened all the same.
    """
    yield {"added": subscribers.last_id()}
    yield from _people(db, suppressions, ids)
    for key, reason, at in suppressions.entries():
        yield {"suppressed": suppressions.hash_of_key(key), "reason": reason.partition(":")[0], "at": at}
    for value, reason, at in db.execute("SELECT hash, reason, suppressed_at FROM suppression_hashes"):
        yield {"suppressed": bytes(value).hex(), "reason": reason, "at": at}
    sql = f"SELECT {', '.join(EDITION_COLUMNS)} FROM editions WHERE created_at >= ?"
    for row in db.execute(sql, [since.isoformat()]):
        yield dict(zip(EDITION_COLUMNS, row, strict=True))
    for key, state in db.execute("SELECT key, state FROM editions WHERE state NOT IN ('open', 'draft')"):
        yield {"state": state, "of": key}
    for (at,) in db.execute("SELECT at FROM looks"):
        yield {"look": at}
    yield from _mail(db, papers, since)


def _people(db: Database, suppressions: Suppressions, ids: Collection[int]) -> Iterator[Record]:
    present = set()
    sql = "SELECT id, email_key, status, status_at, paused_until FROM subscribers"
    for number, key, status, at, until in db.execute(sql):
        present.add(number)
        if status != Status.ACTIVE.value:
            yield {"subscriber": number, "status": status, "at": at, "until": until}
        yield {"moved": number, "to": suppressions.hash_of_key(key)}
    for number in sorted(set(ids) - present):
        yield {"erased": number}


def _mail(db: Database, papers: Papers, since: datetime) -> Iterator[Record]:
    sql = f"""
        SELECT {RECORDED}, status, coalesce(left_at, updated_at)
        FROM deliveries WHERE updated_at >= ? AND id > ? AND status IN ('sent', 'sending', 'held')
        ORDER BY id LIMIT ?"""
    last, digests, known = 0, set[int](), set[int]()
    while batch := db.execute(sql, [to_ms(since), last, _BATCH]).into(_delivery):
        last = batch[-1]["delivery"][0]
        for record in batch:
            digest = record["delivery"][3]
            if digest not in digests:
                digests.add(digest)
                yield from _digest(db, papers, digest, known)
            yield record


def _delivery(row: tuple[Any, ...]) -> Record:
    *names, status, at = row
    return {"delivery": recorded(names, DeliveryStatus(status)), "at": from_ms(at).isoformat()}


def _digest(db: Database, papers: Papers, number: int, known: set[int]) -> Iterator[Record]:
    numbers = db.execute("SELECT content FROM digests WHERE id = ?", [number]).one(lambda row: paper_ids(row[0]))
    present = papers.get_present(numbers or ())
    found = list({paper.id: None for paper in present.values()})
    for paper in {paper.id: paper for paper in present.values() if paper.id not in known}.values():
        known.add(paper.id)
        yield {"paper": paper.id, "columns": recorded_columns(paper), "names": papers.names_of(paper.id)}
    yield {"digest": number, "papers": found}
