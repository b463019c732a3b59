"""What is replayed on a restored store; whole histories are in tests/operations/test_restore."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from newsletter.models import Status
from newsletter.store import Store
from newsletter.store.recovery import Recovered, collect
from newsletter.store.recovery_log import Record
from newsletter.store.times import to_ms
from tests.factories import NOW, make_entry, make_profile
from tests.store.test_pruning import add, mail, pull

AT = NOW.isoformat()
KEY = "daily-2026-05-08"
EDITION: Record = {
    "key": KEY, "cadence": "daily", "day": "2026-05-08", "since": AT, "created_at": AT, "note": "", "closing": "",
    "subject": "", "audience": "",
}  # fmt: skip
PAPER: Record = {
    "paper": 40, "names": ["arxiv:2605.00040", "title:abc"],
    "columns": {"key": "arxiv:2605.00040", "arxiv_id": "2605.00040", "title": "Clouds", "text_source": "arxiv",
                "sources": '["arxiv"]', "seen_at": AT},
}  # fmt: skip
DIGEST: Record = {"digest": 7, "edition": KEY, "papers": [40]}


def replay(store: Store, records: Iterable[Record]) -> Recovered:
    return store.replay.apply(collect(records), lambda key, number: f"<{key}.{number}@example.org>", NOW)


def delivery(number: int, subscriber: int, status: str = "sending") -> Record:
    return {"delivery": [number, KEY, subscriber, 7, AT, status], "at": AT}


def test_to_replay_twice_changes_nothing_more(store: Store) -> None:
    add(store, "ada", "bob")
    records = [
        EDITION, PAPER, DIGEST, delivery(5, 1), {"added": 9}, {"moved": 2, "to": "ff"},
        {"suppressed": "ab" * 32, "reason": "asked", "at": AT},
    ]  # fmt: skip
    assert replay(store, records) == Recovered(moved=1, suppressed=1, lost=7, mailed=1)
    assert replay(store, records) == Recovered()
    assert store.problems() == []
    assert store.deliveries.papers_planned_for(1).keys() == {40}
    assert store.subscribers.last_id() == 9


def test_a_stricter_status_stays(store: Store) -> None:
    add(store, "ada", "bob")
    store.subscribers.set_status(1, Status.UNSUBSCRIBED, NOW)
    records: list[Record] = [
        {"subscriber": 1, "status": "paused", "at": AT, "until": None},
        {"subscriber": 2, "status": "paused", "at": AT, "until": "2026-06-01"},
        {"subscriber": 3, "status": "unsubscribed", "at": AT, "until": None},
    ]
    assert replay(store, records) == Recovered(unsubscribed=1)
    assert [one.status for one in store.subscribers.all()] == [Status.UNSUBSCRIBED, Status.PAUSED]
    assert store.subscribers.resume_due(NOW + timedelta(days=40)) == 1


def test_who_was_ended_by_an_import_is(store: Store) -> None:
    add(store, "ada", "bob")
    hashed = store.suppressions.hash_of_key("ada@example.org")
    assert replay(store, [{"ended": hashed, "at": AT}]).unsubscribed == 1
    assert [one.status for one in store.subscribers.all()] == [Status.UNSUBSCRIBED, Status.ACTIVE]


def test_ids_that_were_given_to_others_are_not_taken_from_them(store: Store) -> None:
    add(store, "ada", "bob")
    pull(store, range(2), NOW)
    assert len(mail(store, NOW)) == 4
    other = "weekly-2026-05-08"
    edition, digest = {**EDITION, "key": other, "cadence": "weekly"}, {**DIGEST, "edition": other}
    paper = {**PAPER, "paper": 1}
    record: Record = {"delivery": [1, other, 2, 7, AT, "sending"], "at": AT}
    assert replay(store, [edition, paper, {**digest, "papers": [1]}, record]).mailed == 1
    found = store.deliveries.find(other, 2)
    assert found is not None
    assert found.id == 3
    assert store.papers.find("arxiv:2605.00000") is not None
    new = store.papers.find("arxiv:2605.00040")
    assert new is not None
    assert new.id == 3
    assert new.id in store.deliveries.papers_planned_for(2)


def test_a_paper_that_is_there_already_is_the_same(store: Store) -> None:
    store.subscribers.add("ada@example.org", "", make_profile(), "cli", NOW)
    store.papers.add(make_entry(arxiv_id="2605.00040", title="Clouds, in full"), NOW)
    replay(store, [EDITION, PAPER, DIGEST, delivery(5, 1)])
    assert store.papers.count() == 1
    assert store.deliveries.papers_planned_for(1).keys() == {1}


def test_what_waited_in_the_backup_is_not_sent_again(store: Store) -> None:
    add(store, "ada")
    pull(store, range(2), NOW)
    mail(store, NOW)
    store._db.execute("UPDATE deliveries SET status = 'deferred', next_attempt_at = ?", [to_ms(NOW)])
    assert replay(store, [delivery(1, 1)]).mailed == 1
    assert store.deliveries.counts() == {"sent": 1}
    assert store.deliveries.open() == []


def test_what_is_in_doubt_stays_held(store: Store) -> None:
    add(store, "ada")
    pull(store, range(2), NOW)
    mail(store, NOW)
    store._db.execute("UPDATE deliveries SET status = 'deferred', next_attempt_at = ?", [to_ms(NOW)])
    assert replay(store, [delivery(1, 1, "held")]) == Recovered(held=1)
    assert replay(store, [delivery(1, 1, "held")]) == Recovered()
    assert (store.deliveries.counts(), store.deliveries.open()) == ({"held": 1}, [])
    assert replay(store, [delivery(1, 1, "held"), delivery(1, 1)]).held == 0
