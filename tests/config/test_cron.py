"""The crontab line of `newsletter serve`: when it fires, and which lines are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config.cron import _EVERY_DAY, check_cron, cron_trigger, next_run
from newsletter.errors import ConfigError

_field = st.sampled_from(("*", "*/5", "0", "7", "23", "24", "59", "60", "1-5", "*/0", "07", "x"))


def test_the_next_run_is_in_utc() -> None:
    now = datetime(2026, 5, 8, 9, 30, tzinfo=UTC)

    assert next_run("5 * * * *", now) == datetime(2026, 5, 8, 10, 5, tzinfo=UTC)
    assert next_run("0 6 * * mon", now) == datetime(2026, 5, 11, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "days"),  # from Friday, 1 May 2026, on
    [
        ("0 6 * * 0", [3, 10, 17]),
        ("0 6 * * 7", [3, 10, 17]),
        ("0 6 * * SUN", [3, 10, 17]),
        ("0 6 * * 1", [4, 11, 18]),
        ("0 6 * * 5-7", [1, 2, 3, 8]),
        ("0 6 * * fri-sun", [1, 2, 3, 8]),
        ("0 6 * * sun-mon", [3, 4, 10]),
        ("0 6 * * 1-5/2", [1, 4, 6, 8]),
        ("0 6 * * */3", [2, 3, 6, 9]),
        ("0 6 * * 0-7", [1, 2, 3]),
        ("0 6 13 * 5", [1, 8, 13, 15]),
        ("0 6 8 * fri", [1, 8, 15]),
        ("0 6 */2 * 5", [1, 15, 29]),
        ("0 6 13 * *", [13]),
        ("@daily", [2, 3, 4]),
        ("@weekly", [3, 10, 17]),
    ],
)
def test_days_are_those_of_crontab(cron: str, days: list[int]) -> None:
    moment, fired = datetime(2026, 5, 1, 0, 1, tzinfo=UTC), []
    for _ in days:
        moment = next_run(cron, moment)
        fired.append(moment.day)
        moment += timedelta(minutes=1)

    assert fired == days


def test_nicknames_are_midnights_and_full_hours() -> None:
    now = datetime(2026, 5, 8, 9, 30, tzinfo=UTC)

    assert next_run("@hourly", now) == datetime(2026, 5, 8, 10, tzinfo=UTC)
    assert next_run("@midnight", now) == datetime(2026, 5, 9, tzinfo=UTC)
    assert next_run("@monthly", now) == datetime(2026, 6, 1, tzinfo=UTC)
    assert next_run("@yearly", now) == next_run("@annually", now) == datetime(2027, 1, 1, tzinfo=UTC)


def test_a_moment_of_both_alternatives_fires_once() -> None:
    trigger, friday = cron_trigger("0 6 8 * fri"), datetime(2026, 5, 8, 6, tzinfo=UTC)

    assert trigger.get_next_fire_time(friday, friday) == datetime(2026, 5, 15, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "hourly",
        "99 * * * *",
        "* * * *",
        "@reboot",
        "0 6 * * 8",
        "0 6 * * 5-1",
        "0 6 * * 5/2",
        "0 6 * * 1,",
        "0 6 * * */0",
    ],
)
def test_an_invalid_crontab_line_is_an_error(cron: str) -> None:
    with pytest.raises(ConfigError, match=r"schedule\.cron"):
        check_cron(cron)


def test_a_crontab_line_that_never_fires_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"schedule\.cron: '0 0 30 2 \*' never fires"):
        check_cron("0 0 30 2 *")


@given(minute=_field, hour=_field)
def test_a_line_that_is_known_to_be_valid_is_so_to_the_scheduler(minute: str, hour: str) -> None:
    cron = f"{minute} {hour} * * *"
    if _EVERY_DAY.fullmatch(cron):
        next_run(cron, datetime.now(UTC))
