from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from newsletter.models import Cadence, DeliveryStatus, Status
from newsletter.pipeline.edition_state import Action, change_state
from newsletter.pipeline.next_mail import coming_edition, next_mail, next_mail_text, why_nothing_text
from tests.factories import NOW, TODAY
from tests.pipeline.conftest import SendingSite
from tests.smtpd import Server, serving

ADA = "ada@example.org"


@pytest.fixture
def mailed(site: SendingSite) -> SendingSite:
    """A site whose subscriber was sent a paper today, Friday, 8 May."""
    site.add_paper("Pears in Winter", 1)
    site.add_subscriber(ADA, "pears")
    with serving(Server()) as server:
        site.send_to(server)
    return site


def text_of(site: SendingSite) -> str:
    return next_mail_text(next_mail(site.store, site.store.subscribers.get(ADA), site.now))


def why_not(site: SendingSite, day: str) -> str:
    return why_nothing_text(site.store, site.store.subscribers.get(ADA), date.fromisoformat(day), site.now)


def change(site: SendingSite, **preferences: Any) -> None:
    from newsletter.subscribers.subscriptions import change_preferences

    change_preferences(site.store, ADA, None, preferences, site.now)


def test_the_next_email_is_shown_in_the_subscribers_time(mailed: SendingSite) -> None:
    assert text_of(mailed) == "Saturday, 9 May 2026, from 08:00 (UTC), if there are new papers"
    change(mailed, time_zone="Europe/Berlin", cadence="weekly", weekday="friday", hour=17)
    assert text_of(mailed) == "Friday, 15 May 2026, from 17:00 (Europe/Berlin), if there are new papers"


def test_a_slot_that_waits_says_until_when(site: SendingSite) -> None:
    site.add_subscriber(ADA, "pears")

    assert text_of(site) == "Friday, 8 May 2026, from 09:30 (UTC): as soon as there are new papers, until 12:30"
    assert coming_edition(site.store, site.store.subscribers.get(ADA), site.now).is_first


def test_a_day_whose_edition_was_deferred_says_so(site: SendingSite) -> None:
    site.add_paper("Pears in Winter", 1)
    site.add_subscriber(ADA, "pears")
    with serving(Server(on_rcpt=lambda _address, _seen: "451 4.7.1 greylisted")) as server:
        site.send_to(server)
    assert why_not(site, "2026-05-08").startswith("nothing on 8 May 2026 so far: daily-2026-05-08 is deferred: ")
    assert "451 4.7.1 greylisted" in why_not(site, "2026-05-08")


def test_an_edition_that_waits_to_be_sent_is_named(site: SendingSite) -> None:
    site.add_paper("Pears in Winter", 1)
    site.add_subscriber(ADA, "pears")
    with serving(Server(on_rcpt=lambda _address, _seen: "450 4.2.0 later")) as server:
        site.send_to(server)

    assert text_of(site).endswith("daily-2026-05-08, which waits to be sent")


@pytest.mark.parametrize(
    ("status", "until", "text"),
    [
        (Status.PAUSED, None, "none: paused"),
        (Status.PAUSED, TODAY + timedelta(days=9), "none: paused until 17 May 2026"),
        (Status.UNSUBSCRIBED, None, "none: unsubscribed"),
    ],
)
def test_there_is_a_reason_for_who_is_not_mailed(
    mailed: SendingSite, status: Status, until: date | None, text: str
) -> None:
    mailed.store.subscribers.set_status(1, status, NOW, paused_until=until)

    assert text_of(mailed) == text
    assert why_not(mailed, "2026-05-09") == f"nothing on 9 May 2026 because {ADA} is {text.removeprefix('none: ')}"


def test_there_is_a_reason_for_a_suppressed_address(mailed: SendingSite) -> None:
    mailed.store.suppressions.suppress(ADA, "hard bounce", NOW)

    assert text_of(mailed) == "none: suppressed: hard bounce"


@pytest.mark.parametrize(
    ("preferences", "day", "why"),
    [
        ({}, "2026-05-08", "daily-2026-05-08 sent on 8 May 2026 at 09:30"),
        ({}, "2026-05-09", "an edition is due on 9 May 2026 from 08:00, if there are new papers"),
        ({}, "2026-05-07", "nothing on 7 May 2026 because the subscription began later"),
        (
            {"cadence": "weekdays"},
            "2026-05-10",
            "nothing on 10 May 2026 because it is a Sunday, and the cadence is Monday to Friday",
        ),
        (
            {"cadence": "weekly", "weekday": "monday"},
            "2026-05-12",
            "nothing on 12 May 2026 because it is a Tuesday, and the cadence is weekly, on Mondays",
        ),
        (
            {"cadence": "monthly", "month_day": 3},
            "2026-05-12",
            "nothing on 12 May 2026 because it is a Tuesday, and the cadence is monthly, on day 3",
        ),
    ],
)
def test_there_is_a_reason_for_each_day(mailed: SendingSite, preferences: dict[str, Any], day: str, why: str) -> None:
    change(mailed, **preferences)

    assert why_not(mailed, day) == why


def test_a_day_without_papers_says_so_when_its_slot_is_closed(mailed: SendingSite) -> None:
    mailed.wait(days=1)
    with serving(Server()) as server:
        for _ in range(4):
            mailed.send_to(server)
            waiting = why_not(mailed, "2026-05-09")
            mailed.wait(hours=1)
    assert waiting == (
        "nothing on 9 May 2026 because there were no new papers on the topics at 08:00 and in the 3 hours after; later "
        "ones go into the next edition"
    )
    assert text_of(mailed).startswith("Sunday, 10 May 2026, from 08:00")


def test_a_paused_edition_does_not_hide_the_next_email(site: SendingSite) -> None:
    site.add_paper("Pears in Winter", 1)
    site.add_subscriber(ADA, "pears", cadence=Cadence.DAILY)
    with serving(Server(on_rcpt=lambda _address, _seen: "450 4.2.0 later")) as server:
        site.send_to(server)
    change_state(site.store, "daily-2026-05-08", Action.CANCEL, site.now)

    (delivery,) = site.store.deliveries.of_subscriber(1)
    assert delivery.status is DeliveryStatus.SKIPPED
    assert text_of(site).startswith("Friday, 8 May 2026")
