"""A run that has nothing to do reads a few rows, and says how many subscribers got nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.models import Cadence, DeliveryStatus, Digest, Edition, Status
from newsletter.pipeline.idle import EXPLAINED, report_idle
from newsletter.pipeline.outcomes import OutcomeStatus
from newsletter.pipeline.transport import make_transport
from newsletter.store import Store
from tests.factories import NOW, make_profile
from tests.pipeline.conftest import SendingSite

NUMBER = EXPLAINED + 3


@pytest.fixture
def idle(store: Store) -> Store:
    """A store with many subscribers, to whom something may be due in an hour again."""
    profile = make_profile()
    people = [(f"s{n}@example.org", f"s{n}@example.org", "", profile, None) for n in range(NUMBER)]
    store.subscribers.add_many(people, "cli", NOW)
    store.next_due.put({NOW + timedelta(hours=1): range(1, NUMBER + 1)}, NOW)
    return store


def test_subscribers_to_whom_nothing_is_due_are_counted_where_they_are_many(idle: Store, tmp_path: Path) -> None:
    report = report_idle(idle, tmp_path / "restoring", NOW)
    assert report is not None
    assert (report.counts, report.outcomes, report.is_clean) == ({OutcomeStatus.NOT_SENT: NUMBER}, (), True)
    assert idle.looks.until(NOW) == [NOW]  # everybody's slots were looked at


def queue(store: Store) -> None:
    edition = Edition(key="daily-2026-05-08", cadence=Cadence.DAILY, day=NOW.date(), since=NOW, created_at=NOW)
    store.editions.put(edition)
    digest = store.editions.put_digest(Digest(edition=edition, sections=(), considered=0))
    store.deliveries.queue(edition.key, 1, digest, "<1@example.org>", NOW)


def defer(store: Store) -> None:
    queue(store)
    store.deliveries.move(1, DeliveryStatus.DEFERRED, NOW, next_attempt_at=NOW + timedelta(hours=3))


#: What there may be to do.
WORK: dict[str, Callable[[Store], object]] = {
    "somebody new": lambda store: store.subscribers.add("new@example.org", "", make_profile(), "cli", NOW),
    "another hour": lambda store: store.subscribers.update_profile(1, "", make_profile(hour=9), "cli", NOW),
    "a waiting delivery": queue,
    "a deferred one": defer,
    "the end of a pause": lambda store: store.subscribers.set_status(1, Status.PAUSED, NOW, paused_until=NOW.date()),
}


@pytest.mark.parametrize("work", WORK)
def test_where_there_may_be_something_to_do_nothing_is_skipped(idle: Store, work: str, tmp_path: Path) -> None:
    WORK[work](idle)
    assert report_idle(idle, tmp_path / "restoring", NOW) is None
    assert idle.looks.until(NOW) == []


def test_an_interrupted_restore_is_reported(idle: Store, tmp_path: Path) -> None:
    (tmp_path / "restoring").write_text("", encoding="utf-8")
    assert report_idle(idle, tmp_path / "restoring", NOW) is None


def test_the_first_run_makes_the_next_one_idle(site: SendingSite, tmp_path: Path) -> None:
    for number in range(NUMBER):
        site.add_subscriber(f"s{number}@example.org", "pears", hour=17)
    assert report_idle(site.store, tmp_path / "restoring", site.now) is None
    assert site.send(make_transport(site.config)).counts == {OutcomeStatus.NOT_SENT: NUMBER}
    site.wait(hours=1)
    assert report_idle(site.store, tmp_path / "restoring", site.now) is not None
    site.wait(hours=24)
    assert report_idle(site.store, tmp_path / "restoring", site.now) is None
