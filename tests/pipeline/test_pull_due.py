"""Which sources are due, and for which days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from pytest_httpserver import HTTPServer

from newsletter.errors import ConfigError
from newsletter.pipeline.ports import Ports, Step
from newsletter.pipeline.pull import pull_days
from newsletter.pipeline.pull_due import pull_configured, pull_sources, span_to_pull
from newsletter.pipeline.source_schedule import SourceState, not_before, read_state
from newsletter.sources import HttpClient, Source, Span, setting
from newsletter.sources.huggingface import HuggingFace
from newsletter.store import Store, open_store
from tests.factories import NOW, TODAY
from tests.pipeline.conftest import SendingSite

API = "/api/daily_papers"


def state_of(store: Store, source: Source) -> SourceState:
    return read_state(store, {}, source)


@pytest.mark.parametrize(
    ("last_success", "first"),
    [
        (None, date(2026, 5, 7)),
        (TODAY, TODAY),
        (date(2026, 5, 7), date(2026, 5, 7)),
        (date(2026, 4, 8), date(2026, 4, 8)),
        (date(2026, 4, 7), date(2026, 4, 8)),  # no gap longer than a month
        (date(2020, 1, 1), date(2026, 4, 8)),
        (date(2026, 5, 20), TODAY),  # a clock that was wrong
    ],
)
def test_the_days_to_pull(last_success: date | None, first: date) -> None:
    assert span_to_pull(last_success, TODAY) == Span(first, TODAY)


@dataclass(frozen=True)
class Slow(HuggingFace):
    """A source that changes twice a day."""

    min_interval_hours: int = setting(12, "Minimum hours between successful pulls.", internal=True)


def test_a_source_that_changes_seldom_is_not_due_after_a_success(
    store: Store, client: HttpClient, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(API).respond_with_json([])
    source = Slow(api=httpserver.url_for(API))
    assert not_before(state_of(store, source), NOW) is None
    pull_days(store, source, Span(TODAY, TODAY), NOW, client)
    assert not_before(state_of(store, source), NOW + timedelta(hours=11)) == NOW + timedelta(hours=12)
    assert not_before(state_of(store, source), NOW + timedelta(hours=12)) is None
    assert not_before(state_of(store, HuggingFace()), NOW + timedelta(minutes=1)) is None


def test_a_source_that_failed_is_due_at_once(store: Store, client: HttpClient, httpserver: HTTPServer) -> None:
    httpserver.expect_request(API).respond_with_data(status=404)
    source = Slow(api=httpserver.url_for(API))
    pull_days(store, source, Span(TODAY, TODAY), NOW, client)
    assert not_before(state_of(store, source), NOW) is None


# -- the configured sources ---------------------------------------------------------------------------


def ports_of(site: SendingSite, **others: object) -> Ports:
    known: dict[str, object] = {
        "open_store": lambda: open_store(site.config.site.store),
        "open_transport": pytest.fail,
        "make_environment": pytest.fail,
        "clock": lambda: site.now,
    }
    return Ports(**(known | others))  # type: ignore[arg-type]


def test_configured_sources_are_pulled_unless_they_are_not_due(site: SendingSite, httpserver: HTTPServer) -> None:
    httpserver.expect_request(API).respond_with_json([{"paper": {"id": "2605.00001", "title": "A", "summary": "B"}}])
    seldom = Slow(api=httpserver.url_for(API), follow=("trending",))
    site.config = replace(site.config, sources=(seldom, HuggingFace(api=httpserver.url_for(API))))
    ports = ports_of(site)

    first = pull_configured(site.config, ports)
    site.wait(hours=1)
    second = pull_configured(site.config, ports)

    assert [(one.source, one.fetched, one.not_before) for one in first] == [
        ("huggingface trending", 1, None),
        ("huggingface", 2, None),
    ]
    assert [(one.source, one.fetched, one.not_before) for one in second] == [
        ("huggingface trending", 0, NOW + timedelta(hours=12)),
        ("huggingface", 1, None),
    ]


def test_a_shutdown_leaves_the_remaining_sources_out(site: SendingSite) -> None:
    reports = pull_sources(site.config, ports_of(site, is_shutting_down=lambda: True), [HuggingFace()])
    assert reports == []


def test_a_site_without_sources_is_an_error(site: SendingSite) -> None:
    with pytest.raises(ConfigError, match=r"no \[\[sources\]\]"):
        pull_configured(site.config, ports_of(site))


def test_steps_are_in_order() -> None:
    assert list(Step) == ["bounces", "pull", "taste", "deliver", "notices", "summaries"]
