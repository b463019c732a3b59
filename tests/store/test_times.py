from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from newsletter.store.times import from_ms, to_ms

NOON = datetime(2026, 5, 8, 12, 0, 0, 123_000, UTC)


@pytest.mark.parametrize("moment", [NOON, datetime(1969, 12, 31, 23, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_whole_milliseconds_come_back(moment: datetime) -> None:
    assert from_ms(to_ms(moment)) == moment
    assert from_ms(to_ms(moment)).isoformat() == moment.isoformat()


def test_what_is_less_is_rounded_down_so_that_no_order_is_reversed() -> None:
    moments = [NOON + timedelta(microseconds=number) for number in range(-2000, 2000, 333)]
    stored = [to_ms(moment) for moment in moments]
    assert stored == sorted(stored)
    lost = [moment - from_ms(one) for moment, one in zip(moments, stored, strict=True)]
    assert all(timedelta(0) <= one < timedelta(milliseconds=1) for one in lost)


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    assert to_ms(NOON.astimezone(timezone(timedelta(hours=9)))) == to_ms(NOON)


@pytest.mark.parametrize("stored", ["soon", 2**62])
def test_what_is_no_moment_is_an_error(stored: object) -> None:
    with pytest.raises((TypeError, OverflowError)):
        from_ms(stored)
