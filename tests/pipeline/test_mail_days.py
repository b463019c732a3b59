"""All rules of when mail comes, together: years on a fake clock, judged by wall clocks; and days of a real site.

`tests/benchmarks/mail_days.py` is the long form, of a million due moments.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from email import message_from_bytes
from email.policy import default
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from newsletter.models import Cadence, DeliveryStatus, Style
from newsletter.subscribers.subscriptions import change_preferences
from tests.pipeline.conftest import SendingSite
from tests.pipeline.mail_days import ZONES, live, make_life, make_site
from tests.pipeline.mail_rules import due_slots, missed, violations
from tests.smtpd import Server, serving

#: Around the changes of clocks of most zones, and the turn of a year.
SEASONS = ((2026, 2, 20), (2026, 9, 20), (2026, 12, 1))


@pytest.mark.parametrize("start", SEASONS)
def test_every_rule_holds_and_nobody_is_missed(start: tuple[int, int, int]) -> None:
    random = Random(start[1])  # noqa: S311 - it makes up a history
    site = make_site(random, datetime(*start, tzinfo=UTC), 60)
    lives = [live(make_life(random, site, zone, random.choice(list(Cadence))), random) for zone in ZONES]

    assert [text for life in lives for text in (*violations(life), *missed(life))] == []
    assert sum(1 for life in lives for _ in due_slots(life)) > 400
    assert sum(len(life.mails) for life in lives) > 300


def test_a_real_site_keeps_the_rules_through_retries_and_changes(site: SendingSite) -> None:
    random = Random(8)  # noqa: S311 - the same
    for number, zone in enumerate(("Asia/Tokyo", "America/Los_Angeles")):
        for cadence in (Cadence.DAILY, Cadence.WEEKDAYS, Cadence.WEEKLY):
            email = f"{cadence}.{number}@example.org"
            hour = random.choice([0, 8, 20])
            site.add_subscriber(email, "pears", cadence=cadence, hour=hour, time_zone=zone, style=Style.PLAIN)
    emails = [one.email for one in site.store.subscribers.all()]
    departures: list[tuple[str, datetime, str]] = []

    def greylist(_address: str, _seen: int) -> str | None:
        return "450 4.2.0 try again later" if random.random() < 0.3 else None

    with serving(Server(on_rcpt=greylist)) as server:
        for hour in range(28):
            site.wait(minutes=random.choice([90, 240, 400] if hour != 14 else [3000]))
            site.add_paper(f"Pears of Hour {hour}", hour)
            if hour % 3 == 0:
                change: dict[str, Any] = random.choice(
                    [
                        {"cadence": "daily"},
                        {"cadence": "weekly", "weekday": "friday"},
                        {"time_zone": random.choice(ZONES)},
                        {"hour": random.randint(0, 23)},
                    ]
                )
                change_preferences(site.store, random.choice(emails), None, change, site.now)
            site.send_to(server)
            departures += [(to, site.now, content.decode()) for to, content in server.accepted[len(departures) :]]
            _check(site, departures[-12:])

    days = [(to, _dated(content)) for to, _, content in departures]
    assert len(departures) > 12
    assert len(set(days)) == len(days)
    for email in emails:
        for delivery in site.store.deliveries.of_subscriber(site.store.subscribers.get(email).id):
            assert (delivery.left_at is not None) == (delivery.status is DeliveryStatus.SENT)


def _check(site: SendingSite, departures: list[tuple[str, datetime, str]]) -> None:
    for to, at, content in departures:
        if at != site.now:
            continue
        profile = site.store.subscribers.get(to).profile
        wall = at.astimezone(ZoneInfo(profile.time_zone))
        assert wall.hour >= profile.hour
        assert profile.cadence is not Cadence.WEEKDAYS or wall.weekday() < 5
        assert _dated(content) == wall.date()


def _dated(content: str) -> date:
    """Return the day of an edition, by its Message-ID."""
    message_id = str(message_from_bytes(content.encode(), policy=default)["Message-ID"])
    return date.fromisoformat(message_id.split("-", 1)[1][:10])
