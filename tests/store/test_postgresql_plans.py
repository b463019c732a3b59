"""On PostgreSQL, too, the statements of a run and of the pages find an index in each table that grows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from newsletter.store import open_store
from newsletter.store.database import Values
from newsletter.store.postgresql import PostgreSQLDatabase, PostgreSQLRows
from tests.factories import NOW, make_entry, make_profile
from tests.postgresql import new_store
from tests.store.test_query_plans import ADA, GROWING, HOT


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for one in plan.get("Plans", ()):
        yield from nodes_of(one)


def test_a_hot_statement_needs_no_scan_of_a_table_that_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables this small are scanned whatever indexes there are, so that scans are made expensive first."""
    asked: list[tuple[str, Values]] = []
    execute = PostgreSQLDatabase.execute

    def noted(db: PostgreSQLDatabase, sql: str, values: Values = (), /) -> PostgreSQLRows:
        asked.append((sql, values))
        return execute(db, sql, values)

    with open_store(new_store()) as store:
        for number in range(50):
            store.papers.add(make_entry(title=f"Clouds {number}", arxiv_id=f"2605.{number:05}"), NOW)
        store.subscribers.add(ADA, "Ada", make_profile(), "cli", NOW)
        store._db.execute("SET enable_seqscan = off")
        with monkeypatch.context() as patch:
            patch.setattr(PostgreSQLDatabase, "execute", noted)
            for call in HOT.values():
                call(store)
        planned = [one for one in asked if re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT)", one[0])]
        assert len(planned) > len(HOT)
        scans = []
        for sql, values in planned:
            (plan,) = store._db.execute(f"EXPLAIN (FORMAT JSON) {sql}", values).fetchone()
            found = plan if isinstance(plan, list) else json.loads(plan)
            scanned = [one["Relation Name"] for one in nodes_of(found[0]["Plan"]) if one["Node Type"] == "Seq Scan"]
            scans += [(table, sql) for table in scanned if table in GROWING.split("|")]
        assert scans == []
