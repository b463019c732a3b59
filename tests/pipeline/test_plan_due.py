"""Who is due by what the store keeps of them is who is due when everybody is asked, whatever happened in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import Cadence, DeliveryStatus, Profile, Status, Subscriber
from newsletter.pipeline.edition_state import Action, change_state, close_past_days, queue_again
from newsletter.pipeline.plan import Intent, NoDelivery, NotDue, plan, plan_due
from newsletter.pipeline.schedule import Looks, MailHistory, due_edition, look_again_at
from newsletter.store import Store
from tests.factories import NOW, make_entry, make_profile, make_topic
from tests.pipeline.mail_days import ZONES
from tests.stores import open_new_store

PEARS = make_profile(topics=(make_topic("Pears", ("pear",)),))

profiles = st.builds(
    Profile,
    cadence=st.sampled_from(Cadence), hour=st.integers(0, 23), wait_hours=st.integers(0, 23),
    weekday=st.integers(0, 6), month_day=st.integers(1, 28), time_zone=st.sampled_from(ZONES),
    first_at_once=st.booleans(),
)  # fmt: skip
days = st.integers(-8, 1).map(lambda number: NOW.date() + timedelta(days=number))
moments = st.integers(-8 * 96, 3 * 96).map(lambda quarters: NOW + timedelta(minutes=15 * quarters))
past = moments.filter(lambda moment: moment <= NOW)
histories = st.builds(
    MailHistory,
    active_since=moments, changed_at=st.none() | moments, last_at=st.none() | past,
    last_day=days, covered_until=st.none() | past, unsent_day=st.none() | days.filter(lambda day: day <= NOW.date()),
)  # fmt: skip


@settings(max_examples=200)
@given(profiles, histories, st.lists(past, max_size=9), st.lists(moments, max_size=3))
def test_nothing_becomes_due_before_it_is_looked_at_again(
    profile: Profile, history: MailHistory, looks: list[datetime], later: list[datetime]
) -> None:
    known = Looks(sorted(looks))
    due, again_at = due_edition(profile, history, NOW, known), look_again_at(profile, history, NOW, known)
    assert NOW < again_at <= NOW + timedelta(days=2)
    times = [NOW + timedelta(minutes=15 * quarters) for quarters in range(1, 4 * 48)]
    for now in (one for one in times if one < again_at):
        coming = due_edition(
            profile, history, now, Looks(sorted([*looks, *(one for one in later if NOW < one <= now)]))
        )
        assert coming is None or (due is not None and coming.key == due.key)


# -- what happens to a site ---------------------------------------------------------------------------


class Site:
    """A site with a few subscribers, to which things happen."""

    def __init__(self, store: Store, chance: Random) -> None:
        self.store, self.chance, self.now, self.papers = store, chance, NOW, 0
        self.compared = self.due = 0
        with store.transaction():
            for number in range(6):
                store.subscribers.add(f"s{number}@example.org", "", self.profile(), "cli", self.now)

    def profile(self) -> Profile:
        """Return preferences as people have them."""
        chance = self.chance
        return replace(
            PEARS, cadence=chance.choice([*Cadence, Cadence.DAILY]), hour=chance.choice([0, 7, 8, 9, 17, 23]),
            wait_hours=chance.choice([0, 3, 12]), weekday=chance.randrange(7), month_day=chance.randint(1, 28),
            time_zone=chance.choice(ZONES), first_at_once=chance.random() < 0.3, even_if_empty=chance.random() < 0.2,
        )  # fmt: skip

    def step(self) -> None:
        """Let something happen, compare the two plans, and go on as a run does."""
        back = self.chance.random() < 0.05
        self.now += timedelta(hours=-self.chance.choice([1, 30]) if back else self.chance.choice([1, 1, 2, 5, 26]))
        with self.store.transaction():
            self.chance.choice([self.pull, self.pull, self.pull, self.person, self.person, self.ledger])()
            self.store.subscribers.resume_due(self.now)
            close_past_days(self.store, self.now)
        everyone = self.intents(plan(self.store, self.now))
        quick = list(plan_due(self.store, self.now))
        assert self.intents(quick) == everyone
        self.compared, self.due = self.compared + 1, self.due + len(everyone)
        if self.chance.random() < 0.9:  # else it was stopped
            self.queue([one for one in quick if not isinstance(one, NotDue)])

    def intents(self, decided: object) -> dict[int, tuple[str, list[int], bool]]:
        """Return who gets what: subscriber → edition, papers, and whether it is the first."""
        return {
            one.subscriber.id: (one.edition.key, [item.paper.id for item in one.digest.items], one.digest.is_first)
            for one in decided  # type: ignore[attr-defined]
            if isinstance(one, Intent)
        }

    def queue(self, decided: list[object]) -> None:
        """Queue what is due, and note when to look again; some messages leave, some of them for good."""
        again: dict[datetime, list[int]] = {}
        with self.store.transaction():
            for one in decided:
                if isinstance(one, Intent):
                    key, number = one.edition.key, one.subscriber.id
                    self.store.editions.put(one.edition)
                    digest = self.store.editions.put_digest(one.digest)
                    self.store.deliveries.queue(key, number, digest, f"<{key}.{number}@example.org>", self.now)
                if isinstance(one, Intent | NoDelivery) and one.again_at and one.subscriber.status is Status.ACTIVE:
                    again.setdefault(one.again_at, []).append(one.subscriber.id)
            self.store.looks.add(self.now)
            self.store.next_due.put(again, self.now)
        for delivery in self.store.deliveries.open():
            outcome = self.chance.choice([*[DeliveryStatus.SENT] * 4, *DeliveryStatus])
            subscriber = self.store.subscribers.find_by_id(delivery.subscriber_id)
            if subscriber is None or not self.depart(delivery.id, subscriber):
                continue
            if outcome not in (DeliveryStatus.SENT, DeliveryStatus.SENDING, DeliveryStatus.HELD):
                self.store.deliveries.undo_departure(delivery)
            self.store.deliveries.move(delivery.id, outcome, self.now)

    def depart(self, delivery: int, subscriber: Subscriber) -> bool:
        """Let a message leave, if it may."""
        return self.store.deliveries.depart(delivery, self.now, self.now - timedelta(hours=9), subscriber.profile)

    def pull(self) -> None:
        """Add some papers, or a new version of one."""
        for _ in range(self.chance.randrange(4)):
            self.papers += 1
            number = self.chance.randint(1, self.papers)
            version = 1 + (number < self.papers)
            self.store.papers.add(
                make_entry(source="arxiv", title=f"Pear {number}", arxiv_id=f"2605.{number:05}", version=version),
                self.now,
            )

    def person(self) -> None:
        """Change something about one subscriber."""
        subscribers, one = self.store.subscribers, self.chance.choice(self.store.subscribers.all())
        match self.chance.randrange(6):
            case 0 | 1:
                subscribers.update_profile(one.id, "", self.profile(), "cli", self.now)
            case 2:
                until = self.now.date() + timedelta(days=self.chance.randint(0, 3))
                subscribers.set_status(one.id, Status.PAUSED, self.now, paused_until=until)
            case 3:
                subscribers.set_status(one.id, Status.ACTIVE, self.now)
            case 4:
                if self.store.suppressions.why_suppressed(one.email):
                    self.store.suppressions.unsuppress(one.email)
                else:
                    self.store.suppressions.suppress(one.email, "hard bounce", self.now)
            case _:
                subscribers.change_address(one.id, f"{one.id}.{self.chance.random()}@example.org")

    def ledger(self) -> None:
        """Do what operators do to editions, or what is done to leftovers."""
        editions = self.store.editions.latest(3)
        if not editions:
            return
        key = self.chance.choice(editions).key
        match self.chance.randrange(5):
            case 0 | 1 if key not in self.store.editions.states():
                change_state(self.store, key, self.chance.choice([Action.CANCEL, Action.PAUSE]), self.now)
            case 2:
                self.store.deliveries.skip_open(self.now, "stale", before=self.now - timedelta(hours=2))
            case 3:
                self.store.deliveries.hold(self.now, "in doubt")
            case _:
                queue_again(self.store, DeliveryStatus.FAILED, None, self.now, timedelta(days=3))


@contextmanager
def opened(seed: int) -> Iterator[Site]:
    with TemporaryDirectory() as folder, open_new_store(Path(folder) / "newsletter.db") as store:
        yield Site(store, Random(seed))  # noqa: S311 - the same events in every run


@pytest.mark.parametrize("seed", range(6))
def test_what_is_due_is_the_same_as_when_everybody_is_asked(seed: int) -> None:
    with opened(seed) as site:
        for _ in range(60):
            site.step()
        assert site.due > 10
