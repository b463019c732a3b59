"""The digest that a subscriber would get, without sending or storing anything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from newsletter.errors import RequestError
from newsletter.models import Digest, Edition, Subscriber
from newsletter.models.weights import Weights
from newsletter.papers.merge import begin
from newsletter.pipeline.compose import ARCHIVE, compose, find_edition, make_matcher
from newsletter.pipeline.dislikes import with_disliked
from newsletter.pipeline.next_mail import coming_edition
from newsletter.pipeline.notes import NO_NOTES, Notes
from newsletter.pipeline.schedule import local_day
from newsletter.pipeline.taste import TasteScores
from newsletter.pipeline.topic_models import topic_scores
from newsletter.pipeline.windows import Windows
from newsletter.ranking.index import PaperIndex, Statistics
from newsletter.ranking.matching import Matcher
from newsletter.sources.samples import sample_entries
from newsletter.store import Store


def preview_digest(
    store: Store,
    subscriber: Subscriber,
    now: datetime,
    days: int | None = None,
    weights: Weights | None = None,
    edition_key: str | None = None,
    notes: Notes = NO_NOTES,
) -> Digest:
    """Return the digest that is due for a subscriber, or the one that was sent.

    With `days`, return a digest of all papers first seen in the last `days` days. With `edition_key`, return that
    edition: as it was sent to this subscriber, or as somebody who was never sent anything would have got it. The latter
    is what is left of an edition whose digests were pruned.

    Raises:
        RequestError: There is no such edition.
    """
    if days is not None:
        since = now - timedelta(days=days)
        matcher = make_matcher(store, store.papers.new_since(since), weights)
        disliked = with_disliked(store, subscriber.id, {})
        taste = TasteScores(store).of(subscriber.id, matcher.index)
        return compose(matcher, _edition_of_preview(subscriber, since, now, notes), subscriber.profile, disliked, taste)
    if edition_key is not None:
        return _past_digest(store, subscriber, edition_key, weights)
    due = coming_edition(store, subscriber, now)
    last = store.deliveries.last_mail(subscriber.id, now)
    if due.at > now and last is not None:
        return store.editions.get_digest(last.digest_id)
    edition = find_edition(store, due, subscriber.profile.cadence, now, notes)
    sent_before = with_disliked(store, subscriber.id, store.deliveries.papers_planned_for(subscriber.id))
    window = Windows(store, now, weights).of(due.since)
    taste = TasteScores(store).of(subscriber.id, window.matcher.index)
    digest = compose(window.matcher, edition, subscriber.profile, sent_before, taste, (window.since, window.old))
    return replace(digest, since=local_day(subscriber.profile, due.since), is_first=due.is_first)


@dataclass(frozen=True, slots=True)
class RecentPapers:
    """The papers that previews of unsaved profiles choose from; they need no store any more."""

    #: Is never asked itself, but has what others over these papers share.
    matcher: Matcher
    #: They were first seen after this time.
    since: datetime
    #: When the newest one was.
    last_seen_at: datetime | None


def recent_papers(store: Store, since: datetime, index: PaperIndex, weights: Weights | None) -> RecentPapers:
    """Return the papers of an index, which were first seen after a moment, with the archive's word frequencies."""
    archive = PaperIndex(store.papers.newest(ARCHIVE))
    return RecentPapers(Matcher(index, Statistics(lambda: archive), weights), since, store.papers.last_seen_at())


def next_digest(
    store: Store,
    subscriber: Subscriber,
    now: datetime,
    recent: RecentPapers,
    notes: Notes = NO_NOTES,
) -> tuple[Digest, bool]:
    """Return what the next digest of a subscriber would be as of now, and False.

    If nothing is new for them, return an example of all recent papers, sent before or not, and True.
    """
    profile, due = subscriber.profile, coming_edition(store, subscriber, now)
    edition = find_edition(store, due, profile.cadence, now, notes)
    index = recent.matcher.index
    matcher = recent.matcher.afresh(topic_scores(store, index))
    taste = TasteScores(store).of(subscriber.id, index)
    since = max(due.since, recent.since)
    old = {number for number, paper in index.papers.items() if paper.seen_at <= since}
    sent_before = with_disliked(store, subscriber.id, store.deliveries.papers_planned_for(subscriber.id))
    digest = compose(matcher, edition, profile, sent_before, taste, (since, old))
    is_example = not digest.items
    if is_example:
        since, disliked = recent.since, with_disliked(store, subscriber.id, {})
        digest = compose(matcher, edition, profile, disliked, taste, (since, frozenset()))
    return replace(digest, since=local_day(profile, since), is_first=due.is_first), is_example


def _past_digest(store: Store, subscriber: Subscriber, key: str, weights: Weights | None) -> Digest:
    sent = store.deliveries.find(key, subscriber.id)
    digest = store.editions.get_digest(sent.digest_id) if sent else None
    if digest is not None and digest.sections:
        return digest
    edition = store.editions.find(key)  # nothing was sent, or what it held was pruned
    if edition is not None and edition.is_special:
        return Digest(edition=edition, sections=(), considered=0)
    if edition is None:
        raise RequestError(f"no such edition: {key!r}", hint="newsletter subscribers show EMAIL lists what was sent")
    papers = [paper for paper in store.papers.new_since(edition.since) if paper.seen_at <= edition.created_at]
    return compose(make_matcher(store, papers, weights), edition, subscriber.profile, {})


def sample_digest(subscriber: Subscriber, now: datetime, notes: Notes = NO_NOTES) -> Digest:
    """Return a digest of the sample papers that ship with the package, for a site without papers."""
    papers = [begin(entry, number, now) for number, entry in enumerate(sample_entries(now.date()), start=1)]
    edition = _edition_of_preview(subscriber, since=now, now=now, notes=notes)
    return compose(Matcher(PaperIndex(papers)), edition, subscriber.profile, {})


def add_samples(store: Store, now: datetime) -> None:
    """Store the sample papers that ship with the package, as if they had just been pulled."""
    store.papers.add_all(sample_entries(now.date()), now)


def _edition_of_preview(subscriber: Subscriber, since: datetime, now: datetime, notes: Notes) -> Edition:
    """Return an edition that exists for a preview only."""
    note, closing = notes.on(now.date())
    return Edition(
        key=f"preview-{now.date()}", cadence=subscriber.profile.cadence, day=now.date(), since=since, created_at=now,
        note=note, closing=closing,
    )  # fmt: skip
