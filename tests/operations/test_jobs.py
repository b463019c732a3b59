"""The table of jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from newsletter.config.load import load_config
from newsletter.config.model import Config, SummarySettings
from newsletter.files.site import Site
from newsletter.operations.backup import list_backups
from newsletter.operations.job_names import DELIVER, MODELS, NOTICES
from newsletter.operations.jobs import Job, make_jobs
from newsletter.pipeline.ports import Ports
from newsletter.pipeline.transport import make_transport
from newsletter.rendering.environment import make_environment
from newsletter.store import open_store
from newsletter.store.confirmations import Kind
from newsletter.store.jobs import JobState
from tests.factories import NOW, make_profile
from tests.operations.month import Almanac
from tests.stores import place_new_store

Jobs = Callable[..., dict[str, Job]]


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    """Return the jobs of a site, by name, as of NOW."""
    (tmp_path / "newsletter.toml").write_text("", encoding="utf-8")
    place_new_store(tmp_path / "newsletter.db")
    config = replace(load_config(Site(tmp_path), {}), sources=(Almanac(),))

    def make(**changes: object) -> dict[str, Job]:
        changed: Config = replace(config, **changes)  # type: ignore[arg-type]
        ports = Ports(
            open_store=lambda: open_store(config.site.store),
            open_transport=lambda: make_transport(changed),
            make_environment=make_environment,
            clock=lambda: NOW,
        )
        return {job.name: job for job in make_jobs(changed, ports)}

    return make


def test_what_is_configured_has_a_job(jobs: Jobs, tmp_path: Path) -> None:
    config = load_config(Site(tmp_path), {})
    always = ["deliver", "notices", "pull almanac", "models", "monitor", "retention"]
    assert list(jobs()) == always
    everything = jobs(
        bounces=replace(config.bounces, maildir=tmp_path),
        backup=replace(config.backup, cron="15 3 * * *"),
        summaries=SummarySettings("http://localhost:1/v1", "model"),
    )
    assert list(everything) == [*always, "bounces", "backup", "summaries"]
    assert [job.name for job in everything.values() if job.is_mail] == [DELIVER, NOTICES]


def test_news_wake_the_models_and_are_delivered(jobs: Jobs, tmp_path: Path) -> None:
    table = jobs()
    with open_store(tmp_path / "newsletter.db") as store, store.transaction():
        store.subscribers.add("ada@example.org", "", make_profile(topics=(), hour=0, trending=5), "cli", NOW)
    assert table[DELIVER].act().detail == "1 not sent"

    pulled = table["pull almanac"].act()
    assert (pulled.detail, pulled.is_clean, pulled.wakes) == ("4 papers, 4 new", True, (MODELS,))
    assert table["pull almanac"].act().wakes == ()
    with open_store(tmp_path / "newsletter.db") as store:
        assert table[DELIVER].next_at(store, JobState(DELIVER), NOW + timedelta(seconds=1)) is not None
    sent = table[DELIVER].act()
    assert (sent.detail, sent.is_clean) == ("1 sent", True)


def test_while_another_process_sends_deliveries_are_looked_at_again_soon(jobs: Jobs, tmp_path: Path) -> None:
    with FileLock(tmp_path / "newsletter.lock"):
        result = jobs()[DELIVER].act()
    assert (result.detail, result.wakes, result.is_news) == ("another process is sending", (DELIVER,), False)


def test_notices_are_sent_at_once_or_a_minute_after_they_were_deferred(jobs: Jobs, tmp_path: Path) -> None:
    job, minute = jobs()[NOTICES], timedelta(minutes=1)
    with open_store(tmp_path / "newsletter.db") as store:
        assert job.next_at(store, JobState(NOTICES, NOW, NOW), NOW) == NOW + 60 * minute
        with store.transaction():
            store.confirmations.add(Kind.SUBSCRIBE, "ada@example.org", NOW + minute)
        assert job.next_at(store, JobState(NOTICES, NOW, NOW), NOW) == NOW + minute
        tried = JobState(NOTICES, NOW + 2 * minute, NOW + 2 * minute)
        assert job.next_at(store, tried, NOW + 2 * minute) == NOW + 3 * minute


def test_backups_are_made_at_their_time_and_old_ones_deleted(jobs: Jobs, tmp_path: Path) -> None:
    config = load_config(Site(tmp_path), {})
    job = jobs(backup=replace(config.backup, cron="15 3 * * *", keep=1))["backup"]
    with open_store(tmp_path / "newsletter.db") as store:
        assert job.next_at(store, JobState("backup"), NOW) == datetime(2026, 5, 9, 3, 15, tzinfo=UTC)
    for _ in range(2):
        result = job.act()
        assert [str(made.path) for made in list_backups(tmp_path / "backups")] == [result.detail]
