"""What is asked of the ledger for many subscribers at once is what it says of each."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from newsletter.models import Cadence, Delivery, DeliveryStatus, Digest, Edition, Item, Section
from newsletter.store import Store
from newsletter.store.pruning import Cutoffs
from tests.factories import NOW, make_entry, make_profile
from tests.stores import open_new_store

PEOPLE, DAYS, PAPERS = range(1, 6), 9, 41


def mail(store: Store, chance: Random) -> None:
    """Let some days pass, on which everybody gets some papers, or not."""
    with store.transaction():
        for number in range(1, PAPERS):
            store.papers.add(make_entry(title=f"T{number}", arxiv_id=f"2605.{number:05}"), NOW)
        store.papers.add(make_entry(title="T1 as a chapter", arxiv_id=None, doi="10.1000/1"), NOW)
        for number in PEOPLE:
            store.subscribers.add(f"s{number}@example.org", "", make_profile(), "cli", NOW)
        for day in range(DAYS):
            at = NOW + timedelta(days=day)
            cadence = chance.choice([Cadence.DAILY, Cadence.WEEKLY])
            edition = Edition(key=f"{cadence}-{at.date()}", cadence=cadence, day=at.date(), since=NOW, created_at=at)
            store.editions.put(edition)
            for number in PEOPLE:
                deliver(store, chance, edition, number)


def deliver(store: Store, chance: Random, edition: Edition, subscriber: int) -> None:
    papers = store.papers.get_many(chance.sample(range(1, PAPERS + 1), 3)).values()
    section = Section("Clouds", tuple(Item(paper, 1.0) for paper in papers), 3)
    digest = store.editions.put_digest(Digest(edition=edition, sections=(section,), considered=3))
    at = edition.created_at
    store.deliveries.queue(edition.key, subscriber, digest, f"<{edition.key}.{subscriber}@x>", at)
    delivery = store.deliveries.find(edition.key, subscriber)
    assert delivery is not None
    status = chance.choice([DeliveryStatus.SENT, DeliveryStatus.SENT, *DeliveryStatus])
    if status not in (DeliveryStatus.QUEUED, DeliveryStatus.DEFERRED) and chance.random() < 0.8:
        assert store.deliveries.depart_special(delivery.id, at)
    store.deliveries.move(delivery.id, status, at + timedelta(minutes=1))


def never_left(store: Store, number: int, *statuses: DeliveryStatus) -> list[tuple[Delivery, Edition]]:
    """The digests for a subscriber that have one of these statuses and never left, the newest first."""
    found = [(one, store.editions.find(one.edition_key)) for one in store.deliveries.of_subscriber(number)]
    return [
        (one, edition)
        for one, edition in found
        if one.left_at is None and one.status in statuses and edition and not edition.is_special
    ]


def waiting(store: Store, number: int) -> Delivery | None:
    found = never_left(store, number, DeliveryStatus.QUEUED, DeliveryStatus.DEFERRED)
    return found[0][0] if found else None


def unsent_day(store: Store, number: int) -> date | None:
    found = never_left(store, number, DeliveryStatus.SKIPPED)
    return max((edition.day for _, edition in found if edition.day), default=None)


@pytest.mark.parametrize("seed", range(4))
def test_many_at_once_are_answered_as_one_by_one(seed: int, tmp_path: Path) -> None:
    chance, now = Random(seed), NOW + timedelta(days=DAYS)  # noqa: S311 - the same in every run
    with open_new_store(tmp_path / "newsletter.db") as store:
        mail(store, chance)
        if seed % 2:  # three days of digests are pruned, and two papers were found to be one
            store.deliveries.skip_open(now, "stale", before=now)
            list(store.pruning.steps(Cutoffs(digests=NOW + timedelta(days=5))))
            store.papers.add(make_entry(title="T1", arxiv_id="2605.00001", doi="10.1000/1"), now)
            assert store._db.execute("SELECT count(*) FROM sent_papers").fetchone()[0] > 9
            assert store._db.execute("SELECT count(*) FROM merged_papers").fetchone()[0]
        deliveries, planning = store.deliveries, store.planning
        last = {number: deliveries.last_mail(number, now) for number in PEOPLE}
        bulk = planning.last_mails(PEOPLE, now)
        assert bulk.keys() == {number for number, one in last.items() if one}
        assert {n: one._replace(covered_until=None) for n, one in bulk.items()} == {
            n: one._replace(covered_until=None) for n, one in last.items() if one
        }
        assert planning.waiting(PEOPLE) == {n: one for n in PEOPLE if (one := waiting(store, n))}
        assert planning.unsent_days(PEOPLE) == {n: day for n in PEOPLE if (day := unsent_day(store, n))}
        for edition in store.editions.latest(DAYS):
            expected = {n: one for n in PEOPLE if (one := deliveries.find(edition.key, n))}
            assert planning.of_edition(edition.key, PEOPLE) == expected
        for papers in ({1, 2, 3}, set(range(20, PAPERS + 1)), {1, 30, PAPERS}):
            sent = planning.sent_of(papers, planning.editions_with(papers), PEOPLE)
            for number in PEOPLE:
                everything = deliveries.papers_planned_for(number)
                assert sent.get(number, {}) == {paper: at for paper, at in everything.items() if paper in papers}
