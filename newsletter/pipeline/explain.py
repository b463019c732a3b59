"""Why a paper is where it is in a reader's digest, or why it is not there: the sum of its score, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from newsletter.models import Digest, Item, Paper, Section, Subscriber
from newsletter.pipeline.compose import compose, find_edition, read_statistics
from newsletter.pipeline.schedule import due_edition
from newsletter.pipeline.taste import TasteScores
from newsletter.ranking.grouping import followed_by
from newsletter.ranking.index import PaperIndex, Statistics
from newsletter.ranking.matching import Matcher
from newsletter.ranking.score import format_term, score
from newsletter.ranking.weights import Weights
from newsletter.rendering.labels import section_title
from newsletter.rendering.language import language
from newsletter.store import Store
from newsletter.topics.query import parse


@dataclass(frozen=True, slots=True)
class Explanation:
    """One paper's score for one reader."""

    paper: Paper
    #: What each part adds, in words; together they are `total`.
    parts: tuple[tuple[str, float], ...]
    total: float
    #: Each of the reader's topics: what it says of the paper.
    topics: tuple[tuple[str, str], ...]
    #: Whether a topic matches it, or the reader follows its authors, or has no topics.
    may_be_in: bool
    #: Whether the digest that is due holds it and where, or why it does not.
    placement: str = ""


def explain(
    store: Store, paper: Paper, subscriber: Subscriber, now: datetime, weights: Weights | None = None
) -> Explanation:
    """Explain one paper to one reader as of now."""
    edition = find_edition(store, due_edition(subscriber.profile, now), subscriber.profile.cadence, now)
    window = store.papers.new_since(edition.since)
    statistics = read_statistics(store)
    sent_before = store.deliveries.papers_planned_for(subscriber.id)
    index = PaperIndex(window)
    taste = TasteScores(store).of(subscriber.id, index)
    digest = compose(Matcher(index, statistics, weights), edition, subscriber.profile, sent_before, taste)
    to_taste = float(taste[index.ids.index(paper.id)]) if taste is not None and paper.id in index.papers else 0.0
    told = score_of(paper, subscriber, edition.day, statistics, weights, to_taste)
    return replace(
        told,
        placement=next(
            (
                f"number {position} of {len(section.items)} in {edition.key}, under {_title(section)}"
                for section in digest.sections
                for position, item in enumerate(section.items, start=1)
                if item.paper.id == paper.id
            ),
            _why_not(
                paper,
                may_be_in=told.may_be_in,
                was_sent=paper.id in sent_before,
                is_new=any(one.id == paper.id for one in window),
            ),
        ),
    )


def score_of(
    paper: Paper,
    subscriber: Subscriber,
    day: date,
    statistics: Statistics,
    weights: Weights | None = None,
    to_taste: float = 0.0,
) -> Explanation:
    """Add one paper's score up for one reader; where it stands is not told."""
    alone = Matcher(PaperIndex([paper]), statistics, weights).reweighed(subscriber.profile.ranking)
    results = {topic: alone.evaluate(topic.query) for topic in subscriber.profile.topics}
    best = max(
        (topic for topic, evaluate in results.items() if evaluate.matches[0]),
        key=lambda topic: float(results[topic].strength[0]),
        default=None,
    )
    is_followed = bool(alone.find(followed_by(subscriber.profile))[0])
    parts = replace(
        score(paper, float(results[best].strength[0]) if best else 0.0, day, alone.weights),
        followed=alone.weights.followed * is_followed,
        taste=alone.weights.taste * to_taste,
    )
    return Explanation(
        paper=paper,
        parts=(
            (f"match with {best.name}" if best else "match: none of the topics", parts.match),
            (f"popularity: {paper.upvotes or 0} upvotes, {paper.comments or 0} comments", parts.popularity),
            (f"freshness: {_age(paper, day)}", parts.freshness),
            ("followed: by someone the reader follows" if is_followed else "followed: by nobody", parts.followed),
            ("taste, from what the reader wants more and less of", parts.taste),
        ),
        total=parts.total,
        topics=tuple(
            (topic.name, _what(alone, topic.query, excluded=bool(evaluate.excluded[0])))
            for topic, evaluate in results.items()
        ),
        may_be_in=bool(best) or is_followed or not subscriber.profile.topics,
    )


def _title(section: Section) -> str:
    return section_title(section, language("en"))


def _what(matcher: Matcher, query: str, *, excluded: bool) -> str:
    """Say which terms a paper holds, where, and what that adds."""
    found = matcher.found(parse(query), 0)
    told = ", ".join(f"{place}: {format_term(term)} {worth:.2f}" for term, place, worth in found)
    if excluded:
        return f"kept out by what the topic does not want; it holds {told}"
    return told or "nothing of it"


def _age(paper: Paper, day: date) -> str:
    return f"of {paper.published or paper.day}, for the edition of {day}"


def _why_not(paper: Paper, *, may_be_in: bool, was_sent: bool, is_new: bool) -> str:
    if paper.withdrawn:
        return "not in the digest: it was withdrawn"
    if was_sent:
        return "not in the digest: it was sent before"
    if not is_new:
        return f"not in the digest: first seen on {paper.seen_at:%Y-%m-%d %H:%M} UTC, before the edition's window"
    if may_be_in:
        return "not in the digest: others rank higher"
    return "not in the digest: none of the topics matches"


#: The parts of a score, in the order in which `explain` tells them.
PARTS = ("match", "popularity", "freshness", "followed", "taste")


@dataclass(frozen=True, slots=True)
class ScoreBreakdown:
    """One paper of a digest."""

    item: Item
    section: str
    #: From 1, in the section.
    position: int
    #: Name of each part, what it adds, and why; together they are `total`.
    parts: tuple[tuple[str, float, str], ...]
    total: float
    #: Each of the reader's topics: its name, and what it says of the paper.
    topics: tuple[tuple[str, str], ...]


def score_breakdowns(
    store: Store, digest: Digest, subscriber: Subscriber, weights: Weights | None
) -> Iterator[ScoreBreakdown]:
    """Yield the digest's papers in reading order."""
    statistics = read_statistics(store)
    index = PaperIndex([item.paper for item in digest.items])
    taste = TasteScores(store).of(subscriber.id, index)
    tastes = {} if taste is None else dict(zip(index.ids, map(float, taste), strict=True))
    for section in digest.sections:
        for position, item in enumerate(section.items, start=1):
            to_taste = tastes.get(item.paper.id, 0.0)
            told = score_of(item.paper, subscriber, digest.edition.day, statistics, weights, to_taste)
            parts = zip(PARTS, told.parts, strict=True)
            yield ScoreBreakdown(
                item=item,
                section=_title(section),
                position=position,
                parts=tuple((name, value, words.removeprefix(name).lstrip(":, ")) for name, (words, value) in parts),
                total=told.total,
                topics=told.topics,
            )
