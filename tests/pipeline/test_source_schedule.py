"""When sources are pulled, and what editions wait for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config.timing import SourceTiming
from newsletter.pipeline.source_schedule import (
    ASK_AGAIN,
    RETRY,
    Patience,
    SourceState,
    Wait,
    next_pull,
    not_before,
    wait_for_sources,
)
from newsletter.sources.publication import ARXIV, Publication

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
CRON = "5 * * * *"
STEADY = SourceTiming(jitter_minutes=0)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


#: A Friday morning; arXiv's list of the day came at 04:05.
NOW = at("2026-05-08T09:30")
FEED = SourceState("feed", STEADY, last_at=NOW)
LISTING = SourceState(
    "arxiv", STEADY, ARXIV, min_interval=4 * HOUR, last_at=NOW, last_new_at=at("2026-05-08T04:06")
)  # fmt: skip


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (replace(FEED, last_at=None), NOW),  # never pulled: now
        (FEED, at("2026-05-08T10:05")),
        (replace(FEED, min_interval=4 * HOUR), at("2026-05-08T14:05")),
        (replace(FEED, timing=SourceTiming(interval_minutes=90, jitter_minutes=0)), NOW + 90 * MINUTE),
        (replace(FEED, timing=SourceTiming(cron="0 12 * * mon-fri", jitter_minutes=0)), at("2026-05-08T12:00")),
        (replace(FEED, timing=SourceTiming(cron="@weekly", jitter_minutes=0)), at("2026-05-10T00:00")),
        (replace(FEED, has_succeeded=False, last_at=at("2026-05-08T09:10")), at("2026-05-08T09:40")),
        (replace(FEED, rate_limited_until=NOW + 5 * HOUR), NOW + 5 * HOUR),
        (replace(FEED, last_at=NOW + 90 * HOUR), at("2026-05-08T10:05")),  # the clock was ahead
        (LISTING, at("2026-05-08T14:05")),
        (replace(LISTING, last_at=at("2026-05-08T03:30"), last_new_at=at("2026-05-07T04:06")), at("2026-05-08T04:05")),
        # The list is late: it is asked for again, although its interval is not over.
        (
            replace(LISTING, last_at=at("2026-05-08T04:06"), last_new_at=at("2026-05-07T04:06")),
            at("2026-05-08T04:06") + ASK_AGAIN,
        ),
        # It has not come for hours: perhaps it is a holiday.
        (
            replace(LISTING, last_at=at("2026-05-08T09:00"), last_new_at=at("2026-05-07T04:06")),
            at("2026-05-08T13:05"),
        ),
    ],
)
def test_when_a_source_is_pulled(state: SourceState, expected: datetime) -> None:
    assert next_pull(state, CRON, NOW) == expected


@given(
    st.timedeltas(timedelta(0), timedelta(days=9)),
    st.booleans(),
    st.sampled_from([SourceTiming(), SourceTiming(interval_minutes=60), SourceTiming(cron="@daily")]),
    st.sampled_from([None, ARXIV]),
)
def test_no_source_is_asked_at_once_again_nor_forgotten(
    ago: timedelta, has_succeeded: bool, timing: SourceTiming, publication: Publication | None
) -> None:
    state = replace(LISTING, timing=timing, publication=publication, last_at=NOW - ago, has_succeeded=has_succeeded)
    assert state.last_at is not None
    due = next_pull(state, CRON, NOW)
    assert due > state.last_at
    assert due <= state.last_at + (timedelta(days=1, minutes=4) if has_succeeded else RETRY)
    assert due == next_pull(state, CRON, NOW)  # so that it can be shown beforehand


def test_the_jitter_differs_by_source_and_has_a_limit() -> None:
    timing = SourceTiming(jitter_minutes=10)
    states = [replace(FEED, label=f"feed {number}", timing=timing) for number in range(20)]
    added = {next_pull(state, CRON, NOW) - at("2026-05-08T10:05") for state in states}
    assert len(added) > 10
    assert all(timedelta(0) <= one <= 10 * MINUTE for one in added)


def test_a_source_with_a_time_of_its_own_is_left_out_of_a_run_before_it() -> None:
    own = replace(FEED, timing=SourceTiming(interval_minutes=90))
    assert not_before(FEED, NOW + MINUTE) is None
    assert not_before(own, NOW + MINUTE) == NOW + 90 * MINUTE
    assert not_before(own, NOW + 90 * MINUTE) is None
    assert not_before(replace(own, has_succeeded=False), NOW + MINUTE) is None


@pytest.mark.parametrize(
    ("due_at", "now", "last_new_at", "waits"),
    [
        ("2026-05-08T04:00", "2026-05-08T04:00", "2026-05-07T04:06", True),  # the list comes in five minutes
        ("2026-05-08T04:00", "2026-05-08T04:07", "2026-05-08T04:06", False),  # it came
        ("2026-05-08T04:00", "2026-05-08T05:00", "2026-05-07T04:06", False),  # the deadline
        ("2026-05-08T03:00", "2026-05-08T03:00", "2026-05-07T04:06", False),  # it comes after the deadline
        ("2026-05-08T07:00", "2026-05-08T07:00", "2026-05-07T04:06", True),  # it is late, or was not pulled
        ("2026-05-10T07:00", "2026-05-10T07:00", "2026-05-08T04:06", False),  # a Sunday
        ("2026-05-10T07:00", "2026-05-10T07:00", "2026-05-07T04:06", False),  # …after a Friday without new papers
    ],
)
def test_an_edition_waits_for_the_list_of_the_day(due_at: str, now: str, last_new_at: str, waits: bool) -> None:
    state = replace(LISTING, last_new_at=at(last_new_at))
    wait = wait_for_sources(at(due_at), at(now), [FEED, state], HOUR)
    assert wait == (Wait(("arxiv",), at(due_at) + HOUR) if waits else None)


def test_a_source_that_never_brought_a_paper_is_not_waited_for() -> None:
    assert wait_for_sources(NOW, NOW, [replace(LISTING, last_new_at=None)], HOUR) is None


def test_no_edition_waits_for_longer_than_its_slot_is_open() -> None:
    late = replace(LISTING, last_new_at=NOW - timedelta(days=1))
    patience = Patience([late], 3 * HOUR)
    assert patience.wait(NOW, NOW, NOW) is None
    wait = patience.wait(NOW, NOW + HOUR, NOW)
    assert wait is not None
    assert wait.until == NOW + HOUR
    assert str(wait) == "waiting for today's list of arxiv, until 10:30 UTC at the latest"
