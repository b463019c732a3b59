"""Editions and their digests. A digest is frozen when it is planned, so that a restart renders the same."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from newsletter.models import Cadence, Digest, Edition, EditionState, Item, Paper, Section
from newsletter.store.database import Database, damaged
from newsletter.store.digest_batches import Batch, StoredBatch, fingerprint
from newsletter.store.digest_blobs import StoredSection
from newsletter.store.paper_rows import recorded_columns
from newsletter.store.papers import Papers

#: How many papers are remembered as recorded.
_MAX_RECORDED = 50_000
#: The columns that an edition has from the start, which are recorded in the recovery log.
EDITION_COLUMNS = ("key", "cadence", "day", "since", "created_at", "note", "closing", "subject", "audience")
_COLUMNS = ", ".join(EDITION_COLUMNS)
#: Gives the edition a number, by which its deliveries and digests name it.
PUT_EDITION = f"""
    INSERT INTO editions ({_COLUMNS}, state, id)
    VALUES (:{", :".join(EDITION_COLUMNS)}, :state, (SELECT coalesce(max(id), 0) + 1 FROM editions))
    ON CONFLICT (key) DO NOTHING"""


class Editions:
    """The `editions`, `digests` and `digest_texts` tables."""

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

    def put(self, edition: Edition, state: EditionState = EditionState.OPEN) -> None:
        """Store an edition in a state, `OPEN` or `DRAFT`; one with this key that is stored already stays as it is."""
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
        with self._db.transaction():
            if self._db.execute(PUT_EDITION, {**row, "state": state.value}).rowcount > 0:
                self._db.note(dict(row))

    def open_drafts(self, key: str | None = None) -> int:
        """Open the digests that are planned, or the special edition with this key; return how many were opened."""
        which, values = ("key = ?", [key]) if key else ("audience = ''", [])
        sql = f"UPDATE editions SET state = 'open' WHERE state = 'draft' AND {which}"
        return self._db.execute(sql, values).rowcount

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
        return self.put_digests([digest])[0]

    def put_digests(self, digests: Sequence[Digest]) -> list[int]:
        """Store some digests, and return the id of each; equal ones of one edition share a row."""
        batches: defaultdict[str, dict[int, Digest]] = defaultdict(dict)
        for digest in digests:  # subscribers with the same preferences share one
            batches[digest.edition.key][id(digest)] = digest
        numbers: dict[int, int] = {}
        with self._db.transaction():
            for key, batch in batches.items():
                numbers |= self._put_batch(key, batch)
        return [numbers[id(digest)] for digest in digests]

    def _put_batch(self, key: str, batch: Mapping[int, Digest]) -> dict[int, int]:
        """Store digests of one edition, by any numbers; return their ids by these."""
        prints = {name: fingerprint(digest) for name, digest in batch.items()}
        sql = """
            SELECT fingerprint, id FROM digests
            WHERE edition_id = ? AND fingerprint IN (SELECT CAST(value AS INTEGER) FROM json_each(?))"""
        (edition,) = self._db.execute("SELECT id FROM editions WHERE key = ?", [key]).fetchone()
        wanted = json.dumps(list(prints.values()))
        known = {int(one): int(number) for one, number in self._db.execute(sql, [edition, wanted])}
        new = {one: batch[name] for name, one in prints.items() if one not in known}
        packed = Batch()
        contents = {one: packed.add(digest) for one, digest in new.items()}
        shared = None
        if any(digest.sections for digest in new.values()):
            shared = self._db.insert("digest_texts", {"edition_key": key, "texts": packed.shared()})
        for one, digest in new.items():
            row = {
                "edition_id": edition,
                "fingerprint": one,
                "considered": digest.considered,
                "since": digest.since and digest.since.toordinal(),
                "is_first": int(digest.is_first),
                "content": contents[one],
                "texts_id": shared if digest.sections else None,
            }
            known[one] = self._db.insert("digests", row)
            self._record(known[one], digest)
        papers = {item.paper.id for digest in new.values() for item in digest.items}
        self._db.executemany(
            "INSERT INTO edition_papers VALUES (?, ?) ON CONFLICT DO NOTHING", [(one, key) for one in papers]
        )
        return {name: known[one] for name, one in prints.items()}

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
        return self.get_digests([number])[number]

    def get_digests(self, numbers: Collection[int]) -> dict[int, Digest]:
        """Return the digests with these ids, with their papers as they are known today."""
        sql = """
            SELECT id, (SELECT key FROM editions WHERE editions.id = edition_id), considered, since, is_first, content,
                texts_id
            FROM digests WHERE id IN (SELECT CAST(value AS INTEGER) FROM json_each(?))"""
        wanted = json.dumps(list(dict.fromkeys(numbers)))
        rows = {row[0]: row[1:] for row in self._db.execute(sql, [wanted])}
        editions = {key: self.find(key) for key in {row[0] for row in rows.values()}}
        sections = self._sections({number: row[-2:] for number, row in rows.items()})
        digests = {}
        for number in numbers:
            row = rows.get(number)
            edition = editions[row[0]] if row else None
            if row is None or edition is None:
                raise damaged(self._db.path, f"digest {number} or its edition is gone")
            _, considered, since, is_first, _, _ = row
            digests[number] = Digest(
                edition=edition,
                considered=considered,
                sections=sections[number],
                since=None if since is None else date.fromordinal(since),
                is_first=bool(is_first),
            )
        return digests

    def _sections(self, contents: Mapping[int, tuple[bytes | None, int | None]]) -> dict[int, tuple[Section, ...]]:
        """Return the sections of digests from what is stored of them, by the digests' ids."""
        batches = self._batches({shared for _, shared in contents.values() if shared is not None})
        stored: dict[int, Sequence[StoredSection]] = {}
        for number, (content, shared) in contents.items():
            try:
                stored[number] = batches[shared].unpack(content) if content and shared is not None else ()
            except (LookupError, TypeError, ValueError) as error:
                raise damaged(self._db.path, f"digest {number} cannot be read: {error}") from error
        papers = self._papers.get_present({one.paper_id for some in stored.values() for at in some for one in at.items})
        return {number: self._with_papers(number, sections, papers) for number, sections in stored.items()}

    def _with_papers(
        self, number: int, sections: Sequence[StoredSection], papers: Mapping[int, Paper]
    ) -> tuple[Section, ...]:
        shown: set[int] = set()
        found = []
        for topic, matched, kind, stored in sections:
            items = []
            for paper_id, score, reasons, also in stored:
                paper = papers.get(paper_id)
                if paper is None:
                    raise damaged(self._db.path, f"paper {paper_id} of digest {number} is gone")
                if paper.id not in shown:  # two papers of the digest were merged since
                    shown.add(paper.id)
                    items.append(Item(paper, score, reasons, also))
            found.append(Section(topic, tuple(items), matched, kind))
        return tuple(found)

    def _batches(self, numbers: set[int]) -> dict[int, StoredBatch]:
        """Return what the digests of batches share."""
        sql = "SELECT id, texts FROM digest_texts WHERE id IN (SELECT CAST(value AS INTEGER) FROM json_each(?))"
        try:
            return {one: StoredBatch(texts) for one, texts in self._db.execute(sql, [json.dumps(list(numbers))])}
        except (LookupError, ValueError, TypeError, zlib.error) as error:
            raise damaged(self._db.path, f"texts of digests cannot be read: {error}") from error


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
