from __future__ import annotations

import pytest

from newsletter.errors import SourceRateLimited
from newsletter.sources.http.rate_limit import RateLimiter


def test_each_domain_has_its_own_rate_limit() -> None:
    now = 0.0
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        waits.append(round(seconds, 3))
        now += seconds

    limiter = RateLimiter(sleep, lambda: now)
    for host in ("export.arxiv.org", "rss.arxiv.org", "arxiv.org", "notarxiv.org", "notarxiv.org", "127.0.0.1"):
        limiter.wait(host)
    assert waits == [3.0, 3.0, 0.2]
    now += 100
    limiter.wait("arxiv.org")
    assert waits == [3.0, 3.0, 0.2]


def test_a_pause_that_a_server_asks_for_is_waited_for_once_and_a_long_one_is_an_error() -> None:
    waits: list[float] = []
    limiter = RateLimiter(waits.append, lambda: 0.0)
    limiter.pause("127.0.0.1", 7.0)
    for _ in range(2):
        limiter.wait("127.0.0.1")
    assert waits == [7.0]

    limiter.pause("api.zotero.org", 3600.0)
    for _ in range(2):
        with pytest.raises(SourceRateLimited, match=r"asks for a pause \(rate limited; retry after 60 minutes\)"):
            limiter.wait("api.zotero.org")
    limiter.wait("127.0.0.1")
    assert waits == [7.0]
