"""Rate limits per client network."""

from __future__ import annotations

import pytest

from newsletter.web.http.rate_limit import OwnCounts, RateLimiter, network_of


def test_limits_are_per_network_and_refill() -> None:
    now = [0.0]
    limiter = RateLimiter(burst=2, per_minute=60, counts=OwnCounts(lambda: now[0]))
    assert [limiter.take("2001:db8::1"), limiter.take("2001:db8::2")] == [0, 0]
    assert limiter.take("2001:db8:0:0:ffff::9") == pytest.approx(1)
    assert limiter.take("192.0.2.1") == 0
    now[0] = 1.1
    assert limiter.take("2001:db8::3") == 0


def test_a_refused_request_costs_nothing() -> None:
    now = [0.0]
    limiter = RateLimiter(burst=1, per_minute=60, counts=OwnCounts(lambda: now[0]))
    limiter.take("192.0.2.1")
    for _ in range(100):
        assert limiter.take("192.0.2.1") > 0
    now[0] = 1.0
    assert limiter.take("192.0.2.1") == 0


def test_memory_is_bounded() -> None:
    counts = OwnCounts(lambda: 0.0)
    limiter = RateLimiter(burst=2, per_minute=60, counts=counts)
    for number in range(30_000):
        limiter.take(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(counts._counts) <= 20_000


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_a_network_is_an_ipv4_address_or_an_ipv6_64(host: str, network: str) -> None:
    assert network_of(host) == network


@pytest.mark.parametrize(
    ("host", "network"),
    [("192.0.2.77", "192.0.2.0"), ("::ffff:192.0.2.77", "192.0.2.0"), ("2001:db8:1:2::5", "2001:db8:1::")],
)
def test_a_network_of_an_organization_is_a_24_or_a_48(host: str, network: str) -> None:
    assert network_of(host, ipv4_bits=24, ipv6_bits=48) == network
