"""The crontab line of `newsletter serve`: when it fires, and which lines are none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config.cron import _EVERY_DAY, check_cron, next_run
from newsletter.errors import ConfigError

_field = st.sampled_from(("*", "*/5", "0", "7", "23", "24", "59", "60", "1-5", "*/0", "07", "x"))


def test_the_next_run_is_in_utc() -> None:
    now = datetime(2026, 5, 8, 9, 30, tzinfo=UTC)

    assert next_run("5 * * * *", now) == datetime(2026, 5, 8, 10, 5, tzinfo=UTC)
    assert next_run("0 6 * * mon", now) == datetime(2026, 5, 11, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize("cron", ["", "hourly", "99 * * * *", "* * * *"])
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
