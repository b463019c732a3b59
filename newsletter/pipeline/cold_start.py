"""Store → ranking → the papers that a subscriber is asked to rate, so that their taste is learned within a minute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from newsletter.models import Paper, Subscriber
from newsletter.ranking.cold_start import choose_to_rate
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from newsletter.store import Store

#: How many papers are rated at a time.
_PAPERS = 10
#: They are chosen from so many of the latest ones.
_LATEST = 500


def papers_to_rate(store: Store, subscriber: Subscriber) -> list[Paper]:
    """Return ten papers whose ratings tell most about what a subscriber likes; none that they rated before."""
    index = PaperIndex(store.papers.newest(_LATEST))
    rated = store.feedback.of(subscriber.id)
    numbers = {number for number, paper_id in enumerate(index.ids) if paper_id in rated}
    matcher = Matcher(index)
    chosen = choose_to_rate(matcher, subscriber.profile.topics, _PAPERS, numbers)
    return [matcher.paper(number) for number in chosen]


def rate(store: Store, subscriber: Subscriber, ratings: Mapping[int, bool], now: datetime) -> int:
    """Store the ratings of papers, liked or not, as feedback; return how many of the papers there are."""
    with store.transaction():
        known = store.papers.get_many(ratings)
        for paper_id in known:
            store.feedback.put(subscriber.id, paper_id, liked=ratings[paper_id], now=now)
    return len(known)
