"""What planning asks of many subscribers at once: a few statements for a thousand of them.

Where there is a statement for one subscriber, too, in `Deliveries`, this one says the same.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime

from newsletter.models import Delivery
from newsletter.store.database import Database
from newsletter.store.deliveries import COLUMNS, Deliveries, LastMail, last_mail_of
from newsletter.store.departures import CLOCKS_APART, EDITION_KEY
from newsletter.store.digest_blobs import paper_ids
from newsletter.store.times import from_ms, to_ms

_IS_DIGEST = "edition_id NOT IN (SELECT id FROM editions WHERE audience <> '')"
_LAST = f"""
    SELECT subscriber_id, left_at, (SELECT day FROM editions WHERE id = edition_id), planned_at, status,
        {EDITION_KEY}, digest_id
    FROM json_each(:ids) AS one CROSS JOIN deliveries ON deliveries.id = (
        SELECT id FROM deliveries WHERE subscriber_id = CAST(one.value AS INTEGER)
            AND left_at <= :until AND {_IS_DIGEST}
        ORDER BY left_at DESC LIMIT 1)"""
_WAITING = f"""
    SELECT {COLUMNS} FROM json_each(:ids) AS one CROSS JOIN deliveries ON deliveries.id = (
        SELECT id FROM deliveries WHERE subscriber_id = CAST(one.value AS INTEGER) AND left_at IS NULL
            AND +status IN ('queued', 'deferred') AND {_IS_DIGEST}
        ORDER BY +id DESC LIMIT 1)"""
_UNSENT = """
    SELECT one.value, (
        SELECT max(day) FROM deliveries JOIN editions ON editions.id = edition_id
        WHERE subscriber_id = CAST(one.value AS INTEGER) AND left_at IS NULL AND +status = 'skipped' AND audience = '')
    FROM json_each(:ids) AS one"""
_OF_EDITION = f"""
    SELECT {COLUMNS} FROM json_each(:ids) AS one
    CROSS JOIN deliveries ON edition_id = (SELECT id FROM editions WHERE key = :key)
        AND subscriber_id = CAST(one.value AS INTEGER)"""
_SENT = """
    SELECT subscriber_id, digest_id, updated_at
    FROM json_each(:editions) AS wanted CROSS JOIN editions ON editions.key = wanted.value
    CROSS JOIN json_each(:ids) AS one ON TRUE
    CROSS JOIN deliveries ON edition_id = editions.id AND subscriber_id = CAST(one.value AS INTEGER)
    WHERE status NOT IN ('failed', 'skipped')"""
_PRUNED = """
    SELECT subscriber_id, coalesce(paper, paper_id), max(sent_unix)
    FROM json_each(:ids) AS one CROSS JOIN sent_papers ON subscriber_id = CAST(one.value AS INTEGER) AND {condition}
    LEFT JOIN merged_papers ON duplicate = paper_id GROUP BY 1, 2"""
_PRUNED_NEW = _PRUNED.format(condition="paper_id >= :first")
_PRUNED_OLD = _PRUNED.format(condition="paper_id IN (SELECT CAST(value AS INTEGER) FROM json_each(:papers))")

#: The papers that a subscriber was or will be sent: id → time of the last change.
Sent = dict[int, datetime]


class Planning:
    """Reads the ledger, the suppression list and what was pruned."""

    def __init__(self, db: Database, deliveries: Deliveries) -> None:
        self._db = db
        self._deliveries = deliveries

    def last_mails(self, ids: Collection[int], now: datetime) -> dict[int, LastMail]:
        """Return `Deliveries.last_mail` by subscriber, but `covered_until` is None if the last one did not arrive."""
        values = {"ids": _json(ids), "until": to_ms(now + CLOCKS_APART)}
        rows = self._db.execute(_LAST, values)
        return dict(rows.into(lambda row: (int(row[0]), last_mail_of(row[1:]))))

    def waiting(self, ids: Collection[int]) -> dict[int, Delivery]:
        """Return by subscriber the delivery that waits for them and never left, if there is one."""
        found = self._db.execute(_WAITING, {"ids": _json(ids)}).into(self._deliveries.read)
        return {one.subscriber_id: one for one in found}

    def unsent_days(self, ids: Collection[int]) -> dict[int, date]:
        """Return by subscriber the day of the last edition that was planned for them, skipped, and never left."""
        rows = self._db.execute(_UNSENT, {"ids": _json(ids)})
        return dict(rows.whole(lambda found: [(int(one), date.fromisoformat(day)) for one, day in found if day]))

    def of_edition(self, key: str, ids: Collection[int]) -> dict[int, Delivery]:
        """Return the deliveries of an edition by subscriber."""
        found = self._db.execute(_OF_EDITION, {"key": key, "ids": _json(ids)}).into(self._deliveries.read)
        return {one.subscriber_id: one for one in found}

    def editions_with(self, papers: Iterable[int]) -> list[str]:
        """Return the keys of the editions of which some digest has one of these papers."""
        sql = """
            SELECT DISTINCT edition_key FROM json_each(?) AS one
            CROSS JOIN edition_papers ON paper_id = CAST(one.value AS INTEGER) ORDER BY 1"""
        return [str(key) for (key,) in self._db.execute(sql, [_json(papers)])]

    def sent_of(self, papers: AbstractSet[int], editions: Collection[str], ids: Collection[int]) -> Mapping[int, Sent]:
        """Return which of these papers each subscriber was or will be sent: `Deliveries.papers_planned_for`, bounded.

        Args:
            papers: The papers asked for, of which most are among the latest.
            editions: The editions that have any of them.
            ids: The subscribers.
        """
        found: defaultdict[int, Sent] = defaultdict(dict)
        if not papers:
            return found
        merged = self._merged_into(papers)
        for subscriber, paper, at in self._pruned(papers, merged.keys(), ids):
            found[subscriber][paper] = max(at, found[subscriber].get(paper, at))
        counting: defaultdict[int, Sent] = defaultdict(dict)
        values = {"ids": _json(ids), "editions": _json(editions)}
        rows = self._db.execute(_SENT, values).whole(lambda rows: [(*row[:2], from_ms(row[2])) for row in rows])
        of_digest = self._papers_of({digest for _, digest, _ in rows}, papers, merged)
        for subscriber, digest, at in rows:
            sent = counting[subscriber]
            for paper in of_digest[digest]:
                sent[paper] = max(at, sent.get(paper, at))
        for subscriber, sent in counting.items():  # what is in the ledger counts
            found[subscriber] |= sent
        return found

    def _merged_into(self, papers: Iterable[int]) -> dict[int, int]:
        """Return the ids of what was merged into some papers, and these: as digests name them."""
        sql = """
            SELECT duplicate, paper FROM json_each(?) AS one
            CROSS JOIN merged_papers ON paper = CAST(one.value AS INTEGER)"""
        return {int(duplicate): int(paper) for duplicate, paper in self._db.execute(sql, [_json(papers)])}

    def _merged(self, papers: Iterable[int]) -> AbstractSet[int]:
        """Return which of some ids are of papers that were merged into others."""
        sql = """
            SELECT duplicate FROM json_each(?) AS one
            CROSS JOIN merged_papers ON duplicate = CAST(one.value AS INTEGER)"""
        return {int(duplicate) for (duplicate,) in self._db.execute(sql, [_json(papers)])}

    def _papers_of(
        self, digests: Collection[int], papers: AbstractSet[int], merged: Mapping[int, int]
    ) -> dict[int, list[int]]:
        """Return which of some papers digests have, by the ids of these."""
        sql = """
            SELECT digests.id, content FROM json_each(?) AS one
            CROSS JOIN digests ON digests.id = CAST(one.value AS INTEGER)"""
        names = {**{one: one for one in papers - self._merged(papers)}, **merged}
        return dict(
            self._db.execute(sql, [_json(digests)]).into(
                lambda row: (int(row[0]), [names[one] for one in paper_ids(row[1]) if one in names])
            )
        )

    def _pruned(
        self, papers: AbstractSet[int], merged: AbstractSet[int], ids: Collection[int]
    ) -> Iterable[tuple[int, int, datetime]]:
        """Yield what subscribers were sent in digests that were pruned: of few papers each, and of all late ones."""
        first, few = _late(papers)
        values = {"ids": _json(ids), "first": first, "papers": _json(few | merged)}
        for sql in (_PRUNED_OLD, _PRUNED_NEW):
            rows = self._db.execute(sql, values)
            yield from rows.whole(
                lambda found: [
                    (one, paper, datetime.fromtimestamp(at, UTC)) for one, paper, at in found if paper in papers
                ]
            )


def _late(papers: AbstractSet[int]) -> tuple[int, AbstractSet[int]]:
    """Split papers into those from an id on, which are all among the latest, and the few others."""
    numbers = sorted(papers)
    half = numbers[len(numbers) // 2]
    first = min((one for one in numbers if one >= half - 2 * len(numbers)), default=half)
    return first, {one for one in numbers if one < first}


def _json(values: Iterable[object]) -> str:
    return json.dumps(list(values))
