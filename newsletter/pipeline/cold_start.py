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
#: They are chosen from so many of the latest ones; from more, if fewer of these match any topic than are to be shown
#: three times over.
_LATEST, _MORE = 500, 2000
_ENOUGH = 30


def papers_to_rate(store: Store, subscriber: Subscriber) -> list[Paper]:
    """Return ten papers whose ratings tell most about what a subscriber likes; none that they rated before."""
    matcher = _latest(store, _LATEST)
    if sum(matcher.find(topic.query)[0].bit_count() for topic in subscriber.profile.topics) < _ENOUGH:
        matcher = _latest(store, _MORE)
    rated = store.feedback.of(subscriber.id)
    numbers = {number for number, paper_id in enumerate(matcher.index.ids) if paper_id in rated}
    chosen = choose_to_rate(matcher, subscriber.profile.topics, _PAPERS, numbers)
    return [matcher.paper(number) for number in chosen]


def _latest(store: Store, number: int) -> Matcher:
    papers = store.papers.newest(number)
    return Matcher(PaperIndex(papers, store.paper_topics.words([paper.id for paper in papers])))


def rate(store: Store, subscriber: Subscriber, ratings: Mapping[int, bool], now: datetime) -> int:
    """Store the ratings of papers, liked or not, as feedback; return how many of the papers there are."""
    with store.transaction():
        known = store.papers.get_many(ratings)
        for paper_id in known:
            store.feedback.put(subscriber.id, paper_id, liked=ratings[paper_id], now=now)
    return len(known)
