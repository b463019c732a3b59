"""The status of a site, from its store."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.files.site import Site
from newsletter.models import DeliveryStatus, EditionState, PullReport
from newsletter.operations.backup import BACKUP_AT
from newsletter.operations.disk import DiskStatus
from newsletter.operations.status import SiteStatus, read_status
from newsletter.pipeline.edition_state import Stage
from newsletter.store import Store
from newsletter.store.bounces import Bounce, Review
from newsletter.store.incidents import Incident, IncidentKind
from newsletter.store.jobs import JobOutcome
from tests.factories import NOW
from tests.operations.ledger import fill_edition
from tests.stores import connection_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "newsletter.toml").write_text('[[sources]]\nkind = "huggingface"\n', encoding="utf-8")
    return load_config(Site(tmp_path), environ={})


def run_at(store: Store, moment: datetime, command: str = "run", *, problem: str = "") -> None:
    number = store.runs.begin(command, moment)
    store.runs.finish(number, moment + timedelta(minutes=1), is_clean=not problem, outcomes={}, problem=problem)


def problems(store: Store, config: Config, now: datetime = NOW) -> tuple[str, ...]:
    return read_status(store, config, now).problems


def test_a_new_site_is_all_right(store: Store, config: Config) -> None:
    found = read_status(store, config, NOW)
    assert (found.problems, found.runs.last, found.editions) == ((), None, ())
    assert found.versions.schema.startswith("m")
    assert found.disk.outbox_messages == 0


def test_runs_are_shown_and_missed(store: Store, config: Config) -> None:
    for ago in (4, 3, 2, 1):
        run_at(store, NOW - ago * HOUR)
    found = read_status(store, config, NOW)
    assert (found.problems, found.runs.usual_s) == ((), 3600)
    assert found.runs.next_at is None
    assert found.runs.last_clean_at == NOW - HOUR + timedelta(minutes=1)
    (problem,) = problems(store, config, NOW + 3 * HOUR)
    assert problem == "the next run has been overdue since 2026-05-08 11:30 UTC"


def test_the_jobs_of_serve_are_shown_and_missed(store: Store, config: Config) -> None:
    run_at(store, NOW - DAY)
    store.jobs.begin("deliver", NOW - HOUR)
    store.jobs.finish("deliver", JobOutcome.OK, "2 sent", NOW - HOUR)
    store.jobs.set_next({"deliver": NOW, "notices": NOW + HOUR})
    assert store.leases.acquire("scheduler", "x", "process 7 on host", NOW, timedelta(seconds=20))
    runs = read_status(store, config, NOW).runs
    assert (runs.next_at, runs.scheduler, len(runs.jobs)) == (NOW, "process 7 on host", 2)
    assert problems(store, config, NOW + timedelta(minutes=15)) == ()
    late = "the next run has been overdue since 2026-05-08 09:30 UTC: no newsletter serve is running"
    assert problems(store, config, NOW + timedelta(minutes=16)) == (late,)
    store.jobs.begin("deliver", NOW + timedelta(minutes=1))
    assert problems(store, config, NOW + timedelta(minutes=16)) == ()
    run_at(store, NOW + 2 * HOUR)  # a timer took over
    assert problems(store, config, NOW + 3 * HOUR) == ()


def test_a_job_that_failed_is_a_problem(store: Store, config: Config) -> None:
    for name in ("deliver", "monitor", "pull huggingface", "models"):
        store.jobs.begin(name, NOW)
        store.jobs.finish(name, JobOutcome.FAILED, "the disk is full", NOW)
    assert problems(store, config) == ("Learning from feedback failed: the disk is full",)


def test_a_run_that_was_not_clean_or_did_not_finish_is_a_problem(store: Store, config: Config) -> None:
    run_at(store, NOW - HOUR, problem="deliver: mail.example: connection refused")
    assert problems(store, config) == ("the last run was not clean: deliver: mail.example: connection refused",)
    store.runs.begin("run", NOW)
    assert problems(store, config) == ()
    assert "did not finish" in problems(store, config, NOW + DAY)[0]


def test_what_a_failing_source_says_is_shown_once(store: Store, config: Config) -> None:
    store.pulls.record(PullReport("huggingface", error="connection failed"), NOW, NOW.date())
    run_at(store, NOW, problem="huggingface: connection failed")
    assert problems(store, config) == ("huggingface: the last pull failed: connection failed",)


def test_editions_show_their_progress(store: Store, config: Config) -> None:
    counts = {DeliveryStatus.SENT: 2, DeliveryStatus.DEFERRED: 1, DeliveryStatus.FAILED: 1}
    key = fill_edition(store, counts)
    assert [(one.state, one.waiting) for one in read_status(store, config, NOW).editions] == [(Stage.SENDING, 1)]
    store.editions.set_state(key, EditionState.PAUSED)
    found = read_status(store, config, NOW)
    (edition,) = found.editions
    assert (edition.state, edition.planned, edition.done) == (Stage.PAUSED, 4, 2)
    assert [(one.edition, one.status) for one in found.mail.failures] == [(key, DeliveryStatus.FAILED)]
    assert found.problems == ()
    assert problems(store, config, NOW + 7 * HOUR) == (
        "mail has been waiting since 2026-05-08 09:30 UTC: newsletter deliveries",
    )


def test_what_waits_for_a_decision_is_a_problem(store: Store, config: Config) -> None:
    fill_edition(store, {DeliveryStatus.HELD: 1})
    bounce = Bounce(
        fingerprint="x", email_key="s1@reader.example", kind="hard", code="5.1.1", response="no", origin="dsn",
        reported_at=NOW,
    )  # fmt: skip
    store.bounces.put(bounce)
    store.bounces.set_review("x", Review.PENDING)
    store.runs.record_reading("bounces", NOW, 0, "connection refused")
    store.incidents.put(Incident(IncidentKind.EDITION_EMPTY, "daily", "no papers", NOW))
    assert [one.partition(":")[0] for one in problems(store, config)] == [
        "1 message held, in doubt",
        "1 bounce to decide on",
        "mailbox bounces was not read",
        "edition empty",
    ]


def test_a_disk_without_room_for_a_copy_of_the_database_is_low() -> None:
    full = DiskStatus(database=300_000_000, outbox_messages=None, free=500_000_000, total=10**12)
    assert full.is_low
    assert not replace(full, free=600_000_000).is_low


def test_the_status_of_a_year_takes_few_rows(store: Store, config: Config) -> None:
    """What is read does not grow with the age of the store; see also `tests/store/test_query_plans.py`."""
    rows = {}
    for days in (10, 60):
        with store.transaction():
            for number in range(days * 24):
                store.pulls.record(PullReport("huggingface", new=1), NOW + number * HOUR, NOW.date())
        rows[days] = steps(store, config)
    assert rows[60] < 2 * rows[10]


def steps(store: Store, config: Config) -> int:
    """Return how much SQLite works for a status, in hundreds of its steps."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    connection_of(store).set_progress_handler(step, 100)
    found: SiteStatus = read_status(store, config, NOW)
    connection_of(store).set_progress_handler(None, 0)
    assert found.problems == ()
    return count


def test_the_latest_backup_is_shown(store: Store, config: Config) -> None:
    assert read_status(store, config, NOW).backup_at is None
    store.set_fact(BACKUP_AT, NOW.isoformat())
    assert read_status(store, config, NOW).backup_at == NOW
