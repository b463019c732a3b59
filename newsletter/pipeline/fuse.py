"""The fuse above every classifier: no mistake about responses suppresses a list.

At most max(5, 2 %) of the subscribers, and at most max(5, 20 %) of one domain's, are suppressed within a day because a
server, a bounce or a provider says that they do not exist. What goes beyond waits for `newsletter bounces review`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from newsletter.models.addresses import email_key
from newsletter.store import Store
from newsletter.store.bounces import Bounce, Review

PERIOD = timedelta(days=1)
#: This many are suppressed in any case.
MIN_LIMIT = 5
SHARE_OF_ALL = 0.02
SHARE_OF_DOMAIN = 0.2


def may_suppress(store: Store, bounce: Bounce, now: datetime) -> bool:
    """Return whether a hard bounce, stored already, may suppress its address; if not, mark it for review."""
    domain = bounce.email_key.rpartition("@")[2]
    since = now - PERIOD
    for part, share in ((None, SHARE_OF_ALL), (domain, SHARE_OF_DOMAIN)):
        limit = max(MIN_LIMIT, int(share * store.subscribers.count_in(part)))
        if store.bounces.count_hard(since, part) > limit:
            store.bounces.set_review(bounce.fingerprint, Review.PENDING)
            return False
    return True


def decide(store: Store, emails: Sequence[str], decision: Review | None, now: datetime) -> list[Bounce]:
    """Return the hard bounces that wait for review, of these addresses or of all, and carry out a decision on them."""
    keys = set(map(email_key, emails))
    with store.transaction():
        rows = [row for row in store.bounces.pending_review() if not keys or row.email_key in keys]
        for row in rows if decision else ():
            if decision is Review.SUPPRESSED:
                store.suppressions.suppress(row.email_key, f"hard bounce: {row.response}", now)
            store.bounces.set_review(row.fingerprint, decision or Review.PENDING)
    return rows
