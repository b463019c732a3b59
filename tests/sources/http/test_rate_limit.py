from __future__ import annotations

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
