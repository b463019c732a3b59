from __future__ import annotations

from typing import Any

from newsletter.models import EditionState
from newsletter.store.recovery import Mailed, collect

AT = "2026-05-08T09:30:00+00:00"


def status(number: int, name: str) -> dict[str, Any]:
    return {"subscriber": number, "status": name, "at": AT, "until": None}


def delivery(number: int, name: str, digest: int = 7) -> dict[str, Any]:
    return {"delivery": [number, "daily-2026-05-08", number, digest, AT, name], "at": AT}


def test_the_last_status_holds() -> None:
    found = collect([status(1, "unsubscribed"), status(2, "active"), status(1, "active"), status(2, "paused")])
    assert {number: record["status"] for number, record in found.statuses.items()} == {1: "active", 2: "paused"}


def test_who_came_back_is_not_suppressed() -> None:
    one = {"suppressed": "aa", "reason": "unsubscribed", "at": AT}
    assert collect([one, {"unsuppressed": "aa"}]).suppressed == {}
    assert collect([{"unsuppressed": "aa"}, one]).suppressed == {"aa": one}
    assert collect([{"ended": "aa", "at": AT}, {"unsuppressed": "aa"}]).ended == {}


def test_who_departed_counts_as_mailed_until_the_contrary_is_known() -> None:
    digest = {"digest": 7, "edition": "daily-2026-05-08", "papers": [3, 4]}
    mailed = {("daily-2026-05-08", 1): Mailed(1, AT, AT, 7, (3, 4))}
    assert collect([digest, delivery(1, "sending")]).mailed == mailed
    assert collect([digest, delivery(1, "sending"), delivery(1, "deferred")]).mailed == {}
    assert collect([digest, delivery(1, "sending"), delivery(1, "deferred"), delivery(1, "sending")]).mailed == mailed
    (held,) = collect([digest, delivery(1, "sending"), delivery(1, "held")]).mailed.values()
    assert held == mailed["daily-2026-05-08", 1]._replace(is_held=True)


def test_a_digest_is_the_one_that_had_the_number_by_then() -> None:
    """After a restore, numbers are given again."""
    first, second = ({"digest": 7, "edition": "daily-2026-05-08", "papers": [one]} for one in (3, 4))
    found = collect([first, delivery(1, "sending"), second, delivery(2, "sending")])
    assert [one.papers for one in found.mailed.values()] == [(3,), (4,)]


def test_the_rest() -> None:
    found = collect([
        {"site": "x", "since": AT}, {"added": 3}, {"added": 2}, {"erased": 1}, {"moved": 2, "to": "aa"},
        {"moved": 3, "to": "bb"}, status(3, "active"), {"state": "cancelled", "of": "daily-2026-05-08"}, {"backup": AT},
    ])  # fmt: skip
    assert (found.last_subscriber, found.erased, found.moved) == (3, {1}, {2: "aa"})
    assert found.states == {"daily-2026-05-08": EditionState.CANCELLED}
