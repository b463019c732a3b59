from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Cadence, Profile
from newsletter.pipeline.schedule import due_edition


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("preferences", "now", "key", "next_at"),
    [
        # Before the hour the previous day counts.
        ({}, "2026-05-08 07:59", "daily-2026-05-07", "2026-05-08 08:00"),
        ({}, "2026-05-08 08:00", "daily-2026-05-08", "2026-05-09 08:00"),
        # Time zones.
        ({"time_zone": "Asia/Tokyo"}, "2026-05-07 23:00", "daily-2026-05-08", "2026-05-08 23:00"),
        ({"time_zone": "America/Los_Angeles"}, "2026-05-08 14:59", "daily-2026-05-07", "2026-05-08 15:00"),
        # Turn of the year.
        ({"hour": 0}, "2027-01-01 00:00", "daily-2027-01-01", "2027-01-02 00:00"),
        # No edition on weekends.
        ({"cadence": Cadence.WEEKDAYS}, "2026-05-10 12:00", "weekdays-2026-05-08", "2026-05-11 08:00"),
        ({"cadence": Cadence.WEEKLY, "weekday": 4}, "2026-05-08 07:00", "weekly-2026-05-01", "2026-05-08 08:00"),
        ({"cadence": Cadence.WEEKLY, "weekday": 4}, "2026-05-08 08:00", "weekly-2026-05-08", "2026-05-15 08:00"),
        ({"cadence": Cadence.WEEKLY, "weekday": 4}, "2027-01-01 09:00", "weekly-2027-01-01", "2027-01-08 08:00"),
        ({"cadence": Cadence.MONTHLY, "month_day": 28}, "2026-03-01 00:00", "monthly-2026-02-28", "2026-03-28 08:00"),
        # Clocks go forward over 02:00 on 29 March 2026 in Berlin, and back over it on 25 October: once each.
        ({"time_zone": "Europe/Berlin", "hour": 2}, "2026-03-29 01:00", "daily-2026-03-29", "2026-03-30 00:00"),
        ({"time_zone": "Europe/Berlin", "hour": 2}, "2026-10-25 01:30", "daily-2026-10-25", "2026-10-26 01:00"),
    ],
)
def test_which_edition_is_due(preferences: dict[str, object], now: str, key: str, next_at: str) -> None:
    due = due_edition(Profile(**preferences), at(now))  # type: ignore[arg-type]

    assert (due.key, due.next_at) == (key, at(next_at))


profiles = st.builds(
    Profile,
    cadence=st.sampled_from(Cadence),
    hour=st.integers(0, 23),
    weekday=st.integers(0, 6),
    month_day=st.integers(1, 28),
    time_zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kathmandu"]),
)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(profiles, moments)
def test_the_next_edition_is_later_and_another_one(profile: Profile, now: datetime) -> None:
    due = due_edition(profile, now)
    following = due_edition(profile, due.next_at)

    assert due.next_at > now
    assert due_edition(profile, due.next_at - timedelta(seconds=1)).key == due.key
    assert following.key != due.key
    assert following.day > due.day
    assert due.day <= now.astimezone(ZoneInfo(profile.time_zone)).date()
