"""Departures: one statement for the deliveries of a schedule. `test_deliveries` has the rule of one email a day."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from newsletter.models import Cadence, DeliveryStatus, Digest, Edition, EditionState, Status
from newsletter.store import Store
from newsletter.store.departures import DaySlot
from tests.factories import NOW, TODAY, make_profile

KEY = "daily-2026-05-08"
BEGAN = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
NUMBER = 70  # more than one statement takes


def slot_of(began: datetime = BEGAN) -> DaySlot:
    profile = make_profile()
    return DaySlot(began, profile.cadence, profile.hour, profile.time_zone)


@pytest.fixture
def ledger(store: Store) -> Store:
    """Queued deliveries of one edition, numbered as their subscribers are."""
    edition = Edition(key=KEY, cadence=Cadence.DAILY, day=TODAY, since=NOW, created_at=NOW)
    with store.transaction():
        store.editions.put(edition)
        digest = store.editions.put_digest(Digest(edition=edition, sections=(), considered=3))
        rows = []
        for number in range(NUMBER):
            subscriber = store.subscribers.add(f"s{number}@example.org", "", make_profile(), "cli", NOW)
            rows.append((KEY, subscriber.id, digest, f"<{number}@example.org>"))
        store.deliveries.queue_many(rows, NOW)
    return store


def ids(ledger: Store) -> dict[int, int]:
    """Return the deliveries by their subscribers."""
    return {one.subscriber_id: one.id for one in ledger.deliveries.open()}


@pytest.mark.parametrize("slot", [slot_of(), None])
def test_those_depart_who_may_be_mailed(ledger: Store, slot: DaySlot | None) -> None:
    known = ids(ledger)
    first, second, third, *_ = known
    ledger.subscribers.set_status(first, Status.UNSUBSCRIBED, NOW)
    ledger.suppressions.suppress("s1@example.org", "hard bounce", NOW)
    ledger.deliveries.move(known[third], DeliveryStatus.SENT, NOW)

    departed = ledger.departures.depart(list(known.values()), NOW, slot)

    assert departed == set(known.values()) - {known[first], known[second], known[third]}
    assert {one.status for one in ledger.deliveries.open()} == {DeliveryStatus.QUEUED, DeliveryStatus.SENDING}
    assert {one.attempts for one in ledger.deliveries.open()} == {0, 1}


@pytest.mark.sqlite_only("the log beside its file")
def test_who_departed_is_in_the_recovery_log(ledger: Store) -> None:
    departed = ledger.departures.depart(list(ids(ledger).values()), NOW, slot_of())

    recorded = [one["delivery"] for one in ledger.recovery_log.records(TODAY) if "delivery" in one]
    assert {row[0] for row in recorded if row[-1] == "sending"} == departed
    assert len(departed) == NUMBER


def test_each_departs_once_although_a_statement_names_it_several_times(ledger: Store) -> None:
    number, *_ = ids(ledger).values()

    assert ledger.departures.depart([number, number + 1, number + 2, number, number + 1], NOW, slot_of()) == {
        number, number + 1, number + 2,
    }  # fmt: skip
    assert {one.attempts for one in ledger.deliveries.open() if one.status is DeliveryStatus.SENDING} == {1}


@pytest.mark.parametrize("state", [EditionState.PAUSED, EditionState.CANCELLED])
def test_nothing_departs_of_an_edition_that_is_not_open(ledger: Store, state: EditionState) -> None:
    ledger.editions.set_state(KEY, state)

    assert ledger.departures.depart(list(ids(ledger).values()), NOW, slot_of()) == set()


def test_nothing_departs_at_another_hour_than_the_slot_says(ledger: Store) -> None:
    other = slot_of()._replace(hour=slot_of().hour + 1)

    assert ledger.departures.depart(list(ids(ledger).values()), NOW + timedelta(hours=1), other) == set()


def test_without_deliveries_nothing_departs(ledger: Store) -> None:
    assert ledger.departures.depart([], NOW, slot_of()) == set()


def test_what_was_sent_has_the_words_of_its_server_and_all_else_stays(ledger: Store) -> None:
    known = list(ids(ledger).values())
    ledger.departures.depart(known, NOW, slot_of())
    *sent, last = known

    ledger.departures.settle_sent([(number, f"250 queued as {number}") for number in sent], NOW + timedelta(seconds=1))

    assert [one.id for one in ledger.deliveries.open()] == [last]
    found = ledger.deliveries.with_status([DeliveryStatus.SENT], KEY, NUMBER)
    assert {one.id: one.detail for one in found} == {number: f"250 queued as {number}" for number in sent}
    assert {(one.attempts, one.left_at, one.updated_at) for one in found} == {(1, NOW, NOW + timedelta(seconds=1))}


def test_what_was_sent_is_due_no_more(ledger: Store) -> None:
    number, *_ = ids(ledger).values()
    ledger.deliveries.move(number, DeliveryStatus.DEFERRED, NOW, next_attempt_at=NOW)
    ledger.departures.depart([number], NOW, slot_of())

    ledger.departures.settle_sent([(number, "250 ok")], NOW)

    (delivery,) = ledger.deliveries.with_status([DeliveryStatus.SENT], KEY, NUMBER)
    assert delivery.next_attempt_at is None


def test_without_results_nothing_is_settled(ledger: Store) -> None:
    ledger.departures.settle_sent([], NOW)

    assert len(ledger.deliveries.open()) == NUMBER
