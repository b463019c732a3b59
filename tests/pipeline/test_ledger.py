"""What the ledger makes of the responses of a real server, and what it lets go."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.errors import TransportError
from newsletter.models import Cadence, DeliveryStatus, Edition, Message, Status
from newsletter.pipeline.ledger import MAX_ATTEMPTS, Claim, SendingLedger, Slots
from newsletter.pipeline.outcomes import Tally
from newsletter.sending.maildir import MaildirTransport
from tests.factories import NOW, TODAY, make_profile, make_subscriber
from tests.pipeline.conftest import SendingSite, outcomes_of, plan_without_sending
from tests.sending.messages import message
from tests.smtpd import Server, serving


def test_a_greylisted_delivery_is_deferred_and_sent_later(two_subscribers: SendingSite) -> None:
    with serving(Server(on_rcpt=lambda _address, seen: "450 4.2.0 greylisted" if seen == 0 else None)) as server:
        first = two_subscribers.send_to(server)
        at_once = two_subscribers.send_to(server)
        two_subscribers.wait(minutes=5)
        later = two_subscribers.send_to(server)

    assert {status for status, _ in outcomes_of(first).values()} == {"deferred"}
    assert not first.is_clean
    assert outcomes_of(at_once)["ada@example.org"][1].startswith("daily-2026-05-08 deferred until 2026-05-08 09:3")
    assert {status for status, _ in outcomes_of(later).values()} == {"sent"}
    assert sorted(server.recipients) == ["ada@example.org", "bob@example.org"]


def test_a_delivery_fails_after_the_maximum_number_of_attempts(two_subscribers: SendingSite) -> None:
    with serving(Server(on_rcpt=lambda _address, _seen: "450 4.2.0 not today")) as server:
        for attempt in range(MAX_ATTEMPTS):
            report = two_subscribers.send_to(server, only={"ada@example.org"})
            two_subscribers.wait(minutes=min(5 * 2**attempt, 240))  # within the day: another day has its own edition

    status, detail = outcomes_of(report)["ada@example.org"]
    assert (status, detail.startswith(f"gave up after {MAX_ATTEMPTS} attempts: ")) == ("failed", True)


def test_a_refused_recipient_fails_alone(two_subscribers: SendingSite) -> None:
    with serving(Server(on_rcpt=lambda to, _seen: "550 5.1.1 who?" if to.startswith("ada") else None)) as server:
        report = two_subscribers.send_to(server)

    assert (outcomes_of(report)["ada@example.org"][0], outcomes_of(report)["bob@example.org"][0]) == ("failed", "sent")
    assert report.error is None
    assert not report.is_clean


def test_a_policy_rejection_of_the_sender_stops_the_run_and_fails_no_delivery(two_subscribers: SendingSite) -> None:
    with serving(Server(on_mail=lambda _address, _seen: "550 5.7.515 not authenticated")) as server:
        stopped = two_subscribers.send_to(server)
        server.on_mail = lambda _address, _seen: None
        mended = two_subscribers.send_to(server)

    assert isinstance(stopped.error, TransportError)
    assert server.asked.count("MAIL digest@newsletter.example") == 3
    assert {status for status, _ in outcomes_of(mended).values()} == {"sent"}


class UnsubscribingInBetween(MaildirTransport):
    """A transport during whose first message another subscriber unsubscribes."""

    def __init__(self, root: Path, site: SendingSite) -> None:
        super().__init__(root)
        self.site = site

    def _put(self, message: Message) -> str:
        bob = self.site.store.subscribers.get("bob@example.org")
        self.site.store.subscribers.set_status(bob.id, Status.UNSUBSCRIBED, self.site.now)
        return super()._put(message)


def test_a_subscriber_who_unsubscribes_after_planning_is_not_mailed(
    two_subscribers: SendingSite, tmp_path: Path
) -> None:
    report = two_subscribers.send(UnsubscribingInBetween(tmp_path / "outbox", two_subscribers))

    assert outcomes_of(report)["bob@example.org"] == ("skipped", "unsubscribed after planning")


def test_a_delivery_in_doubt_is_resent_under_the_same_message_id(two_subscribers: SendingSite, tmp_path: Path) -> None:
    plan_without_sending(two_subscribers)
    doubtful, _ = two_subscribers.store.deliveries.open()
    two_subscribers.store.deliveries.move(doubtful.id, DeliveryStatus.SENDING, NOW)

    report = two_subscribers.send(MaildirTransport(tmp_path / "outbox"))

    assert "in doubt since a crash" in outcomes_of(report)["ada@example.org"][1]
    assert any(
        doubtful.message_id in file.read_text(encoding="utf-8") for file in (tmp_path / "outbox" / "new").iterdir()
    )


def test_of_two_editions_that_depart_together_a_subscriber_gets_one(two_subscribers: SendingSite) -> None:
    """One statement lets go all of a schedule, and would not see what it lets go itself."""
    site = two_subscribers
    plan_without_sending(site)
    planned = site.store.deliveries.open()
    weekly = Edition(key="weekly-2026-05-08", cadence=Cadence.WEEKLY, day=TODAY, since=site.now, created_at=site.now)
    site.store.editions.put(weekly)
    for one in planned:
        message_id = f"<weekly-{one.subscriber_id}@example.org>"
        site.store.deliveries.queue(weekly.key, one.subscriber_id, one.digest_id, message_id, site.now)
    ledger = SendingLedger(site.store, lambda: site.now, Tally(lambda _outcome: None))
    messages = []
    for delivery in site.store.deliveries.open():
        subscriber = site.store.subscribers.find_by_id(delivery.subscriber_id)
        assert subscriber is not None
        ledger.under_way[delivery.message_id] = Claim(delivery, subscriber, TODAY)
        messages.append(replace(message(subscriber.email), message_id=delivery.message_id))

    assert len(messages) == 4
    assert ledger.commit([], messages) == {one.message_id for one in planned}


@pytest.mark.parametrize("is_new_first", [True, False])
def test_before_its_hour_a_slot_is_open_to_who_subscribed_on_the_day_alone(*, is_new_first: bool) -> None:
    profile = make_profile(hour=12, first_at_once=True)
    old = make_subscriber(id=1, profile=profile, status_at=NOW - timedelta(days=2))
    new = make_subscriber(id=2, profile=profile, status_at=NOW)
    before, after = Slots(NOW), Slots(NOW.replace(hour=12))

    found = {one.id: before.find(one, TODAY) for one in ([new, old] if is_new_first else [old, new])}

    assert found[old.id] is None
    assert found[new.id] is not None
    assert after.find(old, TODAY) == after.find(new, TODAY) == found[new.id]
    assert after.find(old, TODAY + timedelta(days=1)) is None
