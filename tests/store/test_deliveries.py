from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from newsletter.errors import StatementError
from newsletter.models import Cadence, Delivery, DeliveryStatus, Digest, Edition, EditionState, Item, Section
from newsletter.store import Store
from tests.factories import NOW, TODAY, make_entry, make_profile
from tests.stores import open_again

LATER = NOW + timedelta(minutes=5)
KEY = "daily-2026-05-08"
QUEUED = Delivery(
    id=1,
    edition_key=KEY,
    subscriber_id=1,
    digest_id=1,
    message_id="<1@example.org>",
    status=DeliveryStatus.QUEUED,
    attempts=0,
    detail="",
    next_attempt_at=None,
    updated_at=NOW,
    planned_at=NOW,
)


@pytest.fixture
def ledger(store: Store) -> Store:
    """Two subscribers, and for each a queued delivery of one digest of papers 1 and 2."""
    for number in (1, 2, 3):
        store.papers.add(make_entry(title=f"T{number}", arxiv_id=f"2605.0000{number}"), NOW)
    edition = Edition(key=KEY, cadence=Cadence.DAILY, day=TODAY, since=NOW, created_at=NOW)
    store.editions.put(edition)
    papers = store.papers.get_many([1, 2])
    section = Section("Clouds", tuple(Item(paper, 1.0) for paper in papers.values()), 2)
    number = store.editions.put_digest(Digest(edition=edition, sections=(section,), considered=3))
    for name in ("ada", "ben"):
        subscriber = store.subscribers.add(f"{name}@example.org", "", make_profile(), "cli", NOW)
        store.deliveries.queue(KEY, subscriber.id, number, f"<{subscriber.id}@example.org>", NOW)
    return store


def test_a_queued_delivery_is_read_back_as_it_was_written(ledger: Store) -> None:
    assert ledger.deliveries.find(KEY, 1) == QUEUED
    assert (ledger.deliveries.find(KEY, 99), ledger.deliveries.find("daily-2026-05-09", 1)) == (None, None)


def test_an_edition_is_delivered_to_a_subscriber_only_once(ledger: Store) -> None:
    ledger.deliveries.queue(KEY, 1, 1, "<other@example.org>", NOW)
    assert ledger.deliveries.find(KEY, 1) == QUEUED


def test_nothing_is_queued_of_a_cancelled_edition_or_for_who_was_erased(ledger: Store) -> None:
    ledger.editions.set_state(KEY, EditionState.CANCELLED)
    ledger.subscribers.add("cleo@example.org", "", make_profile(), "cli", NOW)
    with ledger.transaction():
        assert ledger.deliveries.queue_many([(KEY, 3, 1, "<3@example.org>"), (KEY, 4, 1, "<4@example.org>")], NOW) == 0
        ledger.editions.set_state(KEY, EditionState.OPEN)
        assert ledger.deliveries.queue_many([(KEY, 3, 1, "<3@example.org>"), (KEY, 4, 1, "<4@example.org>")], NOW) == 1


def test_deliveries_are_queued_in_the_order_of_their_plan(ledger: Store) -> None:
    numbers = [ledger.subscribers.add(f"reader{at}@example.org", "", make_profile(), "cli", NOW).id for at in range(40)]
    planned = numbers[1::2] + numbers[::2][::-1]
    rows = [(KEY, number, 1, f"<{number}@example.org>") for number in planned]
    with ledger.transaction():
        assert ledger.deliveries.queue_many([*rows, rows[0]], NOW) == len(planned)
    found = [one for number in numbers for one in ledger.deliveries.of_subscriber(number)]
    assert [one.subscriber_id for one in sorted(found, key=lambda one: one.id)] == planned


def test_a_message_id_is_unique(ledger: Store) -> None:
    ledger.editions.put(Edition(key="daily-2026-05-09", cadence=Cadence.DAILY, day=TODAY, since=NOW, created_at=NOW))
    with pytest.raises(StatementError), ledger.transaction():
        ledger.deliveries.queue("daily-2026-05-09", 1, 1, "<1@example.org>", NOW)


@pytest.mark.parametrize("status", DeliveryStatus)
def test_a_status_is_stored_with_its_detail_and_time(ledger: Store, status: DeliveryStatus) -> None:
    ledger.deliveries.move(1, status, LATER, detail="250 « ok »", next_attempt_at=LATER)
    assert ledger.deliveries.find(KEY, 1) == Delivery(
        id=1,
        edition_key=KEY,
        subscriber_id=1,
        digest_id=1,
        message_id="<1@example.org>",
        status=status,
        attempts=1 if status is DeliveryStatus.SENDING else 0,
        detail="250 « ok »",
        next_attempt_at=LATER,
        updated_at=LATER,
        planned_at=NOW,
    )


