from __future__ import annotations

from datetime import timedelta

from newsletter.store import Store
from newsletter.store.confirmations import Kind
from tests.factories import NOW, make_profile

ADA = "ada@example.org"
LATER = NOW + timedelta(hours=1)


def test_a_request_waits_until_its_email_is_sent(store: Store) -> None:
    number = store.confirmations.add(Kind.SUBSCRIBE, ADA, NOW, name="Ada", preferences={"topics": ["naïve ☁"]})
    (request,) = store.confirmations.waiting(9)
    assert (request.id, request.kind, request.email, request.name) == (number, Kind.SUBSCRIBE, ADA, "Ada")
    assert (request.preferences, request.requested_at, request.sent_at) == ({"topics": ["naïve ☁"]}, NOW, None)
    assert [store.confirmations.claim(number, LATER) for _ in range(2)] == [True, False]
    assert store.confirmations.waiting(9) == []


def test_a_request_whose_email_could_not_be_sent_waits_again(store: Store) -> None:
    number = store.confirmations.add(Kind.LINK, ADA, NOW)
    store.confirmations.claim(number, LATER)
    store.confirmations.unclaim(number)
    assert [request.id for request in store.confirmations.waiting(9)] == [number]


def test_the_oldest_requests_come_first(store: Store) -> None:
    later, earlier = (store.confirmations.add(Kind.LINK, ADA, moment) for moment in (LATER, NOW))
    assert [request.id for request in store.confirmations.waiting(9)] == [earlier, later]
    assert [request.id for request in store.confirmations.waiting(1)] == [earlier]


def test_a_confirmed_request_knows_its_subscriber(store: Store) -> None:
    subscriber = store.subscribers.add(ADA, "", make_profile(), "web", NOW)
    number = store.confirmations.add(Kind.SUBSCRIBE, ADA, NOW)
    store.confirmations.mark_confirmed(number, subscriber.id, LATER)
    request = store.confirmations.find(number)
    assert request is not None
    assert (request.subscriber_id, request.confirmed_at) == (subscriber.id, LATER)


def test_requests_are_counted_by_address_and_deleted_by_age(store: Store) -> None:
    for email, moment in ((ADA, NOW), ("ADA@example.org", LATER), ("ben@example.org", LATER)):
        store.confirmations.add(Kind.SUBSCRIBE, email, moment)
    assert [store.confirmations.count_since(ADA, moment) for moment in (NOW, LATER)] == [2, 1]
    assert store.confirmations.forget_before(LATER) == 1
    assert store.confirmations.count_since(ADA, NOW) == 1
