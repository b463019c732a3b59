"""When subscribers are looked at again is kept until what decides on it changes."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from newsletter.models import Cadence, DeliveryStatus, Digest, Edition, Status
from newsletter.models.profile import SCHEDULE_FIELDS
from newsletter.store import Store, next_due
from tests.factories import NOW, make_profile

ADA = "ada@example.org"
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
def asked(store: Store) -> Store:
    """Ada, who has a delivery and is looked at tomorrow again; and Ben, who is not known."""
    edition = Edition(key="daily-2026-05-08", cadence=Cadence.DAILY, day=NOW.date(), since=NOW, created_at=NOW)
    for name in ("ada", "ben"):
        store.subscribers.add(f"{name}@example.org", "", make_profile(), "cli", NOW)
    store.editions.put(edition)
    digest = store.editions.put_digest(Digest(edition=edition, sections=(), considered=0))
    store.deliveries.queue(edition.key, 1, digest, "<1@example.org>", NOW)
    store.next_due.put({TOMORROW: [1]}, NOW)
    return store


def found(store: Store, later: timedelta = timedelta()) -> list[int]:
    return [number for ids in store.next_due.batches(NOW + later) for number in ids]


def test_who_is_not_known_or_waited_long_enough_is_looked_at(asked: Store) -> None:
    assert (found(asked), asked.next_due.others(NOW)) == ([2], {1})
    assert found(asked, timedelta(days=1)) == [2, 1]
    asked.subscribers.set_status(2, Status.PAUSED, NOW)
    assert (found(asked), asked.next_due.others(NOW)) == ([], {1, 2})


def test_what_a_clock_that_was_ahead_wrote_is_worth_nothing(asked: Store) -> None:
    asked.next_due.put({TOMORROW: [2]}, NOW)
    assert found(asked) == []
    assert found(asked, -timedelta(seconds=1)) == [1, 2]


def test_many_are_written_some_at_a_time(asked: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(next_due, "_WRITTEN", 1)
    asked.next_due.put({TOMORROW: array("q", [1, 2])}, NOW)
    assert (found(asked), asked.next_due.others(NOW)) == ([], {1, 2})


def change_field(field: str, store: Store) -> None:
    changed: dict[str, Any] = {field: "Asia/Tokyo" if field == "time_zone" else 2}
    store.subscribers.update_profile(1, "", make_profile(**changed), "cli", NOW)


CHANGES: dict[str, Callable[[Store], object]] = {
    "pause": lambda store: store.subscribers.set_status(1, Status.PAUSED, NOW, paused_until=NOW.date()),
    "address": lambda store: store.subscribers.change_address(1, "other@example.org"),
    "suppression": lambda store: store.suppressions.unsuppress(ADA),
    "failure": lambda store: store.deliveries.move(1, DeliveryStatus.FAILED, NOW),
    "end of a day": lambda store: store.deliveries.close_day("daily-2026-05-08", "UTC", NOW, ""),
    "cancelled edition": lambda store: store.deliveries.skip_open(NOW, "", edition_key="daily-2026-05-08"),
    "first at once": lambda store: store.subscribers.update_profile(
        1, "", make_profile(first_at_once=True), "cli", NOW
    ),
    **{field: partial(change_field, field) for field in SCHEDULE_FIELDS if field != "cadence"},
    "cadence": lambda store: store.subscribers.update_profile(1, "", make_profile(cadence=Cadence.WEEKLY), "cli", NOW),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_may_make_something_due_is_followed_by_a_look(asked: Store, change: str) -> None:
    CHANGES[change](asked)
    asked.subscribers.set_status(1, Status.ACTIVE, NOW) if change == "pause" else None
    assert set(found(asked)) == {1, 2}


@pytest.mark.parametrize("field", SCHEDULE_FIELDS)
def test_a_change_while_the_plan_is_made_is_not_overwritten(asked: Store, field: str) -> None:
    later, changed = NOW + timedelta(minutes=1), {"time_zone": "Asia/Tokyo", "cadence": Cadence.WEEKLY}
    profile: dict[str, Any] = {field: changed.get(field, 2)}
    asked.subscribers.update_profile(1, "", make_profile(**profile), "cli", later)
    asked.subscribers.set_status(2, Status.PAUSED, later)
    asked.subscribers.set_status(2, Status.ACTIVE, later)
    asked.next_due.put({TOMORROW: [1, 2]}, NOW)  # decided by what they were at NOW
    assert found(asked) == [1, 2]


def test_what_changes_nothing_about_it_is_not(asked: Store) -> None:
    asked.subscribers.update_profile(1, "Ada", make_profile(max_papers=3), "cli", NOW)
    asked.deliveries.move(1, DeliveryStatus.SENT, NOW)
    assert found(asked) == [2]


def test_a_row_with_a_status_of_no_release_is_looked_at_by_every_run(asked: Store) -> None:
    for damaged in ("", "abc", "joined", "~"):
        asked._db.execute("UPDATE subscribers SET status = ? WHERE id = 1", [damaged])
        assert found(asked) == [1, 2]
