"""The limit of logins: a growing delay per network, and one for all."""

from __future__ import annotations

import pytest

from newsletter.web.http.login_limit import LoginLimit, own_login_limit
from newsletter.web.http.rate_limit import OwnCounts


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def limit(now: list[float]) -> LoginLimit:
    return own_login_limit(lambda: now[0])


def test_the_delay_of_a_network_doubles_up_to_a_quarter_of_an_hour(limit: LoginLimit, now: list[float]) -> None:
    assert [limit.begin("192.0.2.1") for _ in range(5)] == [0] * 5
    delays = []
    for _ in range(12):
        wait_s = limit.begin("192.0.2.1")
        assert limit.begin("192.0.2.1") == wait_s  # asking again costs nothing
        delays.append(round(wait_s))
        now[0] += wait_s + 0.001
        assert limit.begin("192.0.2.1") == 0
    assert delays == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_a_success_forgets_the_failures_of_its_network(limit: LoginLimit) -> None:
    for _ in range(40):
        assert limit.begin("2001:db8::1") == 0
        limit.succeed("2001:db8:0:0:1::1")


def test_many_networks_share_a_limit_which_spares_those_that_logged_in_before(
    limit: LoginLimit, now: list[float]
) -> None:
    limit.begin("203.0.113.9")
    limit.succeed("203.0.113.9")
    assert [limit.begin(f"198.51.100.{at}") for at in range(30)] == [0] * 30
    assert limit.begin("192.0.2.1") == pytest.approx(6)
    assert limit.begin("203.0.113.9") == 0
    now[0] += 6.001
    assert limit.begin("192.0.2.1") == 0


def test_memory_is_bounded(now: list[float]) -> None:
    made: dict[str, OwnCounts] = {}
    limit = LoginLimit(lambda name, _keep_s: made.setdefault(name, OwnCounts(lambda: now[0])))
    for number in range(25_000):
        now[0] += 10
        limit.begin(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert 0 < max(len(counts._counts) for counts in made.values()) <= 20_000
