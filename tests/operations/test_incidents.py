"""What an operator is notified of, once for each incident."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from newsletter.models import DeliveryStatus, PullReport
from newsletter.pipeline.outcomes import DeliveryReport
from newsletter.pipeline.run import RunReport
from newsletter.store.incidents import IncidentKind
from tests.factories import NOW
from tests.operations.ledger import fill_edition
from tests.operations.run_site import CLEAN, HOUR, STOPPED, RunSite


def test_the_operator_is_notified_once_for_each_incident(run_site: RunSite) -> None:
    stopped = "[Daily Papers] run stopped: deliver"
    run_site.run(STOPPED)
    run_site.run(STOPPED)
    assert run_site.subjects == [stopped]
    run_site.run(CLEAN)
    run_site.run(CLEAN)
    assert run_site.subjects == [stopped]
    run_site.run(STOPPED)
    assert run_site.subjects == [stopped, stopped]


def empty(key: str) -> RunReport:
    return RunReport(deliveries=DeliveryReport((), Counter({"not sent": 2}), empty=Counter({key: 2})))


def test_an_empty_edition_is_notified_after_three_hours(run_site: RunSite) -> None:
    for _ in range(3):
        run_site.run(empty("daily-2026-05-08"))
    assert run_site.subjects == []
    run_site.run(empty("daily-2026-05-08"))
    run_site.run(empty("daily-2026-05-11"))
    assert run_site.subjects == ["[Daily Papers] edition empty: daily"]


def test_an_empty_edition_at_a_weekend_is_usual(run_site: RunSite) -> None:
    for _ in range(5):
        run_site.run(empty("daily-2026-05-09"))
    assert run_site.subjects == []


def test_an_edition_that_fails_for_many_is_notified(run_site: RunSite) -> None:
    with run_site.store() as store:
        fill_edition(store, {DeliveryStatus.SENT: 9, DeliveryStatus.FAILED: 1})
    run_site.run(CLEAN)
    assert run_site.subjects == []
    with run_site.store() as store:
        fill_edition(store, {DeliveryStatus.FAILED: 1})
    run_site.run(CLEAN)
    run_site.run(CLEAN)
    assert run_site.subjects == ["[Daily Papers] edition failed: daily-2026-05-08"]


def test_a_silent_source_is_notified_and_ends(run_site: RunSite) -> None:
    with run_site.store() as store, store.transaction():
        for ago in (9, 8, 7, 6):
            store.pulls.record(PullReport("huggingface", new=3), NOW - timedelta(days=ago), NOW.date())
        store.pulls.record(PullReport("huggingface", error="gone"), NOW, NOW.date())
    run_site.run(CLEAN)
    run_site.run(CLEAN)
    assert run_site.subjects == ["[Daily Papers] source silent: huggingface"]
    with run_site.store() as store, store.transaction():
        assert [one.kind for one in store.incidents.open()] == [IncidentKind.SOURCE_SILENT]
        store.pulls.record(PullReport("huggingface", new=1), NOW + HOUR, NOW.date())
    run_site.run(CLEAN)
    with run_site.store() as store:
        assert store.incidents.open() == []
