from __future__ import annotations

import os
import signal
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.errors import ConfigError
from newsletter.files.site import Site
from newsletter.operations.retention import PruneReport, cutoffs_of, preview_prune, prune, prune_daily
from newsletter.store import Store
from tests.factories import NOW
from tests.store.test_pruning import add, mail, pull

YEAR = timedelta(days=365)


def site(root: Path, text: str = "") -> Config:
    (root / "newsletter.toml").write_text(text, encoding="utf-8")
    return load_config(Site(root), environ={})


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return site(tmp_path)


def test_the_defaults_keep_papers_and_a_year_of_deliveries(config: Config) -> None:
    cutoffs = cutoffs_of(config, NOW)
    assert cutoffs.digests == NOW - timedelta(days=90)
    assert cutoffs.deliveries == NOW - timedelta(days=400)
    assert cutoffs.events == NOW - timedelta(days=90)
    assert cutoffs.papers is None


def test_a_digest_stays_for_as_long_as_it_may_be_sent(tmp_path: Path) -> None:
    config = site(tmp_path, "[delivery]\nmax_age_hours = 9600\n[retention]\ndigests_days = 7\n")
    assert cutoffs_of(config, NOW).digests == NOW - timedelta(days=404)


@pytest.mark.parametrize(("name", "days"), [("deliveries", 99), ("papers", 31), ("events", 30), ("digests", 6)])
def test_what_may_still_be_needed_cannot_be_deleted(tmp_path: Path, name: str, days: int) -> None:
    with pytest.raises(
        ConfigError, match=f"retention.{name}_days: expected 0, or {days + 1 if name != 'papers' else 100}"
    ):
        site(tmp_path, f"[retention]\n{name}_days = {days}\n")
    off = site(tmp_path, f"[retention]\n{name}_days = 0\n")
    assert getattr(cutoffs_of(off, NOW), name) is None


def test_what_is_too_old_is_deleted_once_a_day(store: Store, config: Config) -> None:
    add(store, "ada")
    pull(store, range(2), NOW)
    mail(store, NOW)
    now = NOW + timedelta(days=100)
    assert preview_prune(store, config, now) == PruneReport(digests=1)
    report = prune_daily(store, config, now)
    assert report is not None
    assert report.has_deleted
    assert report == PruneReport(digests=1)
    assert prune_daily(store, config, now + timedelta(hours=1)) is None
    assert prune_daily(store, config, now + timedelta(days=1)) == PruneReport()
    assert prune(store, config, NOW + timedelta(days=401), pause_s=0) == PruneReport(deliveries=1)


def test_what_takes_too_long_is_continued_by_the_next_run(store: Store, config: Config) -> None:
    add(store, "ada")
    for day in range(3):
        pull(store, range(day + 1), NOW + timedelta(days=day))
        mail(store, NOW + timedelta(days=day))
    now = NOW + YEAR
    first = prune_daily(store, config, now, budget_s=0)
    assert first is not None
    assert (first.digests, first.is_complete) == (0, False)
    second = prune_daily(store, config, now)
    assert second == PruneReport(digests=3)


def test_killed_at_any_step_nothing_is_sent_twice(store: Store, config: Config) -> None:
    add(store, "ada", "bob")
    mailed = []
    for day in range(3):
        pull(store, range(2 * day + 2), NOW + timedelta(days=day))
        mailed += mail(store, NOW + timedelta(days=day))
    path = store._db.path
    for steps in range(1, 9, 3):
        process = os.fork()
        if process == 0:
            from newsletter.store import open_store

            with open_store(Path(path)) as own:
                count = 0

                def is_over() -> bool:
                    nonlocal count
                    count += 1
                    if count == steps:  # noqa: B023 - in this process it does not change
                        os.kill(os.getpid(), signal.SIGKILL)
                    return False

                prune(own, config, NOW + 2 * YEAR, is_over=is_over, pause_s=0)
            os._exit(0)
        os.waitpid(process, 0)
        assert store.problems() == []
        sent = {number: store.deliveries.papers_planned_for(number) for number in (1, 2)}
        assert {number: len(papers) for number, papers in sent.items()} == {1: len(mailed) // 2, 2: len(mailed) // 2}
    prune(store, config, NOW + 2 * YEAR, pause_s=0)
    assert len(store.deliveries.papers_planned_for(1)) == len(mailed) // 2


def test_others_can_write_between_two_steps(store: Store, config: Config) -> None:
    add(store, "ada")
    pull(store, range(2), NOW)
    mail(store, NOW)
    other = sqlite3.connect(store._db.path, timeout=0, isolation_level=None)
    written = 0

    def is_over() -> bool:
        nonlocal written
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE subscribers SET name = 'Ada'")
        other.execute("COMMIT")
        written += 1
        return False

    prune(store, config, NOW + 2 * YEAR, is_over=is_over, pause_s=0)
    other.close()
    assert written > 2
