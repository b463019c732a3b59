"""What a topic matches in the archive, and what would match if it were written otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.models import Item, Profile, Topic
from newsletter.models.weights import Weights
from newsletter.pipeline.compose import ARCHIVE, read_matcher
from newsletter.ranking.grouping import group
from newsletter.ranking.matching import Matcher
from newsletter.ranking.topic_check import TopicCheck, TopicChecker
from newsletter.store import Store
from newsletter.topics.acronyms import Offer, offers

#: Maximum number of papers in a list of matches.
_MAX_ITEMS = 100


@dataclass(frozen=True, slots=True)
class TopicMatches:
    """The papers that a topic matches, among those seen in some days."""

    #: The highest ranked, best first.
    items: tuple[Item, ...]
    #: How many papers match.
    matched: int
    #: Over the papers that were looked at.
    matcher: Matcher


def find_matches(store: Store, topic: Topic, days: int, now: datetime, weights: Weights) -> TopicMatches:
    """Rank the papers seen in the last `days` by a topic alone, as a section of a digest does."""
    matcher = read_matcher(store, now - timedelta(days=days), weights)
    profile = Profile(topics=(topic,), max_papers=_MAX_ITEMS, max_per_section=_MAX_ITEMS, serendipity=False)
    sections = group(matcher, profile, frozenset(), now.date())
    return TopicMatches(
        items=tuple(item for section in sections for item in section.items),
        matched=sum(section.matched for section in sections),
        matcher=matcher,
    )


def acronyms_of(store: Store, topic: Topic, found: TopicMatches) -> list[Offer]:
    """Return the acronyms that papers of the archive define for the topic's phrases, if they find any paper."""
    offered = offers(store.papers.newest(ARCHIVE), found.matcher.node(topic.query))
    return [offer for offer in offered if found.matcher.find(offer.other)[0]]


def check_query(topic: Topic, found: TopicMatches, days: int) -> TopicCheck:
    """Return what the topic's query misses, and what in it looks like a mistake."""
    return TopicChecker(found.matcher, days).check(topic.query)
