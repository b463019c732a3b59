"""When deliveries are looked at next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from newsletter.models import DeliveryStatus, PullReport, Status
from newsletter.pipeline.next_delivery import next_by_zone, next_delivery, next_hour
from newsletter.sending.maildir import MaildirTransport
from newsletter.sources.arxiv import Arxiv
from tests.factories import NOW
from tests.pipeline.conftest import SendingSite

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hour", "zone", "after", "expected"),
    [
        (8, "UTC", "2026-05-08T07:59", "2026-05-08T08:00"),
        (8, "UTC", "2026-05-08T08:00", "2026-05-09T08:00"),
        (8, "Europe/Berlin", "2026-05-08T00:00", "2026-05-08T06:00"),
        (8, "Asia/Kolkata", "2026-05-08T00:00", "2026-05-08T02:30"),
        (0, "Pacific/Kiritimati", "2026-05-08T00:00", "2026-05-08T10:00"),
        (2, "Europe/Berlin", "2026-03-29T00:00", "2026-03-29T01:00"),  # the hour is skipped: it is three
        (2, "Europe/Berlin", "2026-10-25T00:10", "2026-10-26T01:00"),  # it comes twice: the first one counts
    ],
)
def test_the_next_time_it_is_an_hour(hour: int, zone: str, after: str, expected: str) -> None:
    assert next_hour(hour, zone, at(after)) == at(expected)


def looked(site: SendingSite) -> SendingSite:
    with site.store.transaction():
        site.store.looks.add(site.now)
    return site


def due(site: SendingSite) -> datetime:
    return next_delivery(site.store, site.config, site.now)


def test_what_nobody_looked_at_is_due_now(site: SendingSite) -> None:
    assert due(site) == NOW
    assert due(looked(site)) == NOW + timedelta(days=1)


def test_the_hours_of_subscribers_to_the_second_and_when_their_slots_close(two_subscribers: SendingSite) -> None:
    site = two_subscribers
    site.add_subscriber("cem@example.org", "pears", hour=12, time_zone="Europe/Berlin", wait_hours=2)
    looked(site)
    assert due(site) == at("2026-05-08T10:00")
    site.now = at("2026-05-08T10:00")
    assert due(looked(site)) == at("2026-05-08T11:00")  # of the two others, who have had no paper since eight


def test_the_deadline_of_editions_that_wait_for_their_sources(site: SendingSite) -> None:
    site.add_subscriber("ada@example.org", "pears", hour=10, time_zone="UTC", wait_hours=3)
    site.now = at("2026-05-08T10:00")
    assert due(looked(site)) == at("2026-05-08T13:00")
    site.config = replace(site.config, sources=(Arxiv(follow=("cs.CL",)),), wait_minutes=30)
    assert due(site) == at("2026-05-08T10:30")


def test_deferred_mail_is_tried_at_its_time(two_subscribers: SendingSite) -> None:
    site = two_subscribers
    site.send(MaildirTransport(site.config.outbox))
    looked(site)
    with site.store.transaction():
        site.store.deliveries.move(1, DeliveryStatus.DEFERRED, site.now, next_attempt_at=site.now + 5 * MINUTE)
    assert due(site) == NOW + 5 * MINUTE
    with site.store.transaction():  # what a look left open is not urgent, but is not forgotten either
        site.store.deliveries.move(1, DeliveryStatus.QUEUED, site.now)
    assert due(site) == NOW + MINUTE


def test_new_subscribers_changed_hours_papers_and_ends_of_pauses(site: SendingSite) -> None:
    looked(site)
    site.wait(minutes=1)
    site.add_subscriber("ada@example.org", "pears", hour=3)
    assert due(site) < site.now
    looked(site)
    assert due(site) > site.now

    ada = site.store.subscribers.get("ada@example.org")
    later = site.now + MINUTE
    with site.store.transaction():
        site.store.subscribers.update_profile(ada.id, "", replace(ada.profile, hour=7), "cli", later)
    site.now = later
    assert due(site) < site.now
    looked(site)

    with site.store.transaction():
        site.store.pulls.record(PullReport("page", new=3), site.now + MINUTE, through=None)
    site.wait(minutes=1)
    assert due(site) < site.now
    looked(site)

    with site.store.transaction():
        site.store.subscribers.set_status(ada.id, Status.PAUSED, site.now, paused_until=date(2026, 5, 9))
    assert due(site) == at("2026-05-09T00:00")


def test_the_next_hour_of_each_zone(site: SendingSite) -> None:
    site.add_subscriber("ada@example.org", "pears", hour=12, time_zone="Europe/Berlin")
    site.add_subscriber("ben@example.org", "pears", hour=12, time_zone="Europe/Berlin", wait_hours=5)
    site.add_subscriber("cem@example.org", "pears", hour=13, time_zone="Europe/Berlin")
    site.add_subscriber("dee@example.org", "pears", hour=19, time_zone="Asia/Tokyo")
    assert next_by_zone(site.store, NOW) == {
        "Asia/Tokyo": (at("2026-05-08T10:00"), 1),
        "Europe/Berlin": (at("2026-05-08T10:00"), 2),
    }
