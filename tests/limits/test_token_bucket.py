"""The token bucket, by a clock that the test sets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.limits.token_bucket import TokenBucket


def test_a_token_is_available_again_after_its_interval() -> None:
    bucket = TokenBucket(2.0)
    assert bucket.wait_s(0.0) == 0
    bucket.take()
    assert bucket.wait_s(0.0) == 0.5
    assert bucket.wait_s(0.5) == 0


def test_0_per_second_is_no_limit() -> None:
    bucket = TokenBucket(0.0)
    for _ in range(1000):
        assert bucket.wait_s(0.0) == 0
        bucket.take()


def test_a_token_taken_ahead_of_time_delays_the_next() -> None:
    bucket = TokenBucket(1.0)
    bucket.wait_s(0.0)
    bucket.take()
    bucket.take()
    assert bucket.wait_s(0.0) == pytest.approx(2.0)


def test_a_clock_that_goes_backwards_takes_nothing_away() -> None:
    bucket = TokenBucket(1.0, burst=3, tokens=3)
    bucket.wait_s(10.0)
    assert bucket.wait_s(5.0) == 0
    assert bucket.tokens == 3


@given(st.floats(0.1, 50), st.integers(1, 20), st.lists(st.floats(0, 5), max_size=80))
def test_no_more_than_the_burst_and_the_rate_allow(per_s: float, burst: int, pauses: list[float]) -> None:
    bucket, now, taken = TokenBucket(per_s, burst=burst, tokens=burst), 0.0, 0
    for pause in pauses:
        now += pause
        while bucket.wait_s(now) == 0:
            bucket.take()
            taken += 1
        assert taken <= burst + now * per_s + 1e-6
