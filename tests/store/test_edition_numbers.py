"""When the messages of an edition left, and what came back of them."""

from __future__ import annotations

from datetime import timedelta

from newsletter.models import Cadence, Digest, Edition
from newsletter.store import Store
from newsletter.store.bounces import Bounce
from newsletter.store.edition_numbers import Departures
from tests.factories import NOW, make_profile

DAYS = ("2026-05-07", "2026-05-08")


def plan(store: Store) -> None:
    """Plan two editions for three subscribers."""
    people = [store.subscribers.add(f"{name}@example.org", "", make_profile(), "cli", NOW) for name in "abc"]
    for number, day in enumerate(DAYS):
        at = NOW + timedelta(days=number)
        edition = Edition(key=day, cadence=Cadence.DAILY, day=at.date(), since=at, created_at=at)
        store.editions.put(edition)
        digest = store.editions.put_digest(Digest(edition=edition, considered=0, sections=()))
        for one in people:
            store.deliveries.queue(day, one.id, digest, f"<{day}.{one.id}@example.org>", at)


def test_departures_are_counted_by_the_minute(store: Store) -> None:
    plan(store)
    assert store.edition_numbers.departures(DAYS[0]) == Departures()
    for one, seconds in zip(store.deliveries.open()[:3], (0, 20, 90), strict=True):
        store.deliveries.depart_special(one.id, NOW + timedelta(seconds=seconds))
    assert store.edition_numbers.departures(DAYS[0]) == Departures(NOW, NOW + timedelta(seconds=90), 3, 2)
    assert store.edition_numbers.departures("unknown") == Departures()


def test_a_delivery_that_bounces_twice_counts_once(store: Store) -> None:
    plan(store)
    first, second, _, other, *_ = store.deliveries.open()
    for number, one in enumerate((first, first, second, other)):
        store.bounces.put(
            Bounce(
                fingerprint=str(number), email_key="a@example.org", subscriber_id=1, delivery_id=one.id, kind="hard",
                code="5.1.1", response="", origin="dsn", reported_at=NOW + timedelta(days=1),
            )
        )  # fmt: skip
    assert store.edition_numbers.bounced(DAYS, NOW) == {DAYS[0]: 2, DAYS[1]: 1}
    assert store.edition_numbers.bounced(DAYS[1:], NOW) == {DAYS[1]: 1}
    assert store.edition_numbers.bounced(DAYS, NOW + timedelta(days=2)) == {}


def test_the_digest_of_the_first_subscriber_is_the_typical_one(store: Store) -> None:
    plan(store)
    first = store.edition_numbers.typical_digest(DAYS[0])
    assert first == store.deliveries.open()[0].digest_id
    assert store.edition_numbers.typical_digest("unknown") is None
