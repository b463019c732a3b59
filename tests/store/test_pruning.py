"""What is pruned is gone, and nobody is sent a paper again because of it."""

from __future__ import annotations

import itertools
import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.models import Delivery, DeliveryStatus, PullReport
from newsletter.pipeline.plan import Intent, plan
from newsletter.pipeline.schedule import day_began
from newsletter.store import Store
from newsletter.store.pruning import Cutoffs, Pruned
from tests.factories import NOW, make_entry, make_profile, make_topic
from tests.stores import connection_of, open_new_store

LATER = NOW + timedelta(days=120)
GROWING = "papers|digests|digest_texts|deliveries|sent_papers|feedback|edition_papers"


def add(store: Store, *names: str) -> None:
    for name in names:
        profile = make_profile(topics=(make_topic("Clouds", ("clouds",)),), hour=0, wait_hours=23)
        store.subscribers.add(f"{name}@example.org", "", profile, "cli", NOW)


def pull(store: Store, numbers: range, now: datetime, **changes: object) -> None:
    for one in numbers:
        entry = make_entry(title=f"Clouds {one} are white", arxiv_id=f"2605.{one:05}", abstract=f"Clouds, {one}.")
        store.papers.add(make_entry(**{**entry.__dict__, **changes}) if changes else entry, now)


def depart(store: Store, delivery: Delivery, now: datetime) -> bool:
    subscriber = store.subscribers.find_by_id(delivery.subscriber_id)
    assert subscriber is not None
    return store.deliveries.depart(delivery.id, now, day_began(subscriber.profile, now), subscriber.profile)


def mail(store: Store, now: datetime, status: DeliveryStatus = DeliveryStatus.SENT) -> list[tuple[str, str]]:
    """Send what is due without rendering it; return (address, paper)."""
    found = []
    for intent in [one for one in plan(store, now) if isinstance(one, Intent)]:
        key, subscriber = intent.edition.key, intent.subscriber
        store.editions.put(intent.edition)
        number = store.editions.put_digest(intent.digest)
        store.deliveries.queue(key, subscriber.id, number, f"<{key}.{subscriber.id}@example.org>", now)
        delivery = store.deliveries.find(key, subscriber.id)
        assert delivery is not None
        assert depart(store, delivery, now)
        store.deliveries.move(delivery.id, status, now)
        found += [(subscriber.email, item.paper.key) for item in intent.digest.items]
    return found


def prune(store: Store, cutoffs: Cutoffs) -> dict[Pruned, int]:
    expected = store.pruning.count(cutoffs)
    counts = dict.fromkeys(Pruned, 0)
    for kind, number in store.pruning.steps(cutoffs):
        counts[kind] += number
    assert counts == expected
    assert store.problems() == []
    assert set(store.pruning.count(cutoffs).values()) == {0}
    return counts


def rows(store: Store, table: str) -> int:
    return store._db.counts([table])[table]


@pytest.mark.parametrize("cutoffs", [Cutoffs(digests=LATER), Cutoffs(deliveries=LATER)])
def test_who_was_sent_which_paper_stays(store: Store, cutoffs: Cutoffs) -> None:
    add(store, "ada", "bob")
    pull(store, range(3), NOW)
    assert len(mail(store, NOW)) == 6
    history = store.deliveries.papers_planned_for(1)
    counts = store.deliveries.counts()
    editions = store.archive.editions_of(1)
    assert prune(store, cutoffs)[Pruned.DIGESTS] == 1
    assert rows(store, "digest_texts") == 0
    assert store._db.execute("SELECT count(*) FROM digests WHERE content IS NOT NULL").fetchone()[0] == 0
    assert rows(store, "deliveries") == (0 if cutoffs.deliveries else 2)
    assert rows(store, "digests") == (0 if cutoffs.deliveries else 1)
    pruned = store.deliveries.papers_planned_for(1)
    assert pruned.keys() == history.keys()
    assert all(timedelta(0) <= pruned[one] - history[one] <= timedelta(seconds=1) for one in history)
    assert store.deliveries.counts() == counts == store.deliveries.counts("daily-2026-05-08")
    assert store.archive.editions_of(1) == editions


def test_what_did_not_arrive_may_be_sent(store: Store) -> None:
    add(store, "ada")
    pull(store, range(2), NOW)
    mail(store, NOW, DeliveryStatus.FAILED)
    prune(store, Cutoffs(deliveries=LATER))
    assert store.deliveries.papers_planned_for(1) == {}
    assert store.deliveries.counts() == {"failed": 1}


def test_an_edition_that_is_being_sent_stays(store: Store) -> None:
    add(store, "ada")
    pull(store, range(2), NOW)
    mail(store, NOW, DeliveryStatus.DEFERRED)
    assert set(prune(store, Cutoffs(deliveries=LATER, digests=LATER)).values()) == {0}
    (delivery,) = store.deliveries.of_subscriber(1)
    assert len(store.editions.get_digest(delivery.digest_id).items) == 2


def test_what_is_younger_stays(store: Store) -> None:
    add(store, "ada")
    pull(store, range(2), NOW)
    mail(store, NOW)
    assert set(prune(store, Cutoffs(NOW, NOW, NOW, NOW)).values()) == {0}
    assert rows(store, "deliveries") == 1


