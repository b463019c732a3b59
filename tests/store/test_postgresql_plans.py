"""On PostgreSQL, too, the statements of a run and of the pages find an index in each table that grows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from newsletter.models import Cadence, Digest, Edition
from newsletter.store import Store, open_store
from newsletter.store.database import Values
from newsletter.store.postgresql import PostgreSQLDatabase, PostgreSQLRows
from tests.factories import NOW, make_entry, make_profile
from tests.postgresql import new_store
from tests.store.test_query_plans import ADA, DAY, GROWING, HOT

#: The hot statements of planning and sending.
OF_A_RUN = (
    "who may be due", "when to look again", "looks", "suppressions, of many", "what left last, of many",
    "what waits, of many", "what was skipped, of many", "an edition, of many", "papers sent, of many",
    "claim", "departure", "departures", "move", "last mail of a subscriber", "delivery of an edition",
)  # fmt: skip
_COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_name = ? AND table_schema = 'public'"
_COPIES = "INSERT INTO {0} ({1}) SELECT {2} FROM {0}, generate_series(2, 20000) AS number"


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for one in plan.get("Plans", ()):
        yield from nodes_of(one)


def scans(
    store: Store, monkeypatch: pytest.MonkeyPatch, tables: list[str], names: Iterable[str]
) -> list[tuple[str, str]]:
    """Return which of some tables are read whole by hot statements of these names, and by which."""
    asked: list[tuple[str, Values]] = []
    execute = PostgreSQLDatabase.execute

    def noted(db: PostgreSQLDatabase, sql: str, values: Values = (), /) -> PostgreSQLRows:
        asked.append((sql, values))
        return execute(db, sql, values)

    with monkeypatch.context() as patch:
        patch.setattr(PostgreSQLDatabase, "execute", noted)
        for name in names:
            HOT[name](store)
    planned = [one for one in asked if re.match(r"\s*(WITH|SELECT|UPDATE|DELETE|INSERT)", one[0])]
    found = []
    for sql, values in planned:
        (plan,) = store._db.execute(f"EXPLAIN (FORMAT JSON) {sql}", values).fetchone()
        nodes = nodes_of((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"])
        scanned = [one["Relation Name"] for one in nodes if one["Node Type"] == "Seq Scan"]
        found += [(table, sql) for table in scanned if table in tables]
    return found


def test_a_hot_statement_needs_no_scan_of_a_table_that_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables this small are scanned whatever indexes there are, so that scans are made expensive first."""
    with open_store(new_store()) as store:
        for number in range(50):
            store.papers.add(make_entry(title=f"Clouds {number}", arxiv_id=f"2605.{number:05}"), NOW)
        store.subscribers.add(ADA, "Ada", make_profile(), "cli", NOW)
        store._db.execute("SET enable_seqscan = off")
        assert scans(store, monkeypatch, GROWING.split("|"), HOT) == []


@pytest.mark.parametrize("taken", ["when it was empty", "when it was small"])
def test_a_hot_statement_scans_no_ledger_that_grew_since_statistics_were_taken(
    taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a first edition is planned, the server knows nothing of what it writes."""
    with open_store(new_store()) as store:
        store.subscribers.add(ADA, "Ada", make_profile(), "cli", NOW)
        edition = Edition(key="daily-2026-05-08", cadence=Cadence.DAILY, day=DAY, since=NOW, created_at=NOW)
        store.editions.put(edition)
        digest = store.editions.put_digest(Digest(edition=edition, sections=(), considered=1))
        copy_many(store, "subscribers", email="email || number", email_key="email_key || number")
        store._db.run("VACUUM ANALYZE")
        store.deliveries.queue(edition.key, 1, digest, "<1@example.org>", NOW)
        if taken == "when it was small":
            store._db.run("ANALYZE")
        copy_many(store, "deliveries", subscriber_id="number", message_id="message_id || number")
        assert scans(store, monkeypatch, ["subscribers", "deliveries"], OF_A_RUN) == []


def copy_many(store: Store, table: str, **own: str) -> None:
    """Copy the first row of a table, with other values in some columns."""
    columns = [name for (name,) in store._db.execute(_COLUMNS, [table])]
    values = ({"id": "number"} | own).get
    store._db.run(_COPIES.format(table, ", ".join(columns), ", ".join(values(name, name) for name in columns)))
