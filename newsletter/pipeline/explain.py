"""Why a paper is at its place in a subscriber's digest, or not in it: its score, part by part.

All results are data; `newsletter.pipeline.explanation_text` puts them in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from newsletter.models import Digest, Paper, SectionKind, Subscriber, Topic
from newsletter.models.weights import Weights
from newsletter.pipeline.compose import compose, find_edition, make_matcher, read_statistics
from newsletter.pipeline.dislikes import with_disliked
from newsletter.pipeline.next_mail import coming_edition
from newsletter.pipeline.taste import TasteScores
from newsletter.pipeline.topic_models import topic_scores
from newsletter.ranking.closeness import Scores, TopicScores
from newsletter.ranking.grouping import best_topics, followed_by, near_topic
from newsletter.ranking.index import PaperIndex, Statistics
from newsletter.ranking.matching import Matcher
from newsletter.ranking.score import format_term, score
from newsletter.store import Store
from newsletter.topics.uncounted import Uncounted, uncounted


class Part(StrEnum):
    """The parts of a score, in the order in which they are shown."""

    MATCH = "match"
    OUTRIGHT = "outright"
    CLOSENESS = "closeness"
    MARGINAL = "marginal"
    POPULARITY = "popularity"
    FRESHNESS = "freshness"
    FOLLOWED = "followed"
    TASTE = "taste"


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One part of a score, and what it adds."""

    part: Part
    value: float


@dataclass(frozen=True, slots=True)
class ScoreFacts:
    """What the parts of a score were computed from."""

    #: The name of the topic that matches best, or None.
    topic: str | None
    #: The name of the topic by whose model it was judged, or None.
    judged_by: str | None
    upvotes: int
    comments: int
    #: When the paper was published, or else first listed; it ages until the edition's day.
    published: date
    edition_day: date
    #: Whether that topic matches the abstract alone.
    is_in_passing: bool
    #: Whether the subscriber follows one of the authors.
    is_followed: bool


@dataclass(frozen=True, slots=True)
class TermHit:
    """A term of a topic that a paper contains, the field it weighs most in, and its weight."""

    term: str
    #: The name of the field: title, abstract, author …
    field: str
    value: float
    #: How often each field that is searched for it holds it: words near each other count one half.
    times: dict[str, float]
    #: The share of the latest papers that hold it: the more of them do, the less it weighs.
    share: float


@dataclass(frozen=True, slots=True)
class TopicMatch:
    """What a paper contains of one topic."""

    topic: str
    hits: tuple[TermHit, ...]
    #: Words of the topic that the title holds in vain.
    uncounted: tuple[Uncounted, ...]
    #: Whether a term that the topic excludes keeps the paper out.
    is_excluded: bool


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a digest holds a paper."""

    edition: str
    section: SectionKind
    #: The name of the section's topic, or "".
    topic: str
    #: From 1, in the section.
    position: int
    #: How many papers the section has.
    papers: int


class Absence(StrEnum):
    """Why a digest does not hold a paper."""

    WITHDRAWN = "withdrawn"
    #: The subscriber wants less like it.
    DISLIKED = "disliked"
    SENT_BEFORE = "sent before"
    #: It was first seen before the edition's window began.
    TOO_OLD = "too old"
    #: It mentions the topic in passing, or has one of its many words, and its model finds it far from the topic.
    LEFT_OUT = "left out"
    RANKED_LOWER = "ranked lower"
    NO_MATCH = "no match"


@dataclass(frozen=True, slots=True)
class ScoreBreakdown:
    """One paper's score for one subscriber."""

    paper: Paper
    parts: tuple[ScorePart, ...]
    facts: ScoreFacts
    #: The sum of the parts.
    total: float
    #: One for each topic of the subscriber.
    topics: tuple[TopicMatch, ...]
    #: Whether a topic matches, the subscriber follows an author, or has no topics.
    is_eligible: bool
    #: Whether its topic's model finds it so far from the topic, in spite of its words, that no digest shows it.
    is_left_out: bool
    #: Where the paper is in the digest, or why it is not there.
    placement: Placement | Absence


def explain(
    store: Store, paper: Paper, subscriber: Subscriber, now: datetime, weights: Weights | None = None
) -> ScoreBreakdown:
    """Explain one paper to one subscriber, as of the digest that is due at `now`."""
    due = coming_edition(store, subscriber, now)
    edition = find_edition(store, due, subscriber.profile.cadence, now)
    window = store.papers.new_since(due.since)
    statistics = read_statistics(store)
    sent_before = store.deliveries.papers_planned_for(subscriber.id)
    skipped = with_disliked(store, subscriber.id, sent_before)
    index = PaperIndex(window)
    taste = TasteScores(store).of(subscriber.id, index)
    matcher = Matcher(index, statistics, weights, topic_scores(store, index))
    old = {one.id for one in window if one.seen_at <= due.since}
    digest = compose(matcher, edition, subscriber.profile, skipped, taste, (due.since, old))
    taste_score = float(taste[index.ids.index(paper.id)]) if taste is not None and paper.id in index.papers else 0.0
    found = next((placement for one, placement in _placements(digest) if one.id == paper.id), None)
    alone = make_matcher(store, [paper], weights, statistics)
    breakdown = _break_down(alone, statistics, subscriber, edition.day, taste_score, found)
    if found is not None:
        return breakdown
    absence = _why_absent(
        paper,
        is_disliked=paper.id in store.feedback.disliked(subscriber.id),
        was_sent=paper.id in sent_before,
        is_new=any(one.id == paper.id for one in window),
        is_eligible=breakdown.is_eligible,
        is_left_out=breakdown.is_left_out,
    )
    return replace(breakdown, placement=absence)


