"""store → ranking → digests: what one edition holds for one reader..

edition's papers | index once | group by each reader's topics, less what the reader was sent
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime

from newsletter.models import Cadence, Digest, Edition, Profile
from newsletter.pipeline.calendar import FIRST_WINDOW, Due
from newsletter.ranking.grouping import group
from newsletter.ranking.index import PaperIndex
from newsletter.store import Store


def compose(index: PaperIndex, edition: Edition, profile: Profile, sent_before: AbstractSet[int]) -> Digest:
    """Return `edition` as `profile` sees it, without the papers whose ids are in `sent_before`."""
    return Digest(
        edition=edition,
        sections=group(index, profile, sent_before, edition.day),
        considered=len(index.papers.keys() - sent_before),
    )


def find_edition(store: Store, due: Due, cadence: Cadence, now: datetime, note: str = "") -> Edition:
    """Return the edition that is due: the store's, or a new one that begins where the one before it was made.

    It is not stored yet; see `Editions.put`.
    """
    known = store.editions.find(due.key)
    if known:
        return known
    before = store.editions.before(cadence, due.day)
    since = before.created_at if before else now - FIRST_WINDOW[cadence]
    return Edition(key=due.key, cadence=cadence, day=due.day, since=since, created_at=now, note=note)
