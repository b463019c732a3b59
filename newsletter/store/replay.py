"""Write into a restored database what happened since its backup; to do it twice changes nothing more."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from newsletter.models import EditionState, Status
from newsletter.store.database import Database
from newsletter.store.digest_batches import RESTORED
from newsletter.store.editions import EDITION_COLUMNS, PUT_EDITION
from newsletter.store.looks import PUT_LOOK, quarter_of
from newsletter.store.paper_rows import WRITTEN
from newsletter.store.papers import LAST_ID, PUT_MENTION, PUT_NAME
from newsletter.store.recovery import Collected, Mailed, Recovered
from newsletter.store.recovery_log import Record
from newsletter.store.subscribers import Subscribers
from newsletter.store.suppressions import PUT_HASH, Suppressions
from newsletter.store.text_index import index_new
from newsletter.store.times import to_ms

#: The later in this list, the less may be sent.
_STRICTNESS = (Status.ACTIVE, Status.PAUSED, Status.DISABLED, Status.UNSUBSCRIBED)
_MAILED = "mailed after the backup that was restored"
_HELD = "in doubt when the backup was restored: it may have been mailed"
_EMPTY_PAPER = {"abstract": "", "authors": "[]", "keywords": "[]", "sources": "[]"}


class Replay:
    """Applies the folded records of a recovery log."""

    def __init__(self, db: Database, subscribers: Subscribers, suppressions: Suppressions) -> None:
        self._db = db
        self._subscribers = subscribers
        self._suppressions = suppressions

    def apply(self, found: Collected, message_id_of: Callable[[str, int], str], now: datetime) -> Recovered:
        """Apply all of it in one transaction; `message_id_of` makes the Message-ID of (edition, subscriber id).

        Raises:
            StoreError: The database cannot be written; nothing was changed.
        """
        with self._db.transaction():
            lost = self._raise_last_id(found)
            mail = _Mail(self._db, found, message_id_of)
            return Recovered(
                erased=self._erase(found),
                unsubscribed=self._end(found),
                moved=self._pause_moved(found, now),
                suppressed=self._suppress(found),
                mailed=mail.write(),
                held=mail.held,
                cancelled=self._set_states(found.states, now),
                lost=lost,
            )

    def _raise_last_id(self, found: Collected) -> int:
        """Keep the ids of subscribers who are lost from being given again: links in emails name them."""
        before = self._subscribers.last_id()
        self._db.execute("UPDATE erased_subscribers SET last_id = max(last_id, ?)", [found.last_subscriber])
        return max(0, found.last_subscriber - before - len([one for one in found.erased if one > before]))

    def _erase(self, found: Collected) -> int:
        people = [one for number in sorted(found.erased) if (one := self._subscribers.find_by_id(number))]
        for subscriber in people:
            self._subscribers.erase(subscriber)
        return len(people)

    def _end(self, found: Collected) -> int:
        """Let nobody be mailed who was unsubscribed, disabled or paused after the backup."""
        changed = 0
        for number, record in sorted(found.statuses.items()):
            status, subscriber = Status(record["status"]), self._subscribers.find_by_id(number)
            if subscriber and _STRICTNESS.index(status) > _STRICTNESS.index(subscriber.status):
                self._write_status(number, status, record["at"], record["until"])
                changed += 1
        for key, record in self._keys_among(found.ended).items():
            sql = """
                UPDATE subscribers SET status = 'unsubscribed', status_at = ?, paused_until = NULL
                WHERE email_key = ? AND status <> 'unsubscribed'"""
            changed += self._db.execute(sql, [record["at"], key]).rowcount
        return changed

    def _write_status(self, number: int, status: Status, at: str, until: str | None) -> None:
        self._db.update("subscribers", number, {"status": status.value, "status_at": at, "paused_until": until})

    def _pause_moved(self, found: Collected, now: datetime) -> int:
        """Pause who has another address by now, unknown to the backup: the former one may be somebody else's."""
        paused = 0
        for number, address in sorted(found.moved.items()):
            subscriber = self._subscribers.find_by_id(number)
            if subscriber and subscriber.status is Status.ACTIVE and self._suppressions.hash_of(subscriber) != address:
                self._write_status(number, Status.PAUSED, now.isoformat(), None)
                paused += 1
        return paused

    def _suppress(self, found: Collected) -> int:
        """Suppress the addresses that were, also those of people whom the backup does not know."""
        keys = self._keys_among(found.suppressed)
        known = [(key, record["reason"], record["at"]) for key, record in keys.items()]
        sql = "INSERT INTO suppressions (email_key, reason, suppressed_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        added = self._db.executemany(sql, known)
        suppressed = self._db.execute("SELECT email_key FROM suppressions")
        hashes = {self._suppressions.hash_of_key(key) for (key,) in suppressed}
        others = [
            (bytes.fromhex(one), record["reason"], record["at"])
            for one, record in found.suppressed.items()
            if one not in hashes
        ]
        return added + self._db.executemany(PUT_HASH, others)

    def _keys_among(self, hashes: Mapping[str, Record]) -> dict[str, Record]:
        """Return the records of the hashes that are of subscribers' addresses, by `email_key`."""
        if not hashes:
            return {}
        keys = (str(key) for (key,) in self._db.execute("SELECT email_key FROM subscribers"))
        return {key: hashes[one] for key in keys if (one := self._suppressions.hash_of_key(key)) in hashes}

    def _set_states(self, states: Mapping[str, EditionState], now: datetime) -> int:
        """Pause or cancel the editions that were; the rest of a cancelled one is not sent."""
        changed = 0
        for key, state in states.items():
            if state is EditionState.OPEN:
                continue
            sql = "UPDATE editions SET state = ? WHERE key = ? AND state NOT IN (?, 'cancelled')"
            changed += self._db.execute(sql, [state.value, key, state.value]).rowcount
            if state is EditionState.CANCELLED:
                sql = """
                    UPDATE deliveries SET status = 'skipped', detail = 'the edition was cancelled', updated_at = ?
                    WHERE edition_id = (SELECT id FROM editions WHERE key = ?) AND status IN ('queued', 'deferred')"""
                self._db.execute(sql, [to_ms(now), key])
        return changed


