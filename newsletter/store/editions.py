"""Editions and their digests. A digest is frozen when it is planned, so that a restart renders the same."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from typing import Any

from newsletter.models import Cadence, Digest, Edition, EditionState, Item, Reason, ReasonKind, Section, SectionKind
from newsletter.store.database import Database, damaged
from newsletter.store.paper_rows import recorded_columns
from newsletter.store.papers import Papers

#: How many papers are remembered as recorded.
_MAX_RECORDED = 50_000
#: The columns that an edition has from the start, which are recorded in the recovery log.
EDITION_COLUMNS = ("key", "cadence", "day", "since", "created_at", "note", "closing", "subject", "audience")
_COLUMNS = ", ".join(EDITION_COLUMNS)


class Editions:
    """The `editions` and `digests` tables."""

    def __init__(self, db: Database, papers: Papers) -> None:
        self._db = db
        self._papers = papers
        #: The papers that the recovery log has from this connection.
        self._recorded: set[int] = set()

    def find(self, key: str) -> Edition | None:
        """Return the edition with this key, or None."""
        return self._db.execute(f"SELECT {_COLUMNS} FROM editions WHERE key = ?", [key]).one(_edition)

    def before(self, cadence: Cadence, day: date) -> Edition | None:
        """Return the latest edition of a cadence for an earlier day, or None."""
        sql = (
            f"SELECT {_COLUMNS} FROM editions WHERE cadence = ? AND day < ? AND audience = '' ORDER BY day DESC LIMIT 1"
        )
        return self._db.execute(sql, [cadence.value, day.isoformat()]).one(_edition)

    def put(self, edition: Edition) -> None:
        """Store an edition; one with this key that is stored already stays as it is."""
        row = {
            "key": edition.key,
            "cadence": edition.cadence.value,
            "day": edition.day.isoformat(),
            "since": edition.since.isoformat(),
            "created_at": edition.created_at.isoformat(),
            "note": edition.note,
            "closing": edition.closing,
            "subject": edition.subject,
            "audience": edition.audience,
        }
        marks = ", ".join(f":{name}" for name in row)
        with self._db.transaction():
            sql = f"INSERT INTO editions ({_COLUMNS}) VALUES ({marks}) ON CONFLICT DO NOTHING"
            if self._db.execute(sql, row).rowcount > 0:
                self._db.note(dict(row))

    def set_state(self, key: str, state: EditionState) -> bool:
        """Pause, resume or cancel an edition; return False if there is none with this key."""
        with self._db.transaction():
            is_known = self._db.execute("UPDATE editions SET state = ? WHERE key = ?", [state.value, key]).rowcount > 0
            self._db.note({"state": state.value, "of": key})
        return is_known

    def states(self) -> dict[str, EditionState]:
        """Return the editions that are not open: key → state."""
        sql = "SELECT key, state FROM editions WHERE state <> 'open'"
        return dict(self._db.execute(sql).into(lambda row: (row[0], EditionState(row[1]))))

    def latest(self, limit: int, skipped: int = 0) -> list[Edition]:
        """Return the `limit` newest editions, the newest first; the `skipped` newest are left out."""
        sql = f"SELECT {_COLUMNS} FROM editions ORDER BY created_at DESC, key LIMIT ? OFFSET ?"
        return self._db.execute(sql, [limit, skipped]).into(_edition)

    def latest_digests(self, limit: int, offset: int = 0) -> list[Edition]:
        """Return the newest editions but for the special ones, which are for their audience only."""
        sql = f"SELECT {_COLUMNS} FROM editions WHERE audience = '' ORDER BY created_at DESC, key LIMIT ? OFFSET ?"
        return self._db.execute(sql, [limit, offset]).into(_edition)

    def beside(self, edition: Edition) -> tuple[Edition | None, Edition | None]:
        """Return the editions of the same cadence before and after one."""
        sql = f"SELECT {_COLUMNS} FROM editions WHERE cadence = ? AND day > ? AND audience = '' ORDER BY day LIMIT 1"
        later = self._db.execute(sql, [edition.cadence.value, edition.day.isoformat()]).one(_edition)
        return self.before(edition.cadence, edition.day), later

    def number_of(self, edition: Edition) -> int:
        """Return which one of its cadence an edition is, from 1."""
        sql = "SELECT count(*) FROM editions WHERE cadence = ? AND day <= ? AND audience = ''"
        return int(self._db.execute(sql, [edition.cadence.value, edition.day.isoformat()]).fetchone()[0])

    def put_digest(self, digest: Digest) -> int:
        """Store a digest and return its id; equal digests of one edition share a row."""
        sections = [
            (position, section.topic, section.matched, section.kind.value)
            for position, section in enumerate(digest.sections)
        ]
        items = [
            (
                position,
                section,
                item.paper.id,
                item.score,
                _json([(reason.kind, reason.detail) for reason in item.reasons]),
                _json(item.also),
            )
            for position, (section, item) in enumerate(
                (number, item) for number, section in enumerate(digest.sections) for item in section.items
            )
        ]
        facts = [digest.considered, sections, items, str(digest.since), digest.is_first]
        fingerprint = hashlib.sha256(_json(facts).encode()).hexdigest()[:32]
        known = self._db.execute(
            "SELECT id FROM digests WHERE edition_key = ? AND fingerprint = ?",
            [digest.edition.key, fingerprint],
        ).fetchone()
        if known:
            return int(known[0])
        row = {
            "edition_key": digest.edition.key,
            "fingerprint": fingerprint,
            "considered": digest.considered,
            "since": digest.since and digest.since.isoformat(),
            "is_first": int(digest.is_first),
        }
        with self._db.transaction():
            number = self._db.insert("digests", row)
            self._db.executemany(
                "INSERT INTO digest_sections (digest_id, position, topic, matched, kind) VALUES (?, ?, ?, ?, ?)",
                [(number, *section) for section in sections],
            )
            self._db.executemany("INSERT INTO digest_items VALUES (?, ?, ?, ?, ?, ?, ?)", [(number, *i) for i in items])
            papers = [(item.paper.id, digest.edition.key) for item in digest.items]
            self._db.executemany("INSERT INTO edition_papers VALUES (?, ?) ON CONFLICT DO NOTHING", papers)
            self._record(number, digest)
        return number

    def _record(self, number: int, digest: Digest) -> None:
        """Let the recovery log know a digest, and once the papers in it: after a restore, these are not new."""
        if len(self._recorded) > _MAX_RECORDED:
            self._recorded.clear()
        papers = [item.paper for section in digest.sections for item in section.items]
        for paper in papers:
            if paper.id not in self._recorded:
                names = self._papers.names_of(paper.id)
                self._db.note({"paper": paper.id, "columns": recorded_columns(paper), "names": names})
                self._recorded.add(paper.id)
        self._db.note({"digest": number, "edition": digest.edition.key, "papers": [paper.id for paper in papers]})

    def get_digest(self, number: int) -> Digest:
        """Return the digest with this id, with its papers as they are known today."""
        sql = "SELECT edition_key, considered, since, is_first FROM digests WHERE id = ?"
        row = self._db.execute(sql, [number]).fetchone()
        edition = self.find(row[0]) if row else None
        if edition is None:
            raise damaged(self._db.path, f"digest {number} or its edition is gone")
        items = self._items(number)
        sections = self._db.execute(
            "SELECT position, topic, matched, kind FROM digest_sections WHERE digest_id = ? ORDER BY position",
            [number],
        ).into(lambda row: Section(row[1], tuple(items.get(row[0], ())), row[2], SectionKind(row[3])))
        since = date.fromisoformat(row[2]) if row[2] else None
        return Digest(edition=edition, considered=row[1], sections=tuple(sections), since=since, is_first=bool(row[3]))

    def _items(self, number: int) -> dict[int, list[Item]]:
        sql = "SELECT section, paper_id, score, reasons, also FROM digest_items WHERE digest_id = ? ORDER BY position"
        rows = self._db.execute(sql, [number]).into(lambda row: (*row[:3], _reasons(row[3]), tuple(json.loads(row[4]))))
        papers = self._papers.get_many(row[1] for row in rows)
        items: dict[int, list[Item]] = {}
        shown: set[int] = set()
        for section, paper_id, score, reasons, also in rows:
            if paper_id in shown:  # two papers of the digest were merged since
                continue
            if paper_id not in papers:
                raise damaged(self._db.path, f"paper {paper_id} of digest {number} is gone")
            shown.add(paper_id)
            items.setdefault(section, []).append(Item(papers[paper_id], score, reasons, also))
        return items


def _reasons(text: str) -> tuple[Reason, ...]:
    return tuple(Reason(ReasonKind(kind), detail) for kind, detail in json.loads(text))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _edition(row: tuple[str, ...]) -> Edition:
    key, cadence, day, since, created_at, note, closing, subject, audience = row
    return Edition(
        key=key,
        cadence=Cadence(cadence),
        day=date.fromisoformat(day),
        since=datetime.fromisoformat(since),
        created_at=datetime.fromisoformat(created_at),
        note=note,
        closing=closing,
        subject=subject,
        audience=audience,
    )
