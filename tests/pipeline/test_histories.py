"""Nobody is sent a paper twice: not by another edition, not under another id, whatever came in which order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.models import Cadence, DeliveryStatus, Digest, Entry
from newsletter.pipeline.plan import Intent, plan
from newsletter.store import Store, open_store
from newsletter.store.merging import names_of
from newsletter.text import title_hash
from tests.factories import NOW, make_profile, make_topic

WORDS = ("orchards", "ciders")  # few, so that much happens to each
PROFILE = make_profile(topics=(make_topic("Pears", ("pear",)),), hour=0, trending=2, max_papers=50, max_per_section=50)


@dataclass
class History:
    """A reader's site, and what is known from outside of what happened there."""

    store: Store
    now: datetime = NOW
    #: Each name that was told, and another that was told of the same paper: the last is its own.
    same: dict[str, str] = field(default_factory=dict)
    #: Names of the papers that were sent, and in which version.
    sent: dict[str, int] = field(default_factory=dict)
    digests: list[Digest] = field(default_factory=list)

    def root(self, name: str) -> str:
        while self.same.setdefault(name, name) != name:
            name = self.same[name]
        return name

    def tell(self, entry: Entry) -> None:
        names = list(names_of(entry))
        for name in names:
            self.same[self.root(name)] = self.root(names[0])
        self.store.papers.add(entry, self.now)

    def wish(self, cadence: Cadence, *, updates: bool) -> None:
        (reader,) = self.store.subscribers.all()
        profile = replace(PROFILE, cadence=cadence, updates=updates)
        with self.store.transaction():
            self.store.subscribers.change(reader.id, "", profile, "cli")

    def send(self) -> None:
        """Deliver what is due, and hold every paper in it against what was sent before."""
        for intent in [one for one in plan(self.store, self.now) if isinstance(one, Intent)]:
            with self.store.transaction():
                self.store.editions.put(intent.edition)
                digest_id = self.store.editions.put_digest(intent.digest)
                key, reader = intent.edition.key, intent.subscriber.id
                self.store.deliveries.queue(key, reader, digest_id, f"<{key}@x>", self.now)
            (delivery,) = self.store.deliveries.open()
            self.store.deliveries.move(delivery.id, DeliveryStatus.SENT, self.now)
            before = {self.root(name): version for name, version in self.sent.items()}
            names = [self.root(f"title:{title_hash(item.paper.title)}") for item in intent.digest.items]
            assert len(names) == len(set(names))
            for name, item in zip(names, intent.digest.items, strict=True):
                is_new_version = (item.paper.version or 0) > before.get(name, -1)
                assert name not in before or (intent.subscriber.profile.updates and is_new_version), item.paper.title
                self.sent[name] = item.paper.version or 0
            self.digests.append(intent.digest)


@contextmanager
def history() -> Iterator[History]:
    with TemporaryDirectory() as folder, open_store(Path(folder) / "newsletter.db") as store:
        with store.transaction():
            store.subscribers.add("ada@example.org", "", PROFILE, "cli", NOW)
        yield History(store)


def told(number: int, *, by_arxiv: bool, by_doi: bool, is_extended: bool, version: int | None = None) -> Entry:
    """An entry of a paper, by any of its ids, under either of its titles."""
    return Entry(
        source="arxiv" if by_arxiv else "crossref",
        title=f"Pears and {WORDS[number]}" + (" at greater length" if is_extended else ""),
        abstract="Of fruit." if is_extended else "",
        arxiv_id=f"2605.0000{number}" if by_arxiv else None,
        doi=f"10.1000/{number}" if by_doi else None,
        version=version if by_arxiv else None,
        upvotes=number,
    )


entries = st.builds(
    told,
    st.integers(0, len(WORDS) - 1),
    by_arxiv=st.booleans(),
    by_doi=st.booleans(),
    is_extended=st.booleans(),
    version=st.sampled_from([None, 1, 2, 3]),
)
events = st.one_of(
    entries,
    entries,
    st.just("send"),
    st.timedeltas(timedelta(hours=1), timedelta(days=10)),
    st.tuples(st.sampled_from(list(Cadence)), st.booleans()),
    st.just("send"),
)


@given(st.lists(events, min_size=5, max_size=30))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_happens_in_whichever_order_nobody_is_sent_a_paper_twice(
    happened: list[Entry | timedelta | tuple[Cadence, bool] | str],
) -> None:
    with history() as site:
        for event in happened:
            match event:
                case Entry():
                    site.tell(event)
                case timedelta():
                    site.now += event
                case (cadence, updates):
                    site.wish(cadence, updates=updates)
                case _:
                    site.send()


def test_what_came_daily_does_not_come_again_weekly_or_monthly() -> None:
    with history() as site:
        site.tell(told(0, by_arxiv=True, by_doi=False, is_extended=False))
        for cadence in (Cadence.DAILY, Cadence.WEEKLY, Cadence.MONTHLY, Cadence.WEEKDAYS):
            site.wish(cadence, updates=False)
            site.send()
        assert len(site.digests) == 1


@pytest.mark.parametrize("is_arxiv_first", [True, False])
def test_what_was_sent_under_one_id_is_not_sent_under_another_once_they_are_known_to_be_one(
    is_arxiv_first: bool,
) -> None:
    with history() as site:
        site.tell(told(0, by_arxiv=is_arxiv_first, by_doi=not is_arxiv_first, is_extended=is_arxiv_first))
        site.send()
        site.now += timedelta(days=1)
        site.tell(told(0, by_arxiv=not is_arxiv_first, by_doi=is_arxiv_first, is_extended=not is_arxiv_first))
        site.tell(told(0, by_arxiv=True, by_doi=True, is_extended=True))
        site.send()
        assert len(site.digests) == 1


def test_a_new_version_comes_again_only_to_those_who_want_updates() -> None:
    for updates, digests in ((False, 1), (True, 2)):
        with history() as site:
            site.wish(Cadence.DAILY, updates=updates)
            site.tell(told(0, by_arxiv=True, by_doi=False, is_extended=False, version=1))
            site.send()
            site.now += timedelta(days=1)
            site.tell(told(0, by_arxiv=True, by_doi=False, is_extended=False, version=2))
            site.send()
            assert len(site.digests) == digests
