"""Sentences on when emails come and came."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from newsletter.models import Delivery, DeliveryStatus
from newsletter.pipeline.next_mail import NextMail
from newsletter.pipeline.schedule import Nothing
from newsletter.rendering.language import language
from newsletter.web.subscribers.mail_times import delivery_sentence, next_mail_sentence, nothing_sentence
from tests.factories import NOW

ENGLISH = language("en")
AT = datetime(2026, 5, 9, 7, tzinfo=ZoneInfo("America/New_York"))


@pytest.mark.parametrize(
    ("coming", "sentence"),
    [
        (NextMail(None, why_not="unsubscribed"), ""),
        (NextMail(AT, edition="daily-2026-05-09"), "Your next email waits to be sent."),
        (
            NextMail(AT, waits_until=AT + timedelta(hours=3)),
            "Your next email comes as soon as there are new papers, until 10:00 (America/New York).",
        ),
        (
            NextMail(AT),
            "Your next email comes if there are new papers: Saturday, 9 May 2026, from 07:00 on (America/New York).",
        ),
    ],
)
def test_the_next_email_is_a_sentence(coming: NextMail, sentence: str) -> None:
    assert next_mail_sentence(coming, ENGLISH) == sentence


def test_what_is_not_plain_is_explained() -> None:
    assert nothing_sentence(None, ENGLISH) == nothing_sentence(Nothing.MAILED, ENGLISH) == ""
    assert "Monday to Friday" in nothing_sentence(Nothing.WEEKEND, ENGLISH)


@pytest.mark.parametrize("status", DeliveryStatus)
def test_every_delivery_has_its_day(status: DeliveryStatus) -> None:
    delivery = Delivery(
        id=1, edition_key="daily-2026-05-08", subscriber_id=1, digest_id=1, message_id="<1@x>", status=status,
        attempts=1, detail="", next_attempt_at=None, updated_at=NOW, planned_at=NOW,
    )  # fmt: skip
    assert delivery_sentence(delivery, ENGLISH).startswith("8 May 2026: ")
