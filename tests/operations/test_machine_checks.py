"""Disk and clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pytest_httpserver import HTTPServer

from newsletter.config.model import Config
from newsletter.models import Cadence, Edition
from newsletter.models.findings import Level
from newsletter.operations.machine_checks import check_clock, check_disk, check_past
from newsletter.pipeline.special_editions import read_audience, special_edition
from newsletter.sources import HttpClient
from newsletter.store import Store
from tests.factories import NOW


@pytest.mark.parametrize(
    ("ahead_s", "level"),
    [(0, Level.OK), (-30, Level.OK), (120, Level.WARNING), (-120, Level.WARNING), (3600, Level.WRONG)],
)
def test_the_clock_is_compared_with_that_of_a_server(httpserver: HTTPServer, ahead_s: int, level: Level) -> None:
    httpserver.expect_request("/").respond_with_data("")
    with HttpClient() as http:
        ahead = timedelta(seconds=ahead_s)
        (finding,) = check_clock(http, lambda: datetime.now(UTC) + ahead, httpserver.url_for("/"))
    assert finding.level is level


def test_a_response_from_a_cache_has_an_age(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("", headers={"Age": "3600"})
    with HttpClient() as http:
        (finding,) = check_clock(http, lambda: datetime.now(UTC) + timedelta(hours=1), httpserver.url_for("/"))
    assert finding.level is Level.OK


def test_a_server_that_cannot_be_asked_says_nothing_of_the_clock() -> None:
    with HttpClient(sleep=lambda _seconds: None) as http:
        (finding,) = check_clock(http, lambda: NOW, "http://127.0.0.1:1/")
    assert finding.level is Level.UNKNOWN


def test_a_run_in_the_future_is_found(store: Store) -> None:
    assert list(check_past(store, NOW)) == []
    store.runs.begin("run", NOW)
    assert list(check_past(store, NOW)) == []
    (finding,) = check_past(store, NOW - timedelta(hours=1))
    assert finding.level is Level.WRONG


def test_a_digest_from_the_future_tells_of_the_clock_and_a_note_for_later_does_not(store: Store) -> None:
    later = NOW + timedelta(days=3)
    note = special_edition("Come to the school.", "Summer school", [read_audience("all")], later)
    store.editions.put(note)
    assert list(check_past(store, NOW)) == []
    of_day = Edition(key="daily-2026-05-11", cadence=Cadence.DAILY, day=later.date(), since=NOW, created_at=later)
    store.editions.put(of_day)
    (finding,) = check_past(store, NOW)
    assert finding.level is Level.WRONG


def test_the_disk_is_measured(config: Config) -> None:
    (finding,) = check_disk(config)
    assert "free" in finding.detail
