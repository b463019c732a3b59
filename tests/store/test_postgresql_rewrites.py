"""A store on PostgreSQL as a former release left it means the same afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.errors import StoreError
from newsletter.models import DeliveryStatus
from newsletter.store import Store, open_store, postgresql_opening
from newsletter.store.bounces import Bounce
from newsletter.store.postgresql import PostgreSQLDatabase
from tests.factories import NOW
from tests.postgresql import new_store
from tests.store.test_pruning import add, mail, pull

LATER = NOW + timedelta(days=1, microseconds=123_000)

_TEXT = "to_char(to_timestamp({0} / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"')"
#: Makes of the present schema what it was before `m054_narrow_ledger`.
WIDE_LEDGER = f"""
    ALTER TABLE digests ADD COLUMN edition_key text COLLATE "C" REFERENCES editions (key);
    UPDATE digests SET edition_key = key FROM editions WHERE editions.id = edition_id;
    ALTER TABLE digests DROP COLUMN edition_id, ALTER COLUMN edition_key SET NOT NULL,
        ALTER COLUMN fingerprint TYPE text COLLATE "C" USING fingerprint::text,
        ALTER COLUMN since TYPE text COLLATE "C" USING ('0001-01-01'::date + (since - 1)::int)::text,
        ADD UNIQUE (edition_key, fingerprint);
    ALTER TABLE deliveries ADD COLUMN edition_key text COLLATE "C" REFERENCES editions (key);
    UPDATE deliveries SET edition_key = key FROM editions WHERE editions.id = edition_id;
    ALTER TABLE deliveries DROP COLUMN edition_id, ALTER COLUMN edition_key SET NOT NULL,
        ALTER COLUMN next_attempt_at TYPE text COLLATE "C" USING {_TEXT.format("next_attempt_at")},
        ALTER COLUMN updated_at TYPE text COLLATE "C" USING {_TEXT.format("updated_at")},
        ALTER COLUMN planned_at TYPE text COLLATE "C" USING {_TEXT.format("planned_at")},
        ALTER COLUMN planned_at SET DEFAULT '',
        ALTER COLUMN left_at TYPE text COLLATE "C" USING {_TEXT.format("left_at")},
        ADD UNIQUE (edition_key, subscriber_id);
    DROP INDEX editions_special;
    DROP INDEX editions_id;
    ALTER TABLE editions DROP COLUMN id;
    CREATE INDEX editions_special ON editions (key) WHERE audience <> '';
    ALTER TABLE subscribers DROP COLUMN next_due_unix CASCADE;
    ALTER TABLE subscribers ADD COLUMN next_due_at text COLLATE "C" NOT NULL DEFAULT '';
    DELETE FROM _sqlite_migrations WHERE name >= 'm054';
"""  # noqa: S608 - our own


def meaning(store: Store) -> tuple[object, ...]:
    deliveries = [one for number in (1, 2) for one in store.deliveries.of_subscriber(number)]
    return (
        deliveries,
        [store.editions.get_digest(one.digest_id) for one in deliveries],
        store.deliveries.counts("daily-2026-05-08"),
        store.deliveries.last_mail(1, LATER),
        [one.delivery_id for one in store.bounces.latest(9)],
        [list(batch) for batch in store.next_due.batches(LATER)],
    )


def test_a_ledger_of_wide_rows_becomes_narrow_or_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    url = new_store()
    with open_store(url) as store:
        add(store, "ada", "bob")
        pull(store, range(1, 4), NOW - timedelta(hours=1))
        mail(store, NOW)
        pull(store, range(4, 7), LATER - timedelta(hours=1))
        mail(store, LATER, DeliveryStatus.DEFERRED)
        bounce = Bounce(
            fingerprint="f", email_key="ada@example.org", delivery_id=1, kind="soft", code="", response="",
            origin="dsn", reported_at=NOW,
        )  # fmt: skip
        store.bounces.put(bounce)
        before = meaning(store)
        assert len(store.deliveries.of_subscriber(1)) == 2
        assert isinstance(store._db, PostgreSQLDatabase)
        store._db.run(WIDE_LEDGER)
    with monkeypatch.context() as patched:  # as if the server went away at the end
        patched.setitem(postgresql_opening.CHANGES_OF_ROWS, "m054_narrow_ledger", "SELEKT 1")
        with pytest.raises(StoreError):
            open_store(url)
    for _ in range(2):
        with open_store(url) as store:
            assert meaning(store) == before
            assert store.problems() == []