def test_a_status_is_committed_at_once(ledger: Store) -> None:
    ledger.deliveries.move(1, DeliveryStatus.SENDING, LATER)
    with open_again(ledger) as other:
        assert other.deliveries.find(KEY, 1) == ledger.deliveries.find(KEY, 1) != QUEUED


def test_every_move_to_sending_counts_as_an_attempt(ledger: Store) -> None:
    for _ in range(3):
        ledger.deliveries.move(1, DeliveryStatus.SENDING, LATER)
        ledger.deliveries.move(1, DeliveryStatus.DEFERRED, LATER, next_attempt_at=LATER)
    assert [(one.attempts, one.next_attempt_at) for one in ledger.deliveries.of_subscriber(1)] == [(3, LATER)]


def test_a_later_status_clears_detail_and_next_attempt(ledger: Store) -> None:
    ledger.deliveries.move(1, DeliveryStatus.DEFERRED, NOW, detail="451 later", next_attempt_at=LATER)
    ledger.deliveries.move(1, DeliveryStatus.QUEUED, NOW)
    assert ledger.deliveries.find(KEY, 1) == QUEUED


@pytest.mark.parametrize(
    ("status", "is_open"),
    [
        (DeliveryStatus.QUEUED, True),
        (DeliveryStatus.SENDING, True),
        (DeliveryStatus.DEFERRED, True),
        (DeliveryStatus.SENT, False),
        (DeliveryStatus.FAILED, False),
        (DeliveryStatus.SKIPPED, False),
    ],
)
def test_queued_sending_and_deferred_deliveries_are_open(ledger: Store, status: DeliveryStatus, is_open: bool) -> None:
    ledger.deliveries.move(1, status, NOW)
    assert [one.id for one in ledger.deliveries.open()] == ([1, 2] if is_open else [2])


@pytest.mark.parametrize("status", DeliveryStatus)
def test_papers_of_failed_and_skipped_deliveries_do_not_count_as_sent(ledger: Store, status: DeliveryStatus) -> None:
    ledger.deliveries.move(1, status, NOW)
    undelivered = status in (DeliveryStatus.FAILED, DeliveryStatus.SKIPPED)
    assert ledger.deliveries.papers_planned_for(1).keys() == (set() if undelivered else {1, 2})
    assert ledger.deliveries.papers_planned_for(2).keys() == {1, 2}


def test_the_newest_delivery_of_a_subscriber_is_first(ledger: Store) -> None:
    ledger.editions.put(Edition(key="daily-2026-05-09", cadence=Cadence.DAILY, day=TODAY, since=NOW, created_at=NOW))
    ledger.deliveries.queue("daily-2026-05-09", 1, 1, "<3@example.org>", NOW)
    assert [one.id for one in ledger.deliveries.of_subscriber(1)] == [3, 1]


@pytest.mark.parametrize("status", [DeliveryStatus.QUEUED, DeliveryStatus.SENDING, DeliveryStatus.DEFERRED])
def test_putting_a_delivery_back_undoes_an_attempt_but_for_its_time(ledger: Store, status: DeliveryStatus) -> None:
    ledger.deliveries.move(1, status, NOW, detail="451 later", next_attempt_at=LATER)
    (before,) = ledger.deliveries.of_subscriber(1)
    ledger.deliveries.move(1, DeliveryStatus.SENDING, LATER)

    ledger.deliveries.put_back(before)

    assert ledger.deliveries.of_subscriber(1) == [replace(before, updated_at=LATER)]


# -- one email a day ----------------------------------------------------------------------------------

WEEKLY = "weekly-2026-05-08"
BEGAN = NOW.replace(hour=0, minute=0)


def queue_another(ledger: Store, key: str, day: date) -> int:
    """Queue another edition for the first subscriber; return the delivery's id."""
    edition = Edition(key=key, cadence=Cadence.WEEKLY, day=day, since=NOW, created_at=NOW)
    ledger.editions.put(edition)
    digest = ledger.editions.put_digest(Digest(edition=edition, sections=(), considered=3))
    ledger.deliveries.queue(key, 1, digest, f"<{key}@example.org>", NOW)
    found = ledger.deliveries.find(key, 1)
    assert found is not None
    return found.id