def score_breakdowns(
    store: Store, digest: Digest, subscriber: Subscriber, weights: Weights | None
) -> Iterator[ScoreBreakdown]:
    """Yield a breakdown for each item of a digest, in the order of `digest.items`."""
    statistics = read_statistics(store)
    index = PaperIndex([item.paper for item in digest.items])
    taste = TasteScores(store).of(subscriber.id, index)
    taste_scores = {} if taste is None else dict(zip(index.ids, map(float, taste), strict=True))
    scores = topic_scores(store, index)
    for number, (paper, placement) in enumerate(_placements(digest)):
        taste_score = taste_scores.get(paper.id, 0.0)
        alone = Matcher(PaperIndex([paper]), statistics, weights, _of_one(scores, number) if scores else None)
        yield _break_down(alone, statistics, subscriber, digest.edition.day, taste_score, placement)


def _of_one(scores: Scores, number: int) -> Scores:
    """Return the scores by the topics' models of one paper alone."""

    def of_one(query: str) -> TopicScores | None:
        found = scores(query)
        return None if found is None else found.of_one(number)

    return of_one


def _placements(digest: Digest) -> Iterator[tuple[Paper, Placement]]:
    for section in digest.sections:
        for position, item in enumerate(section.items, start=1):
            yield item.paper, Placement(digest.edition.key, section.kind, section.topic, position, len(section.items))


def _break_down(
    alone: Matcher,
    statistics: Statistics,
    subscriber: Subscriber,
    day: date,
    taste_score: float,
    placement: Placement | None,
) -> ScoreBreakdown:
    """Compute the score of a paper for one subscriber, by a matcher over this paper alone."""
    paper, alone = alone.paper(0), alone.reweighed(subscriber.profile.ranking)
    results = {topic: alone.judged(topic.query) for topic in subscriber.profile.topics}
    number = best_topics(list(results.values()), [0])[0]
    if number < 0 and placement is None:  # what would have it, if it were not left out
        number = best_topics([alone.evaluate(topic.query) for topic in results], [0])[0]
    best = subscriber.profile.topics[number] if number >= 0 else None
    is_followed = bool(alone.find(followed_by(subscriber.profile))[0])
    match = float(results[best].strength[0]) if best else 0.0
    in_passing = best is not None and bool(results[best].passing[0])
    is_beside = best is None and not is_followed and (placement is None or placement.section is SectionKind.TOPIC)
    judged_by = near_topic(alone, subscriber.profile) if is_beside else best
    close = alone.closeness(judged_by.query) if judged_by else None
    sums = replace(
        score(paper, match, day, alone.weights, in_passing=in_passing),
        followed=alone.weights.followed * is_followed,
        taste=alone.weights.taste * taste_score,
        closeness=float(close.order[0]) if close else 0.0,
        marginal=float(close.added[0] - close.order[0]) if close else 0.0,
    )
    return ScoreBreakdown(
        paper=paper,
        parts=(
            ScorePart(Part.MATCH, sums.match),
            ScorePart(Part.OUTRIGHT, sums.outright),
            ScorePart(Part.CLOSENESS, sums.closeness),
            ScorePart(Part.MARGINAL, sums.marginal),
            ScorePart(Part.POPULARITY, sums.popularity),
            ScorePart(Part.FRESHNESS, sums.freshness),
            ScorePart(Part.FOLLOWED, sums.followed),
            ScorePart(Part.TASTE, sums.taste),
        ),
        facts=ScoreFacts(
            topic=best.name if best else None,
            judged_by=judged_by.name if judged_by and close else None,
            upvotes=paper.upvotes or 0,
            comments=paper.comments or 0,
            published=paper.published_from,
            edition_day=day,
            is_in_passing=in_passing,
            is_followed=is_followed,
        ),
        total=sums.total,
        topics=tuple(
            _topic_match(alone, topic, statistics, is_excluded=bool(result.rejected))
            for topic, result in results.items()
        ),
        is_eligible=judged_by is not None or is_followed or not subscriber.profile.topics,
        is_left_out=best is not None and close is not None and bool(close.left_out[0]),
        placement=placement or Absence.NO_MATCH,
    )


def _topic_match(alone: Matcher, topic: Topic, statistics: Statistics, *, is_excluded: bool) -> TopicMatch:
    """Return what the only paper of an index contains of a topic."""
    node = alone.node(topic.query)
    found = alone.found(node, 0, ignores_exclusions=True)
    hits = tuple(
        TermHit(format_term(term), str(place), value, alone.index.times(term, 0), statistics.breadth(term))
        for term, place, value in found
    )
    in_vain = tuple(uncounted(alone.paper(0).title, node, frozenset(term for term, _, _ in found)))
    return TopicMatch(topic.name, hits, in_vain, is_excluded)


def _why_absent(
    paper: Paper, *, is_disliked: bool, was_sent: bool, is_new: bool, is_eligible: bool, is_left_out: bool
) -> Absence:
    if paper.withdrawn:
        return Absence.WITHDRAWN
    if is_disliked:
        return Absence.DISLIKED
    if was_sent:
        return Absence.SENT_BEFORE
    if not is_new:
        return Absence.TOO_OLD
    if is_left_out:
        return Absence.LEFT_OUT
    return Absence.RANKED_LOWER if is_eligible else Absence.NO_MATCH
