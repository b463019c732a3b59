from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.models import Status
from newsletter.store import Store
from newsletter.store.recovery import Collected, collect
from tests.factories import NOW
from tests.store.test_pruning import add, mail, pull

pytestmark = pytest.mark.sqlite_only("the log beside its file")


def test_a_database_says_what_its_recovery_log_says(store: Store) -> None:
    add(store, "ada", "bob", "cid")
    pull(store, range(2), NOW)
    mail(store, NOW)
    store.subscribers.set_status(1, Status.UNSUBSCRIBED, NOW)
    store.suppressions.suppress("ada@example.org", "unsubscribed", NOW)
    store.suppressions.suppress("zoe@example.org", "asked", NOW)
    store.subscribers.change_address(2, "bob@example.net")
    store.subscribers.erase(store.subscribers.get("cid@example.org"))
    logged = collect(store.recovery_log.records(NOW.date() - timedelta(days=1)))
    known = collect(store.changes_since(NOW - timedelta(days=1), {1, 2, 3}))

    for name in ("ended", "suppressed", "erased", "last_subscriber", "papers", "editions", "states", "digests"):
        assert getattr(known, name) == getattr(logged, name), name
    assert known.moved[2] == logged.moved[2]
    assert _away(known) == _away(logged) == {1: "unsubscribed"}
    assert {key: one.papers for key, one in known.mailed.items()} == {
        key: one.papers for key, one in logged.mailed.items() if key[1] != 3
    }


def _away(found: Collected) -> dict[int, str]:
    return {number: record["status"] for number, record in found.statuses.items() if record["status"] != "active"}
