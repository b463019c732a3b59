"""Rate limits of the servers we request from: a minimum interval between two requests to one domain."""

from __future__ import annotations

import time
from collections.abc import Callable

from newsletter.limits.token_bucket import TokenBucket

#: Seconds between two requests, by domain, as the terms of use ask: https://info.arxiv.org/help/api/tou.html (all of
#: arXiv's hosts together), https://www.ncbi.nlm.nih.gov/books/NBK25497/, https://www.semanticscholar.org/product/api,
#: https://www.crossref.org/documentation/retrieve-metadata/rest-api/, https://dblp.org/faq/1474706.html.
_INTERVAL_S = {
    "arxiv.org": 3.0, "semanticscholar.org": 1.1, "nih.gov": 0.4, "biorxiv.org": 1.0, "crossref.org": 0.25,
    "ebi.ac.uk": 0.5, "dblp.org": 2.0, "uni-trier.de": 2.0,
}  # fmt: skip
_DEFAULT_INTERVAL_S = 0.2
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class RateLimiter:
    """Spaces out the requests to each domain; belongs to one thread."""

    def __init__(
        self, sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._buckets: dict[str, TokenBucket] = {}

    def wait(self, host: str) -> None:
        """Sleep until the rate limit of the domain of `host` allows the next request."""
        domain = next((name for name in _INTERVAL_S if host == name or host.endswith(f".{name}")), host)
        if host in _LOOPBACK:
            return
        bucket = self._buckets.setdefault(domain, TokenBucket(1 / _INTERVAL_S.get(domain, _DEFAULT_INTERVAL_S)))
        if wait_s := bucket.wait_s(self._clock()):
            self._sleep(wait_s)
        bucket.take()