@dataclass
class _Mail:
    """Marks as mailed what was mailed after the backup."""

    db: Database
    found: Collected
    message_id_of: Callable[[str, int], str]

    def __post_init__(self) -> None:
        #: The ids of papers in the log → in this database.
        self._ids: dict[int, int | None] = {}
        #: How many messages are in doubt, and stay held.
        self.held = 0

    def write(self) -> int:
        """Write a delivery for each message, and let its papers be no news for its subscriber."""
        for record in self.found.editions.values():
            row = {name: record[name] for name in EDITION_COLUMNS}
            self.db.execute(PUT_EDITION, {**row, "state": EditionState.OPEN.value})
        written = sum(self._mark(edition, number, one) for (edition, number), one in self.found.mailed.items())
        index_new(self.db)
        looks = [(quarter_of(datetime.fromisoformat(at)), at) for at in self.found.looks]
        self.db.executemany(PUT_LOOK, looks)
        return written

    def _mark(self, edition: str, subscriber: int, mailed: Mailed) -> bool:
        sql = """
            SELECT EXISTS (SELECT 1 FROM subscribers WHERE id = :subscriber),
                (SELECT id FROM editions WHERE key = :edition),
                (SELECT status FROM deliveries JOIN editions ON editions.id = edition_id
                    WHERE key = :edition AND subscriber_id = :subscriber)"""
        values = {"subscriber": subscriber, "edition": edition}
        is_subscriber, number, status = self.db.execute(sql, values).fetchone()
        if not is_subscriber or number is None or status in ("sent", "held"):
            return False
        at = _ms(mailed.at)
        if mailed.is_held and status is not None:  # its digest is there, so that it can still be sent
            sql = """
                UPDATE deliveries SET status = 'held', detail = ?, next_attempt_at = NULL, updated_at = ?
                WHERE edition_id = ? AND subscriber_id = ?"""
            self.db.execute(sql, [_HELD, at, number, subscriber])
            self.held += 1
            return False
        if status is not None:
            sql = """
                UPDATE deliveries SET status = 'sent', detail = ?, next_attempt_at = NULL, updated_at = ?, left_at = ?
                WHERE edition_id = ? AND subscriber_id = ?"""
            self.db.execute(sql, [_MAILED, at, at, number, subscriber])
        else:
            self._insert(edition, number, subscriber, mailed)
        self._remember_papers(subscriber, mailed)
        return True

    def _insert(self, edition: str, number: int, subscriber: int, mailed: Mailed) -> None:
        at = _ms(mailed.at)
        is_free = self.db.execute("SELECT 1 FROM deliveries WHERE id = ?", [mailed.id]).fetchone() is None
        self.db.insert("deliveries", {
            "id": mailed.id if is_free else None,  # bounces name it
            "edition_id": number,
            "subscriber_id": subscriber,
            "digest_id": self._digest(number, mailed.digest),
            "message_id": self.message_id_of(edition, subscriber),
            "status": "sent",
            "attempts": 1,
            "detail": _MAILED,
            "updated_at": at,
            "planned_at": _ms(mailed.planned_at),
            "left_at": at,
        })  # fmt: skip

    def _digest(self, edition: int, number: int) -> int:
        """Return the id of a digest if it is in the database, else that of an empty one that stands for all others."""
        sql = "SELECT id FROM digests WHERE id = ? AND edition_id = ?"
        known = self.db.execute(sql, [number, edition]).fetchone()
        if known is None:
            row = {"edition_id": edition, "fingerprint": RESTORED, "considered": 0}
            self.db.insert("digests", row, ignore=True)
            sql = "SELECT id FROM digests WHERE edition_id = ? AND fingerprint = ?"
            known = self.db.execute(sql, [edition, RESTORED]).fetchone()
        return int(known[0])

    def _remember_papers(self, subscriber: int, mailed: Mailed) -> None:
        sent = ceil(datetime.fromisoformat(mailed.at).timestamp())
        papers = [paper for number in mailed.papers if (paper := self._paper(number)) is not None]
        sql = """
            INSERT INTO sent_papers VALUES (?, ?, ?)
            ON CONFLICT (subscriber_id, paper_id)
            DO UPDATE SET sent_unix = max(sent_papers.sent_unix, excluded.sent_unix)"""
        self.db.executemany(sql, [(subscriber, paper, sent) for paper in papers])

    def _paper(self, number: int) -> int | None:
        """Return the id of a paper of the log in this database, which gets the paper if it does not have it."""
        if number not in self._ids:
            record = self.found.papers.get(number)
            if record is None:  # recorded before the backup, so that the ids are the same
                known = self.db.execute("SELECT id FROM papers WHERE id = ?", [number]).fetchone()
                self._ids[number] = known[0] if known else None
            else:
                self._ids[number] = self._known(record) or self._add(number, record)
        return self._ids[number]

    def _known(self, record: Record) -> int | None:
        names = [name for name in record["names"] if not name.startswith("title:")]
        sql = """
            SELECT id FROM papers WHERE key = ? UNION
            SELECT paper_id FROM paper_names WHERE name IN (SELECT value FROM json_each(?)) LIMIT 1"""
        row = self.db.execute(sql, [record["columns"]["key"], json.dumps(names)]).fetchone()
        return int(row[0]) if row else None

    def _add(self, number: int, record: Record) -> int:
        if self.db.execute("SELECT 1 FROM papers WHERE id = ?", [number]).fetchone():
            number = int(self.db.execute(LAST_ID).fetchone()[0]) + 1
        columns = _EMPTY_PAPER | {name: value for name, value in record["columns"].items() if name in WRITTEN}
        self.db.insert("papers", {"id": number, **columns})
        self.db.executemany(PUT_NAME, [(n, number) for n in record["names"]])
        mentions = [(number, source, "", columns["seen_at"]) for source in json.loads(columns["sources"])]
        self.db.executemany(PUT_MENTION, mentions)
        self.db.execute("INSERT INTO papers_unindexed VALUES (?) ON CONFLICT DO NOTHING", [number])
        return number


def _ms(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))
