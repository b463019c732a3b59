"""Nobody is sent a paper twice: checked against a record of entries and messages kept apart from the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Cadence, DeliveryStatus, Entry, Paper, Subscriber
from newsletter.pipeline.plan import Intent, plan
from newsletter.store import Store
from tests.factories import NOW, make_profile, make_topic
from tests.stores import open_new_store

PROFILE = make_profile(topics=(make_topic("Pears", ("pear",)),), hour=0, max_papers=50, max_per_section=50)
ADA, BOB = "ada@example.org", "bob@example.org"
Run = tuple[list[Entry], timedelta, Cadence, bool, DeliveryStatus]


def listing(number: int, *, arxiv: bool = False, doi: bool = False, extended: bool = False, version: int = 0) -> Entry:
    """A paper as one source lists it; only arXiv ids have versions."""
    return Entry(
        source="arxiv" if arxiv and version else "huggingface" if arxiv else "crossref",
        title=f"Paper {number} about pears{' (extended)' if extended else ''}",
        arxiv_id=f"2605.{number:05}" if arxiv else None,
        doi=f"10.1000/{number}" if doi else None,
        version=version or None if arxiv else None,
    )


def names_in(listed: Entry | Paper) -> set[str]:
    return {name for name in (listed.arxiv_id, listed.doi, listed.title) if name}


@dataclass
class Dispatch:
    """A paper in a delivery, by the names it had when the delivery was planned."""

    delivery: int
    subscriber: str
    names: set[str]
    at: datetime


@dataclass
class Record:
    """A site with two subscribers, and a record of what was listed and sent."""

    store: Store
    now: datetime = NOW
    #: Names listed together, directly or transitively, belong to one paper.
    papers: list[set[str]] = field(default_factory=list)
    #: The newest version listed of each arXiv id, and when it last rose.
    newest: dict[str, int] = field(default_factory=dict)
    revised: dict[str, datetime] = field(default_factory=dict)
    dispatches: list[Dispatch] = field(default_factory=list)

    def pull(self, entry: Entry) -> None:
        names = names_in(entry)
        apart = [paper for paper in self.papers if not paper & names]
        self.papers = [*apart, names.union(*(paper for paper in self.papers if paper & names))]
        arxiv, version = entry.arxiv_id, entry.version
        if arxiv and version and version > self.newest.setdefault(arxiv, version):
            self.newest[arxiv], self.revised[arxiv] = version, self.now
        self.store.papers.add(entry, self.now)

    def change_profile(self, cadence: Cadence, *, updates: bool = False) -> None:
        """Change Ada's preferences; Bob's stay the same."""
        profile = replace(PROFILE, cadence=cadence, updates=updates)
        with self.store.transaction():
            self.store.subscribers.update_profile(self.store.subscribers.get(ADA).id, "", profile, "cli", self.now)

    def send(self, outcome: DeliveryStatus = DeliveryStatus.SENT) -> int:
        """Plan what is due, check it against the record, and give open deliveries this outcome; return the papers."""
        intents = [one for one in plan(self.store, self.now) if isinstance(one, Intent)]
        for intent in intents:
            key, subscriber = intent.edition.key, intent.subscriber
            shown = [self.known(item.paper) for item in intent.digest.items]
            self.check(subscriber, shown)
            self.store.editions.put(intent.edition)
            digest = self.store.editions.put_digest(intent.digest)
            self.store.deliveries.queue(key, subscriber.id, digest, f"<{key}.{subscriber.id}@example.org>", self.now)
            number = max(delivery.id for delivery in self.store.deliveries.open())
            self.dispatches += [Dispatch(number, subscriber.email, names, self.now) for names in shown]
        for number in [delivery.id for delivery in self.store.deliveries.open()]:
            self.store.deliveries.move(number, outcome, self.now)
            if outcome is DeliveryStatus.FAILED:
                self.dispatches = [one for one in self.dispatches if one.delivery != number]
            for one in self.dispatches:
                one.at = self.now if one.delivery == number else one.at
        return sum(len(intent.digest.items) for intent in intents)

    def known(self, paper: Paper) -> set[str]:
        """Return all names of a paper; fails if the store merged two papers into one."""
        (names,) = [names for names in self.papers if names & names_in(paper)]
        return names

    def check(self, subscriber: Subscriber, shown: list[set[str]]) -> None:
        for names in shown:
            assert shown.count(names) == 1, f"twice in one digest: {names}"
            if before := [
                one.at for one in self.dispatches if one.subscriber == subscriber.email and one.names & names
            ]:
                is_revised = any(self.revised[name] > max(before) for name in names & self.revised.keys())
                assert subscriber.profile.updates, f"sent before: {names}"
                assert is_revised, f"sent before, and no newer version came: {names}"


@contextmanager
def opened() -> Iterator[Record]:
    with TemporaryDirectory() as folder, open_new_store(Path(folder) / "newsletter.db") as store:
        with store.transaction():
            for email in (ADA, BOB):
                store.subscribers.add(email, "", PROFILE, "cli", NOW)
        yield Record(store)


yes, versions = st.booleans(), st.integers(0, 3)
papers = st.builds(listing, st.integers(6, 7), arxiv=yes, doi=yes, extended=yes, version=versions)
waits = st.sampled_from([0, 1, 24, 72, 240]).map(lambda hours: timedelta(hours=hours))
outcomes = st.sampled_from([DeliveryStatus.SENT, DeliveryStatus.SENT, DeliveryStatus.DEFERRED, DeliveryStatus.FAILED])
runs = st.tuples(st.lists(papers, max_size=2), waits, st.sampled_from(Cadence), yes, outcomes)


@given(st.lists(runs, min_size=8, max_size=16))
def test_no_history_sends_anyone_a_paper_twice(history: list[Run]) -> None:
    with opened() as record:
        for entries, wait, cadence, updates, outcome in history:
            record.now += wait
            for entry in entries:
                record.pull(entry)
            record.change_profile(cadence, updates=updates)
            record.send(outcome)


@pytest.mark.parametrize("later", [Cadence.WEEKDAYS, Cadence.WEEKLY, Cadence.MONTHLY])
def test_a_paper_of_a_daily_edition_is_not_in_a_less_frequent_one(later: Cadence) -> None:
    with opened() as record:
        record.pull(listing(6, arxiv=True))
        assert record.send() == 2
        record.change_profile(later)
        record.pull(listing(7, arxiv=True))
        assert record.send() == 1  # Bob has had today's edition


def test_a_paper_sent_under_one_identifier_is_not_sent_under_another() -> None:
    with opened() as record:
        record.pull(listing(6, doi=True, extended=True))
        assert record.send() == 2
        record.pull(listing(6, arxiv=True))
        record.pull(listing(6, arxiv=True, doi=True))
        record.change_profile(Cadence.WEEKLY)
        assert (record.store.papers.count(), record.send()) == (1, 0)


def test_a_new_version_is_sent_once_to_subscribers_who_want_updates() -> None:
    with opened() as record:
        record.change_profile(Cadence.DAILY, updates=True)
        record.pull(listing(6, arxiv=True, version=1))
        assert record.send() == 2
        record.now += timedelta(days=1)
        record.pull(listing(6, arxiv=True, version=2))
        assert record.send() == 1
        record.change_profile(Cadence.WEEKLY, updates=True)
        assert record.send() == 0


def test_papers_merged_while_a_delivery_waits_are_shown_once() -> None:
    with opened() as record:
        record.pull(listing(6, arxiv=True))
        record.pull(listing(6, doi=True, extended=True))
        assert record.send(DeliveryStatus.DEFERRED) == 4
        record.pull(listing(6, arxiv=True, doi=True))
        for delivery in record.store.deliveries.open():
            assert len(record.store.editions.get_digest(delivery.digest_id).items) == 1
