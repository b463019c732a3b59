from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from newsletter.models import Cadence, Delivery, DeliveryStatus, Digest, Edition, Status, Subscriber
from newsletter.pipeline import windows
from newsletter.pipeline.compose import read_matcher
from newsletter.pipeline.plan import Intent, SubscriberState, decide, plan, why_not_due
from newsletter.pipeline.schedule import NO_LOOKS, Due, Looks, MailHistory, due_edition, next_edition
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from newsletter.store import Store
from tests.factories import NOW, make_entry, make_paper, make_profile, make_subscriber, make_topic

PEARS = make_profile(topics=(make_topic("Pears", ("pear",)),))
EDITION = Edition(
    key="daily-2026-05-08", cadence=Cadence.DAILY, day=NOW.date(), since=NOW - timedelta(days=1), created_at=NOW
)
NO_PAPERS = Matcher(PaperIndex([]))
ONE_PAPER = Matcher(PaperIndex([make_paper(title="In-Context Learning for Kettles")]))


HISTORY = MailHistory(active_since=NOW)
#: When the slot of a subscriber who has just subscribed closes.
CLOSES = NOW + timedelta(hours=3)


def due_at(subscriber: Subscriber, now: datetime, looked_at: datetime | None = None) -> Due:
    due = due_edition(subscriber.profile, HISTORY, now, Looks([looked_at] if looked_at else ()))
    assert due is not None
    return due


def state(matcher: Matcher = ONE_PAPER, **changes: object) -> SubscriberState:
    known: dict[str, object] = {
        "now": NOW, "edition": EDITION, "matcher": matcher, "sent_before": {}, "last_seen_at": NOW,
    }  # fmt: skip
    return SubscriberState(**(known | changes))  # type: ignore[arg-type]


def delivery(status: DeliveryStatus, **changes: object) -> Delivery:
    known: dict[str, object] = {
        "id": 1, "edition_key": EDITION.key, "subscriber_id": 1, "digest_id": 1, "message_id": "<1@x>",
        "status": status, "attempts": 1, "detail": "", "next_attempt_at": None, "updated_at": NOW, "planned_at": NOW,
    }  # fmt: skip
    return Delivery(**(known | changes))  # type: ignore[arg-type]


DEFERRED = delivery(
    DeliveryStatus.DEFERRED, detail="450 greylisted", next_attempt_at=NOW + timedelta(minutes=5)
)  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "suppressed", "found", "why"),
    [
        ({"status": Status.UNSUBSCRIBED}, None, None, "unsubscribed since 2026-05-08"),
        ({"status": Status.PAUSED}, None, None, "paused since 2026-05-08"),
        ({"status": Status.DISABLED}, None, None, "disabled since 2026-05-08"),
        ({}, "hard bounce", None, "suppressed: hard bounce"),
        ({}, None, delivery(DeliveryStatus.SENT), "daily-2026-05-08 sent at 2026-05-08 09:30 UTC"),
        ({}, None, DEFERRED, "daily-2026-05-08 deferred until 2026-05-08 09:35 UTC: 450 greylisted"),
        (
            {},
            None,
            delivery(DeliveryStatus.FAILED, detail="550 no such user"),
            "daily-2026-05-08 failed at 2026-05-08 09:30 UTC: 550 no such user",
        ),
        ({}, None, None, None),
    ],
)
def test_what_keeps_an_edition_from_being_composed(
    fields: dict[str, object], suppressed: str | None, found: Delivery | None, why: str | None
) -> None:
    subscriber = make_subscriber(**fields)
    due = due_at(subscriber, NOW)

    assert why_not_due(subscriber, suppressed, found, due, lambda: due) == why


def test_who_is_not_due_is_shown_when_they_are() -> None:
    subscriber = make_subscriber()
    coming = next_edition(
        subscriber.profile, MailHistory(active_since=NOW, last_at=NOW, last_day=NOW.date()), NOW, NO_LOOKS
    )

    assert why_not_due(subscriber, None, None, None, lambda: coming) == "not due before 2026-05-09 08:00 UTC"


def test_papers_off_topic_alone_are_no_reason_for_an_email() -> None:
    topics = make_profile(topics=(make_topic("pears", ("pears",)),), trending=3)
    subscriber = make_subscriber(profile=topics)
    alone = decide(subscriber, due_at(subscriber, NOW), state())
    assert isinstance(alone, str)
    assert alone.startswith("no match: 1 new paper, none on ")

    wanted = Matcher(PaperIndex([make_paper(id=1, title="On Pears"), make_paper(id=2, title="On Kettles")]))
    digest = decide(subscriber, due_at(subscriber, NOW), state(wanted))
    assert isinstance(digest, Digest)
    assert [section.kind.value for section in digest.sections] == ["topic", "also_trending"]
    everything = make_subscriber(profile=make_profile(topics=()))
    assert isinstance(decide(everything, due_at(everything, NOW), state()), Digest)


