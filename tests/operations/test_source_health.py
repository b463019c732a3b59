"""The health of sources, from their pulls."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.files.site import Site
from newsletter.models import PullReport
from newsletter.operations.source_health import Health, SourceStatus, source_statuses
from newsletter.store import Store
from tests.factories import NOW

DAY = timedelta(days=1)


def config_of(root: Path) -> Config:
    (root / "newsletter.toml").write_text('[[sources]]\nkind = "huggingface"\n', encoding="utf-8")
    return load_config(Site(root), environ={})


def pulled(store: Store, at: datetime, new: int, error: str | None = None) -> None:
    report = PullReport("huggingface", fetched=new, new=new, error=error)
    store.pulls.record(report, at, at.date())


def status_of(store: Store, config: Config, now: datetime = NOW) -> SourceStatus:
    (status,) = source_statuses(store, config, now)
    return status


def test_a_source_that_was_never_pulled_is_new(store: Store, tmp_path: Path) -> None:
    assert status_of(store, config_of(tmp_path)).health is Health.NEW


def test_a_source_is_ok_failing_or_silent(store: Store, tmp_path: Path) -> None:
    config = config_of(tmp_path)
    for ago in (10, 9, 8, 7, 4, 3):
        pulled(store, NOW - ago * DAY, 5)
    found = status_of(store, config)
    assert (found.health, found.new, found.usual_s) == (Health.OK, 5, 86400)

    pulled(store, NOW - DAY, 0, "connection failed")
    assert status_of(store, config).health is Health.FAILING
    assert status_of(store, config).error == "connection failed"

    pulled(store, NOW, 0)
    assert status_of(store, config).health is Health.OK

    for ahead in range(1, 5):
        pulled(store, NOW + ahead * DAY, 0)
    found = status_of(store, config, NOW + 4 * DAY)
    assert (found.health, found.last_new_at) == (Health.SILENT, NOW - 3 * DAY)

    pulled(store, NOW + 5 * DAY, 1)
    assert status_of(store, config).health is Health.OK


def test_a_source_may_ask_to_be_left_alone(store: Store, tmp_path: Path) -> None:
    pulled(store, NOW - DAY, 5)
    store.pulls.set_rate_limit("huggingface", NOW + DAY)
    found = status_of(store, config_of(tmp_path))
    assert (found.health, found.not_before) == (Health.RATE_LIMITED, NOW + DAY)