def test_papers_keep_all_but_their_texts_and_are_never_new_again(store: Store) -> None:
    pull(store, range(3), NOW)
    add(store, "ada")
    store.feedback.put(1, 2, liked=True, now=NOW)
    assert prune(store, Cutoffs(papers=LATER))[Pruned.PAPERS] == 2
    texts = {paper.id: (paper.title, paper.abstract) for paper in store.papers.newest(9)}
    assert texts == {
        1: ("Clouds 0 are white", ""), 2: ("Clouds 1 are white", "Clouds, 1."), 3: ("Clouds 2 are white", ""),
    }  # fmt: skip
    assert len(store.archive.with_words("white clouds")) == 3
    pull(store, range(3), LATER)
    assert store.papers.new_since(NOW) == []
    assert store.papers.count() == 3


def test_events_stay_as_far_as_they_are_needed(store: Store) -> None:
    for days in range(5):
        report = PullReport(source="arxiv", fetched=1, new=1)
        store.pulls.record(report, NOW + timedelta(days=days), date(2026, 5, 1) + timedelta(days=days))
    assert prune(store, Cutoffs(events=LATER))[Pruned.EVENTS] == 4
    assert store.pulls.last_success("arxiv") == date(2026, 5, 5)
    assert store.pulls.last("arxiv") == (NOW + timedelta(days=4), None)


def test_a_paper_that_is_merged_keeps_its_history(store: Store) -> None:
    add(store, "ada")
    store.papers.add(make_entry(title="Clouds by title", arxiv_id=None, doi="10.1000/a", abstract="Clouds."), NOW)
    store.papers.add(make_entry(title="Clouds otherwise", arxiv_id="2605.00009", abstract="Clouds."), NOW)
    assert len(mail(store, NOW)) == 2
    prune(store, Cutoffs(deliveries=LATER))
    both = make_entry(title="Clouds by title", arxiv_id="2605.00009", doi="10.1000/a", abstract="Clouds.")
    store.papers.add(both, NOW)
    assert store.papers.count() == 1
    (kept,) = store.papers.newest(2)
    assert set(store.deliveries.papers_planned_for(1)) == {kept.id}
    assert store.archive.editions_of(kept.id) == ["daily-2026-05-08"]
    store.papers.add(make_entry(title="Something else", arxiv_id="2605.00010"), NOW)
    assert {paper.id for paper in store.papers.newest(9)} == {kept.id, 3}  # the id of the other is not given again


def test_an_erased_subscriber_leaves_no_history(store: Store) -> None:
    add(store, "ada")
    pull(store, range(2), NOW)
    mail(store, NOW)
    prune(store, Cutoffs(deliveries=LATER))
    store.subscribers.erase(store.subscribers.get("ada@example.org"))
    assert rows(store, "sent_papers") == 0


numbers = itertools.count()
STEPS = st.lists(st.sampled_from(("pull", "send", "send", "day", "week", "prune", "interrupted")), max_size=14)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_is_pruned_nobody_is_sent_a_paper_twice(tmp_path: Path, steps: list[str]) -> None:
    with open_new_store(tmp_path / f"{next(numbers)}.db") as store:
        add(store, "ada", "bob")
        now, papers = NOW, 2
        mailed: list[tuple[str, str]] = []
        for step in ("send", *steps, "pull", "day", "send"):
            cutoffs = Cutoffs(digests=now, deliveries=now - timedelta(days=3), papers=now - timedelta(days=3))
            match step:
                case "pull":
                    papers += 1
                    pull(store, range(papers), now)
                case "send":
                    mailed += mail(store, now)
                case "day" | "week":
                    now += timedelta(days=1 if step == "day" else 7)
                case "prune":
                    prune(store, cutoffs)
                case "interrupted":
                    list(itertools.islice(store.pruning.steps(cutoffs), 2))
            now += timedelta(minutes=1)
        assert len(set(mailed)) == len(mailed)
        assert store.problems() == []


def plan_of(store: Store, sql: str) -> list[str]:
    if "DELETE FROM digests" in sql:  # nothing is searched for what refers to them
        with store._db.without_foreign_keys():
            return [row[3] for row in store._db.execute(f"EXPLAIN QUERY PLAN {sql}")]
    return [row[3] for row in store._db.execute(f"EXPLAIN QUERY PLAN {sql}")]


@pytest.mark.sqlite_only("the plans of its planner")
def test_every_step_uses_an_index_and_is_short(store: Store) -> None:
    add(store, "ada", "bob")
    pull(store, range(2), NOW)
    mail(store, NOW)
    statements: list[str] = []
    connection_of(store).set_trace_callback(statements.append)
    list(store.pruning.steps(Cutoffs(LATER, LATER, LATER, LATER)))
    store.deliveries.papers_planned_for(1)
    connection_of(store).set_trace_callback(None)
    planned = {sql for sql in statements if re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT)", sql)}
    plans = {sql: plan_of(store, sql) for sql in planned}
    scans = {sql: plan for sql, plan in plans.items() if any(re.match(rf"SCAN ({GROWING})\b", one) for one in plan)}
    # An open edition is found by the index of open deliveries, which holds no others.
    assert {sql: plan for sql, plan in scans.items() if not any("deliveries_open" in one for one in plan)} == {}
