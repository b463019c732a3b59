"""A digest as it was sent to a subscriber, and the papers that it had no place for, found again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from newsletter.models import Delivery, DeliveryStatus, Digest, Paper, Section, SectionKind, Subscriber
from newsletter.models.weights import Weights
from newsletter.pipeline.compose import make_matcher, skipped_papers, without_withdrawn
from newsletter.pipeline.dislikes import with_disliked
from newsletter.pipeline.schedule import WINDOW, local_day
from newsletter.pipeline.taste import TasteScores
from newsletter.ranking.grouping import all_matching
from newsletter.store import Store

_UNSENT = (DeliveryStatus.FAILED, DeliveryStatus.SKIPPED)


@dataclass(frozen=True, slots=True)
class SentDigest:
    """A digest and to whom it was sent."""

    digest: Digest
    delivery: Delivery
    subscriber: Subscriber


def find_sent_digest(store: Store, edition_key: str, subscriber_id: int) -> SentDigest | None:
    """Return the digest of an edition for a subscriber; None if there was none, or what it held was pruned."""
    delivery = store.deliveries.find(edition_key, subscriber_id)
    subscriber = store.subscribers.find_by_id(subscriber_id)
    if delivery is None or subscriber is None:
        return None
    digest = without_withdrawn(store.editions.get_digest(delivery.digest_id))
    return SentDigest(digest, delivery, subscriber) if digest.sections else None


def further_papers(store: Store, sent: SentDigest, section: Section, weights: Weights | None = None) -> list[Paper]:
    """Return the papers that matched a section's topic and had no place in the digest, the best first.

    They are chosen as the digest was: from what was new by then and not sent before. What is not stored of that moment
    is taken as it is today: the topic's query, and what was learned. A topic that the profile lacks by now has none.
    """
    if section.kind not in (SectionKind.TOPIC, SectionKind.FOLLOWED):
        return []
    planned_at, profile = sent.delivery.planned_at, sent.subscriber.profile
    since = _since(store, sent)
    papers = [paper for paper in store.papers.new_since(since) if _was_known(paper, since, planned_at)]
    matcher = make_matcher(store, papers, weights)
    sent_before = store.deliveries.papers_planned_for(sent.subscriber.id, before=planned_at)
    old = {paper.id for paper in papers if paper.seen_at <= since}
    kept_from = with_disliked(store, sent.subscriber.id, sent_before)
    skipped = skipped_papers(matcher.index, profile, kept_from, since, old)
    taste = TasteScores(store).of(sent.subscriber.id, matcher.index)
    matching = all_matching(matcher, profile, skipped, sent.digest.edition.day, taste)
    shown = {item.paper.id for item in sent.digest.items}
    return [paper for paper in matching.get(section.topic, []) if paper.id not in shown and not paper.withdrawn]


def _was_known(paper: Paper, since: datetime, planned_at: datetime) -> bool:
    """Whether a paper was new, or in a new version, when the digest was planned."""
    if paper.seen_at > since:
        return paper.seen_at <= planned_at
    return paper.revised_at is not None and paper.revised_at <= planned_at


def _since(store: Store, sent: SentDigest) -> datetime:
    """Return when a digest's papers begin: its day is stored, and the moment is that of the edition before."""
    digest, profile = sent.digest, sent.subscriber.profile
    if digest.since is None:  # planned by an older version
        edition = digest.edition
        return max(edition.since, sent.delivery.planned_at - timedelta(days=WINDOW[edition.cadence]))
    earlier = (
        one
        for one in store.deliveries.of_subscriber(sent.subscriber.id)
        if one.planned_at < sent.delivery.planned_at and one.left_at is not None and one.status not in _UNSENT
    )
    for one in earlier:  # the latest first
        edition_before = store.editions.find(one.edition_key)
        if edition_before is None or edition_before.is_special:
            continue
        if local_day(profile, one.planned_at) == digest.since:
            return one.planned_at
        break
    return datetime.combine(digest.since, time(profile.hour), ZoneInfo(profile.time_zone))