def depart(ledger: Store, delivery_id: int, at: datetime = NOW, began: datetime = BEGAN) -> bool:
    return ledger.deliveries.depart(delivery_id, at, began, make_profile())


def test_of_two_editions_of_a_day_one_leaves(ledger: Store) -> None:
    other = queue_another(ledger, WEEKLY, TODAY)

    assert (depart(ledger, 1), depart(ledger, other), depart(ledger, 1)) == (True, False, True)
    assert depart(ledger, 2)  # another subscriber's


def test_nothing_leaves_on_a_day_on_which_something_left_by_another_date(ledger: Store) -> None:
    other = queue_another(ledger, "weekly-2026-05-09", TODAY + timedelta(days=1))
    assert depart(ledger, 1, NOW)

    assert not depart(ledger, other, NOW + timedelta(hours=9), BEGAN)
    assert depart(ledger, other, NOW + timedelta(hours=23), BEGAN + timedelta(days=1))


def test_nothing_leaves_under_a_date_that_something_had_in_another_time_zone(ledger: Store) -> None:
    other = queue_another(ledger, WEEKLY, TODAY)
    assert depart(ledger, 1, NOW)

    assert not depart(ledger, other, NOW + timedelta(hours=16), NOW + timedelta(hours=14))


def test_what_the_server_did_not_take_did_not_depart(ledger: Store) -> None:
    other, before = queue_another(ledger, WEEKLY, TODAY), ledger.deliveries.find(KEY, 1)
    assert before is not None
    assert depart(ledger, 1)
    ledger.deliveries.undo_departure(before)

    assert depart(ledger, other)
    ledger.deliveries.put_back(before)
    assert ledger.deliveries.find(KEY, 1) == before


def test_nothing_leaves_when_the_hour_or_the_zone_was_changed_meanwhile(ledger: Store) -> None:
    ada = ledger.subscribers.get("ada@example.org")
    ledger.subscribers.update_profile(ada.id, "", replace(ada.profile, hour=17), "cli", NOW)

    assert not depart(ledger, 1)


def test_the_last_mail_is_the_last_that_left_and_covers_what_arrived(ledger: Store) -> None:
    assert ledger.deliveries.last_mail(1, NOW) is None
    other = queue_another(ledger, "weekly-2026-05-09", TODAY + timedelta(days=1))
    depart(ledger, 1)
    ledger.deliveries.move(1, DeliveryStatus.SENT, NOW)
    depart(ledger, other, LATER + timedelta(days=1), BEGAN + timedelta(days=1))
    ledger.deliveries.move(other, DeliveryStatus.SKIPPED, LATER)  # it was in doubt, and its day is over

    last = ledger.deliveries.last_mail(1, LATER + timedelta(days=1))
    assert last is not None
    assert (last.at, last.day) == (LATER + timedelta(days=1), TODAY + timedelta(days=1))
    assert (last.covered_until, last.waits) == (NOW, False)


def test_what_left_by_a_clock_that_was_far_ahead_counts_for_no_day(ledger: Store) -> None:
    depart(ledger, 1, NOW + timedelta(days=365), BEGAN + timedelta(days=365))

    assert ledger.deliveries.last_mail(1, NOW) is None
    assert depart(ledger, queue_another(ledger, WEEKLY, TODAY))


def test_what_waits_for_a_subscriber_never_left(ledger: Store) -> None:
    waiting = ledger.planning.waiting([1])
    depart(ledger, 1)

    assert (waiting[1].id, ledger.planning.waiting([1])) == (1, {})


def test_an_edition_is_closed_for_a_time_zone_at_a_time(ledger: Store) -> None:
    ben = ledger.subscribers.get("ben@example.org")
    ledger.subscribers.update_profile(ben.id, "", replace(ben.profile, time_zone="Asia/Tokyo"), "cli", NOW)

    assert ledger.deliveries.open_days(TODAY) == []
    tomorrow = TODAY + timedelta(days=1)
    assert sorted(ledger.deliveries.open_days(tomorrow)) == [(KEY, TODAY, "Asia/Tokyo"), (KEY, TODAY, "UTC")]
    assert ledger.deliveries.close_day(KEY, "Asia/Tokyo", LATER, "over") == 1
    assert ledger.deliveries.open_days(tomorrow) == [(KEY, TODAY, "UTC")]
    assert ledger.planning.unsent_days([1, 2]) == {2: TODAY}
