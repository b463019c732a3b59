"""Store → ranking → digests: what one edition holds for one subscriber.

the edition's papers | index once | group by each subscriber's topics, without papers sent before
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta

from newsletter.models import Cadence, Digest, Edition, Paper, Profile, Reason, ReasonKind, Section
from newsletter.models.weights import Weights
from newsletter.pipeline.notes import NO_NOTES, Notes
from newsletter.pipeline.schedule import GRACE, WINDOW, Due
from newsletter.pipeline.topic_models import topic_scores
from newsletter.ranking.grouping import group
from newsletter.ranking.index import Numbers, PaperIndex, Statistics
from newsletter.ranking.matching import Matcher
from newsletter.store import Store


def compose(
    matcher: Matcher,
    edition: Edition,
    profile: Profile,
    sent_before: Mapping[int, datetime],
    taste: Numbers | None = None,
    window: tuple[datetime, AbstractSet[int]] | None = None,
) -> Digest:
    """Return the digest of `edition` for `profile`, without the papers that were sent before.

    A paper that is in the index only for its new version is shown to subscribers who want updates, unless they were
    sent it since. `sent_before` maps the ids of papers to when each was last sent. `window` is when this subscriber's
    papers begin, if not with the edition's, and the ids of the index's papers that were first seen by then.
    """
    index = matcher.index
    since, old = window or (edition.since, {paper.id for paper in index.revised if paper.seen_at <= edition.since})
    updates = {paper.id for paper in index.revised if _is_update(paper, since, sent_before)}
    if updates:
        skipped = skipped_papers(index, profile, sent_before, since, old)
        kept = matcher.kept(skipped)
        sections = group(matcher, profile, skipped, edition.day, taste)
        sections = tuple(_with_versions(section, updates & (sent_before.keys() | old)) for section in sections)
    else:
        kept = matcher.kept(sent_before.keys(), old)
        sections = group(matcher, profile, sent_before.keys(), edition.day, taste, old)
    return Digest(edition=edition, sections=sections, considered=kept.bit_count())


def skipped_papers(
    index: PaperIndex, profile: Profile, sent_before: Mapping[int, datetime], since: datetime, old: AbstractSet[int]
) -> AbstractSet[int]:
    """Return the ids of an index's papers that a digest leaves out: sent before, or older, and no wanted update."""
    updates = {paper.id for paper in index.revised if _is_update(paper, since, sent_before)}
    return (sent_before.keys() | old) - (updates if profile.updates else set())


def _is_update(paper: Paper, since: datetime, sent_before: Mapping[int, datetime]) -> bool:
    if paper.revised_at is None or paper.revised_at <= since:
        return False
    return paper.id not in sent_before or paper.revised_at > sent_before[paper.id]


def _with_versions(section: Section, updates: AbstractSet[int]) -> Section:
    """Add the reason "new version" to the items that are updates."""
    items = tuple(
        replace(item, reasons=(Reason(ReasonKind.NEW_VERSION, f"v{item.paper.version}"), *item.reasons))
        if item.paper.id in updates
        else item
        for item in section.items
    )
    return replace(section, items=items)


def without_withdrawn(digest: Digest) -> Digest:
    """Return a planned digest without papers that were withdrawn since, and without sections this leaves empty."""
    if all(section.items for section in digest.sections) and not any(item.paper.withdrawn for item in digest.items):
        return digest
    kept = [
        replace(section, items=tuple(item for item in section.items if not item.paper.withdrawn))
        for section in digest.sections
    ]
    return replace(digest, sections=tuple(section for section in kept if section.items))


#: Word frequencies (IDF) are computed over this many of the latest papers.
ARCHIVE = 2000


def read_statistics(store: Store) -> Statistics:
    """Return the word frequencies of the archive; the store is read on first use, and must be open then."""
    return Statistics(lambda: _index(store, store.papers.newest(ARCHIVE)))


def read_matcher(
    store: Store, since: datetime, weights: Weights | None = None, statistics: Statistics | None = None
) -> Matcher:
    """Return a matcher over the papers that are new since a moment, weighted by the archive's word frequencies."""
    return make_matcher(store, store.papers.new_since(since), weights, statistics)


def make_matcher(
    store: Store, papers: Sequence[Paper], weights: Weights | None = None, statistics: Statistics | None = None
) -> Matcher:
    """Return a matcher over some papers, with the archive's word frequencies and the models of topics."""
    index = _index(store, papers)
    return Matcher(index, statistics or read_statistics(store), weights, topic_scores(store, index))


def _index(store: Store, papers: Sequence[Paper]) -> PaperIndex:
    """Return an index of stored papers, whose words were found when they were stored."""
    return PaperIndex(papers, store.paper_topics.words([paper.id for paper in papers]))


def find_edition(store: Store, due: Due, cadence: Cadence, now: datetime, notes: Notes = NO_NOTES) -> Edition:
    """Return the edition that is due: the stored one, or a new one, which is not stored; see `Editions.put`.

    Its papers, as the archive shows them, are those since the previous one of its cadence; a week's or a month's for
    the longer ones. Those of one subscriber's digest begin at `Due.since`.
    """
    known = store.editions.find(due.key)
    if known:
        return known
    before = store.editions.before(cadence, due.day) if GRACE[cadence] == 0 else None
    since = now - timedelta(days=WINDOW[cadence])
    if before is not None:
        since = max(since, before.created_at)
    note, closing = notes.on(due.day)
    return Edition(key=due.key, cadence=cadence, day=due.day, since=since, created_at=now, note=note, closing=closing)
