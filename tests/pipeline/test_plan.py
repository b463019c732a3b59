from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.models import Cadence, Delivery, DeliveryStatus, Digest, Edition, Status
from newsletter.pipeline.plan import SubscriberState, decide
from newsletter.pipeline.schedule import due_edition
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from tests.factories import NOW, make_paper, make_profile, make_subscriber, make_topic

EDITION = Edition(
    key="daily-2026-05-08", cadence=Cadence.DAILY, day=NOW.date(), since=NOW - timedelta(days=1), created_at=NOW
)
NO_PAPERS = Matcher(PaperIndex([]))
ONE_PAPER = Matcher(PaperIndex([make_paper(title="In-Context Learning for Kettles")]))


def state(matcher: Matcher = ONE_PAPER, **changes: object) -> SubscriberState:
    known: dict[str, object] = {
        "suppressed": None, "delivery": None, "edition": EDITION, "matcher": matcher, "sent_before": {},
        "last_seen_at": NOW,
    }  # fmt: skip
    return SubscriberState(**(known | changes))  # type: ignore[arg-type]


def delivery(status: DeliveryStatus, **changes: object) -> Delivery:
    known: dict[str, object] = {
        "id": 1, "edition_key": EDITION.key, "subscriber_id": 1, "digest_id": 1, "message_id": "<1@x>",
        "status": status, "attempts": 1, "detail": "", "next_attempt_at": None, "updated_at": NOW,
    }  # fmt: skip
    return Delivery(**(known | changes))  # type: ignore[arg-type]


DEFERRED = delivery(
    DeliveryStatus.DEFERRED, detail="450 greylisted", next_attempt_at=NOW + timedelta(minutes=5)
)  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "known", "why"),
    [
        ({"status": Status.UNSUBSCRIBED}, state(), "unsubscribed since 2026-05-08"),
        ({"status": Status.PAUSED}, state(), "paused since 2026-05-08"),
        ({"status": Status.DISABLED}, state(), "disabled since 2026-05-08"),
        ({}, state(suppressed="hard bounce"), "suppressed: hard bounce"),
        (
            {},
            state(delivery=delivery(DeliveryStatus.SENT)),
            "already sent daily-2026-05-08 at 2026-05-08 09:30 UTC; not due before 2026-05-09 08:00 UTC",
        ),
        ({}, state(delivery=DEFERRED), "daily-2026-05-08 deferred until 2026-05-08 09:35 UTC: 450 greylisted"),
        (
            {},
            state(delivery=delivery(DeliveryStatus.FAILED, detail="550 no such user")),
            "daily-2026-05-08 failed at 2026-05-08 09:30 UTC: 550 no such user",
        ),
        ({}, state(NO_PAPERS), "nothing new since Friday, 2026-05-08 09:30 UTC"),
        ({}, state(NO_PAPERS, last_seen_at=None), "nothing new: the store holds no papers yet"),
        ({}, state(sent_before={1: NOW}), "nothing new: 1 paper in daily-2026-05-08, all sent before"),
        (
            {"profile": make_profile(topics=(make_topic("Robots", ("robot",)), make_topic("Pears", ("pear",))))},
            state(),
            "no match: 1 new paper, none on Robots, Pears",
        ),
    ],
)
def test_there_is_a_reason_for_each_missing_delivery(
    fields: dict[str, object], known: SubscriberState, why: str
) -> None:
    subscriber = make_subscriber(**fields)

    assert decide(subscriber, due_edition(subscriber.profile, NOW), known) == why


def test_an_empty_digest_is_sent_to_subscribers_who_want_it() -> None:
    subscriber = make_subscriber(profile=make_profile(even_if_empty=True))

    digest = decide(subscriber, due_edition(subscriber.profile, NOW), state(NO_PAPERS))

    assert isinstance(digest, Digest)
    assert digest.items == ()


def test_a_subscriber_with_a_match_gets_a_digest() -> None:
    subscriber = make_subscriber()

    digest = decide(subscriber, due_edition(subscriber.profile, NOW), state())

    assert isinstance(digest, Digest)
    assert [item.paper.title for item in digest.items] == ["In-Context Learning for Kettles"]