@pytest.mark.parametrize(
    ("fields", "known", "why"),
    [
        ({}, state(NO_PAPERS), "nothing new since Friday, 2026-05-08 09:30 UTC"),
        ({}, state(NO_PAPERS, last_seen_at=None), "nothing new: the store holds no papers yet"),
        ({}, state(sent_before={1: NOW}), "nothing new: 1 paper for daily-2026-05-08, all sent before"),
        (
            {"profile": make_profile(topics=(make_topic("Robots", ("robot",)), make_topic("Pears", ("pear",))))},
            state(),
            "no match: 1 new paper, none on Robots, Pears",
        ),
    ],
)
def test_there_is_a_reason_for_each_missing_edition(
    fields: dict[str, object], known: SubscriberState, why: str
) -> None:
    subscriber = make_subscriber(**fields)
    due = due_at(subscriber, NOW)

    assert decide(subscriber, due, known) == f"{why}; waiting until 2026-05-08 12:30 UTC"
    assert decide(subscriber, due, replace(known, now=CLOSES)) == why


def test_an_empty_digest_is_sent_when_the_slot_closes_to_subscribers_who_want_it() -> None:
    subscriber = make_subscriber(profile=make_profile(even_if_empty=True))
    due = due_at(subscriber, NOW)

    digest = decide(subscriber, due, state(NO_PAPERS, now=CLOSES))

    assert isinstance(decide(subscriber, due, state(NO_PAPERS)), str)
    assert isinstance(digest, Digest)
    assert digest.items == ()


def test_a_subscriber_with_a_match_gets_a_digest() -> None:
    subscriber = make_subscriber()

    digest = decide(subscriber, due_at(subscriber, NOW), state())

    assert isinstance(digest, Digest)
    assert [item.paper.title for item in digest.items] == ["In-Context Learning for Kettles"]
    assert (digest.since, digest.is_first) == (NOW.date() - timedelta(days=7), True)


@pytest.mark.parametrize(("seen_after_hours", "is_sent"), [(2.9, True), (3, True), (3.1, False)])
def test_what_comes_after_a_slot_closed_goes_into_the_next_edition(seen_after_hours: float, is_sent: bool) -> None:
    subscriber, late = make_subscriber(), NOW + timedelta(hours=4)
    paper = make_paper(title="In-Context Learning for Kettles", seen_at=NOW + timedelta(hours=seen_after_hours))

    due = due_at(subscriber, late, looked_at=NOW)
    digest = decide(subscriber, due, state(Matcher(PaperIndex([paper])), now=late))

    assert isinstance(digest, Digest) is is_sent


def test_a_paper_that_is_older_than_the_previous_edition_is_left_out() -> None:
    subscriber = make_subscriber()

    assert isinstance(decide(subscriber, due_at(subscriber, NOW), state(old={1})), str)


def test_subscribers_with_the_same_profile_and_history_share_a_digest(store: Store) -> None:
    profiles = {"ada": PEARS, "ben": PEARS, "cem": PEARS, "dan": replace(PEARS, max_papers=1), "eve": PEARS}
    for name, profile in profiles.items():
        store.subscribers.add(f"{name}@example.org", "", profile, "cli", NOW - timedelta(days=2))
    store.papers.add(make_entry(title="On Pears", arxiv_id="2605.00001"), NOW - timedelta(days=1, hours=3))
    for intent in plan(store, NOW - timedelta(days=1)):
        assert isinstance(intent, Intent)
        if intent.subscriber.email.startswith("eve"):
            continue  # she was not mailed
        store.editions.put(intent.edition)
        digest = store.editions.put_digest(intent.digest)
        name = intent.subscriber.email[:3]
        at = NOW - timedelta(days=1, minutes=len(name))
        store.deliveries.queue(intent.edition.key, intent.subscriber.id, digest, f"<{name}@example.org>", at)
        delivery = store.deliveries.find(intent.edition.key, intent.subscriber.id)
        assert delivery is not None
        assert store.deliveries.depart_special(delivery.id, at + timedelta(seconds=intent.subscriber.id))
        store.deliveries.move(delivery.id, DeliveryStatus.SENT, at + timedelta(seconds=intent.subscriber.id))
    for number in (2, 3):
        store.papers.add(make_entry(title=f"More Pears {number}", arxiv_id=f"2605.0000{number}"), NOW)

    ada, ben, cem, dan, eve = (one.digest for one in plan(store, NOW) if isinstance(one, Intent))

    assert ada is ben is cem
    assert [len(one.items) for one in (ada, dan, eve)] == [2, 1, 3]


def test_what_planning_needed_makes_room_for_sending_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.subscribers.add("ada@example.org", "", replace(PEARS, ranking=(("match", 2.0),)), "cli", NOW)
    store.papers.add(make_entry(title="On Pears", arxiv_id="2605.00001"), NOW)
    made = list[weakref.ref[Matcher]]()

    def reading(*arguments: object) -> Matcher:
        matcher = read_matcher(*arguments)  # type: ignore[arg-type]
        made.append(weakref.ref(matcher))
        return matcher

    monkeypatch.setattr(windows, "read_matcher", reading)
    gc.disable()
    try:
        assert [type(one) for one in plan(store, NOW)] == [Intent]
        assert [matcher() for matcher in made] == [None]
    finally:
        gc.enable()
