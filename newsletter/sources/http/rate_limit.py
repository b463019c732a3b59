"""Rate limits of the servers we request from: a minimum interval between two requests to one domain."""

from __future__ import annotations

import time
from collections.abc import Callable

from newsletter.limits.token_bucket import TokenBucket
from newsletter.sources.http.retry import MAX_WAIT_S, rate_limited

#: Seconds between two requests, by domain, as the terms of use ask: https://info.arxiv.org/help/api/tou.html (all of
#: arXiv's hosts together), https://www.ncbi.nlm.nih.gov/books/NBK25497/, https://www.semanticscholar.org/product/api,
#: https://www.crossref.org/documentation/retrieve-metadata/rest-api/, https://dblp.org/faq/1474706.html,
#: https://github.com/inspirehep/rest-api-doc (15 requests in 5 seconds). ADS and Zotero state no rate, and ask for
#: restraint.
_INTERVAL_S = {
    "arxiv.org": 3.0, "semanticscholar.org": 1.1, "nih.gov": 0.4, "biorxiv.org": 1.0, "crossref.org": 0.25,
    "ebi.ac.uk": 0.5, "dblp.org": 2.0, "uni-trier.de": 2.0, "inspirehep.net": 0.4, "adsabs.harvard.edu": 1.0,
    "zotero.org": 1.0, "openreview.net": 1.0,
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
        #: When each domain that asked for a pause may be requested again.
        self._paused_until: dict[str, float] = {}

    def pause(self, host: str, seconds: float) -> None:
        """Request nothing more from the domain of `host` for so long, since its server asks for it."""
        self._paused_until[_domain_of(host)] = self._clock() + seconds

    def wait(self, host: str) -> None:
        """Sleep until the rate limit of the domain of `host` allows the next request.

        Raises:
            SourceRateLimited: The server asked for a longer pause than a pull may wait.
        """
        domain = _domain_of(host)
        paused_s = self._paused_until.pop(domain, 0.0) - self._clock()
        if paused_s > MAX_WAIT_S:
            self._paused_until[domain] = self._clock() + paused_s
            raise rate_limited(f"{host}: the server asks for a pause", paused_s)
        if paused_s > 0:
            self._sleep(paused_s)
        if host in _LOOPBACK:
            return
        bucket = self._buckets.setdefault(domain, TokenBucket(1 / _INTERVAL_S.get(domain, _DEFAULT_INTERVAL_S)))
        if wait_s := bucket.wait_s(self._clock()):
            self._sleep(wait_s)
        bucket.take()


def _domain_of(host: str) -> str:
    return next((name for name in _INTERVAL_S if host == name or host.endswith(f".{name}")), host)
