"""Whether there is nothing to deliver: asked before anything that planning, rendering and sending need is loaded.

A large site runs every few minutes, and is idle nearly always. What it reads then is a few rows, by indexes.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from newsletter.pipeline.outcomes import DeliveryReport, OutcomeStatus
from newsletter.store import Store

#: Where there are no more subscribers than this, it is said of each why nothing is due.
EXPLAINED = 100
#: How far the first time zone is ahead of UTC.
_FIRST_ZONE = timedelta(hours=14)


def report_idle(store: Store, restoring: Path, now: datetime) -> DeliveryReport | None:
    """Return the report of a delivery that has nothing to do; None if there may be something, or to say of each why.

    Nobody may be due anything, no delivery is open, no pause ends, and no restore was interrupted: what `deliver` would
    do then is to note that everybody's slots were looked at, which is done here.
    """
    number = store.subscribers.number()
    if number <= EXPLAINED or restoring.exists() or store.deliveries.is_any_open():
        return None
    resume = store.subscribers.next_resume()
    if resume is not None and resume <= (now + _FIRST_ZONE).date():
        return None
    if next(store.next_due.batches(now), None) is not None:
        return None
    with store.transaction():
        store.looks.add(now)
    return DeliveryReport((), Counter({OutcomeStatus.NOT_SENT: number}))
