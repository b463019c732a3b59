"""The lease that a sender has of its shards."""

from __future__ import annotations

from datetime import datetime

import pytest

from newsletter.models import Delivery, DeliveryStatus, Message
from newsletter.pipeline.ledger import Claim, SendingLedger
from newsletter.pipeline.outcomes import Tally
from newsletter.pipeline.shard_lease import LEASE, LeaseLost, ShardLease
from newsletter.sending import Result, Verdict
from tests.pipeline.conftest import SendingSite, plan_without_sending


@pytest.fixture
def planned(site: SendingSite) -> SendingSite:
    """A site with six queued deliveries, in shards of two."""
    site.add_paper("Pears in Winter", 1)
    for number in range(6):
        site.add_subscriber(f"subscriber{number}@example.org", "pears")
    plan_without_sending(site)
    site.store.shards.divide(site.now, 2)
    return site


def lease_of(site: SendingSite, holder: str) -> ShardLease:
    return ShardLease(site.store, lambda: site.now, holder)


def claim_of(site: SendingSite, delivery: Delivery) -> tuple[Claim, Message]:
    subscriber = site.store.subscribers.find_by_id(delivery.subscriber_id)
    assert subscriber is not None
    message = Message(
        message_id=delivery.message_id,
        sender="digest@news.example",
        recipient=subscriber.email,
        subject="Hello",
        content=b"",
    )
    return Claim(delivery, subscriber, None, 1), message


def test_shards_whose_deliveries_are_settled_are_finished_and_the_others_are_put_back(planned: SendingSite) -> None:
    one, two = lease_of(planned, "one"), lease_of(planned, "two")
    first, second = one.next(set()), one.next({1})
    assert first
    assert second
    assert planned.store.shards.count() == 3
    third = one.next({second.first})  # the first is done
    assert third
    assert planned.store.shards.count() == 2
    assert two.next(set()) is None

    one.end({second.last})

    assert planned.store.shards.count() == 1
    assert two.next(set()) == second


def test_a_sender_whose_lease_has_ended_lets_nothing_go_and_records_nothing(planned: SendingSite) -> None:
    one = lease_of(planned, "one")
    shard = one.next(set())
    assert shard is not None
    ledger = SendingLedger(planned.store, lambda: planned.now, Tally(lambda _outcome: None), check_lease=one.check)
    deliveries = planned.store.deliveries.claim(planned.now, after=shard.first - 1, until=shard.last, limit=9)
    assert len(deliveries) == 2
    claims = [claim_of(planned, delivery) for delivery in deliveries]
    ledger.under_way = {claim.delivery.message_id: claim for claim, _ in claims}
    sent, waiting = (message for _, message in claims)
    assert ledger.commit([], [sent]) == {sent.message_id}

    assert planned.store.shards.expired(planned.now + LEASE) == ["one"]
    planned.store.shards.release("one")
    with pytest.raises(LeaseLost):
        ledger.commit([Result(sent, Verdict.SENT, "250 ok")], [waiting])
    with pytest.raises(LeaseLost):
        one.next(set())

    assert [delivery.status for delivery in planned.store.deliveries.open()[:2]] == [
        DeliveryStatus.SENDING,
        DeliveryStatus.QUEUED,
    ]


def test_a_lease_is_renewed_while_nothing_leaves(planned: SendingSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.pipeline.shard_lease._RENEWALS", 1e9)
    one = lease_of(planned, "one")
    one.next(set())
    began: datetime = planned.now
    planned.wait(minutes=2)
    one.renew()
    assert planned.store.shards.expired(began + LEASE) == []
