"""Group a subscriber's ranked papers into sections: each paper once, in its best topic, within the profile's limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from newsletter.models import Item, Paper, Profile, Reason, ReasonKind, Section, SectionKind, Topic
from newsletter.ranking.closeness import Closeness
from newsletter.ranking.diversity import choose
from newsletter.ranking.index import Flags, Numbers
from newsletter.ranking.matching import Matcher, QueryResult
from newsletter.ranking.score import popularity_reason, reasons_for
from newsletter.ranking.serendipity import border
from newsletter.topics.query import Any, Term

#: Stands for the section of followed authors where others have the number of a topic.
_FOLLOWED = -1
#: How many papers without a topic's words its section may have, and how many mentions that are in doubt.
_NEAR = 2
_DOUBTFUL = 1
_NEAR_REASONS = (Reason(ReasonKind.NEAR),)


@dataclass(frozen=True, slots=True)
class _Ranked:
    """The numbers of some papers, the best first, and the scores of all papers of the index."""

    papers: Sequence[int]
    scores: Numbers


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """A profile's queries evaluated over an index."""

    matcher: Matcher
    profile: Profile
    #: One for each topic.
    results: Sequence[QueryResult]
    #: One for each topic; None for one without a model.
    closeness: Sequence[Closeness | None]
    #: The query for followed authors and organizations, or None.
    follow_query: Any | None
    #: Which papers are by these.
    followed: Flags

    def items(self, ranked: _Ranked, chosen: Sequence[int], topic: int) -> tuple[Item, ...]:
        """Return the chosen papers as items of a topic's section, or of the `_FOLLOWED` one."""
        return tuple(
            Item(
                self.matcher.paper(paper),
                round(float(ranked.scores[paper]), 4),
                (*self._follow_reasons(paper), *self._topic_reasons(paper, topic)),
                also=tuple(self._other_topics(paper, topic)),
            )
            for paper in chosen
        )

    def near_items(self, base: Numbers, chosen: Sequence[int], topic: int) -> tuple[Item, ...]:
        """Return papers that are near a topic as items of its section."""
        if (close := self.close(topic)) is None:
            return ()
        return tuple(
            Item(self.matcher.paper(paper), round(float(base[paper] + close.order[paper]), 4), _NEAR_REASONS)
            for paper in chosen
        )

    def close(self, topic: int) -> Closeness | None:
        """Return how close the papers are to a topic, or None for one without a model."""
        return self.closeness[topic] if topic != _FOLLOWED else None

    def _topic_reasons(self, paper: int, topic: int) -> tuple[Reason, ...]:
        return () if topic == _FOLLOWED else self.matcher.reasons(self.profile.topics[topic].query, paper)

    def nearness(self) -> Numbers:
        """Return how near each paper is to the topic that it is nearest to; 1 is as near as the topic's own papers."""
        topics = zip(self.profile.topics, self.results, strict=True)
        near = [self.matcher.neighbourhood.nearness(topic.query, result.matches) for topic, result in topics]
        nearest: Numbers = np.maximum.reduce(near)
        return nearest

    def _follow_reasons(self, paper: int) -> tuple[Reason, ...]:
        if self.follow_query is None or not self.followed[paper]:
            return ()
        return reasons_for(self.matcher.found(self.follow_query, paper))

    def _other_topics(self, paper: int, topic: int) -> Iterator[str]:
        """Yield the names of the other topics that a paper matches."""
        for number, (other, result) in enumerate(zip(self.profile.topics, self.results, strict=True)):
            if number != topic and paper in result.numbers:
                yield other.name


def group(
    matcher: Matcher, profile: Profile, sent_before: AbstractSet[int], today: date, taste: Numbers | None = None
) -> tuple[Section, ...]:
    """Rank the papers of an index for one profile and group them into sections.

    - Papers by followed authors that match no topic come first; the topics follow in the profile's order.
    - No section is empty. Where `max_papers` is too small for all sections, they share the places in turn; papers
      outside of the topics keep the places that the profile reserves for them, up to half of all.
    - A paper goes to the narrowest topic that it matches outright. Those that mention a topic in passing stand below
      those that it matches outright, however popular they are.
    - A near-duplicate of a paper above it is left out; a similar paper is ranked lower.
    - Up to two papers that are close to the topic, though they have none of its words, stand below those that match,
      unless any topic excludes what they have. Last comes one mention in passing that the topic's model doubts; papers
      that are further from the topic count as papers of no topic.
    - A paper that a topic excludes ("-survey") is not shown, unless another topic matches it.

    Args:
        matcher: Evaluates queries over the index.
        profile: The subscriber's preferences.
        sent_before: Ids of papers to leave out.
        today: The day of the edition.
        taste: The taste score of each paper of the index. It changes the order within sections only.
    """
    matcher = matcher.reweighed(profile.ranking)
    evaluation = _evaluate(matcher, profile)
    base = _base_scores(evaluation, today, taste)
    common = today if base is matcher.base_scores(today) else None
    ranked_by_topic, outside = _rank_by_topic(evaluation, matcher.without(sent_before), base, common)
    rest = outside & ~evaluation.followed
    near = _near_papers(evaluation, rest)
    reserved = profile.trending + (profile.serendipity and bool(profile.topics))
    places = _share(
        profile.max_papers - min(reserved, int(np.count_nonzero(rest)), profile.max_papers // 2),
        {
            number: min(len(ranked.papers) + len(near[number]), profile.max_per_section)
            for number, ranked in ranked_by_topic.items()
        },
    )
    sections: list[Section] = []
    shown: list[int] = []
    for number, ranked in ranked_by_topic.items():
        sure, beside, doubtful = _fill(evaluation, number, ranked, near[number], places[number], shown)
        shown += [*sure, *beside, *doubtful]
        if sure or beside or doubtful:
            close = evaluation.near_items(base, beside, number)
            items = (*evaluation.items(ranked, sure, number), *close, *evaluation.items(ranked, doubtful, number))
            sections.append(_section(profile, number, items, matched=len(ranked.papers) + len(beside)))
    rest[shown] = False
    ranked_rest = _rank(matcher, rest, base, matcher.ranked(common) if common else None)
    return (*sections, *_outside_sections(evaluation, ranked_rest, shown))


def all_matching(
    matcher: Matcher, profile: Profile, sent_before: AbstractSet[int], today: date, taste: Numbers | None = None
) -> dict[str, list[Paper]]:
    """Return all papers from which `group` chooses each topic's section, the best first; "" has followed authors'.

    Those of two topics of one name are together.
    """
    matcher = matcher.reweighed(profile.ranking)
    evaluation = _evaluate(matcher, profile)
    base = _base_scores(evaluation, today, taste)
    ranked, _ = _rank_by_topic(evaluation, matcher.without(sent_before), base, None)
    papers: dict[str, list[Paper]] = {}
    for number, of_topic in ranked.items():
        name = "" if number == _FOLLOWED else profile.topics[number].name
        papers.setdefault(name, []).extend(map(matcher.paper, of_topic.papers))
    return papers


def _rank_by_topic(
    evaluation: _Evaluation, unsent: Flags, base: Numbers, common: date | None
) -> tuple[dict[int, _Ranked], Flags]:
    """Return the ranked papers of each topic and of followed authors, and which papers are of no topic.

    `common` is the day of which `base` are the scores for everybody: then the papers of each topic are in order.
    """
    matcher, topics = evaluation.matcher, evaluation.profile.topics
    best = best_topics(evaluation.results, len(unsent))
    scores = base + _topic_scores(evaluation, best)
    outside = unsent & (best < 0) & ~_any([result.excluded for result in evaluation.results], len(unsent))
    flags = {_FOLLOWED: outside & evaluation.followed} | {
        number: unsent & (best == number) for number in range(len(evaluation.results))
    }
    orders = {number: matcher.ranked(common, topic.query) for number, topic in enumerate(topics)} if common else {}
    return {number: _rank(matcher, chosen, scores, orders.get(number)) for number, chosen in flags.items()}, outside


def _fill(
    evaluation: _Evaluation, number: int, ranked: _Ranked, near: Sequence[int], places: int, shown: Sequence[int]
) -> tuple[list[int], list[int], list[int]]:
    """Choose the papers of one section: those that match, those near the topic, and mentions in doubt."""
    matcher = evaluation.matcher
    chosen = _choose(matcher, ranked, places, shown)
    close = evaluation.close(number)
    doubtful = [paper for paper in chosen if close.doubtful[paper]] if close else []
    sure = [paper for paper in chosen if paper not in doubtful] if doubtful else chosen
    room = min(_NEAR, places - len(sure))
    beside = choose(near, close.order, room, matcher.alike, 0, [*shown, *sure]) if close and near and room else []
    return sure, beside, doubtful[: min(_DOUBTFUL, places - len(sure) - len(beside))]


def followed_by(profile: Profile) -> Any:
    """Return the query for papers by the authors and organizations that a profile follows; it may be empty."""
    return Any(tuple(Term(name, field) for name in profile.follow for field in ("author", "org")))


def _evaluate(matcher: Matcher, profile: Profile) -> _Evaluation:
    follow_query = followed_by(profile)
    return _Evaluation(
        matcher=matcher,
        profile=profile,
        results=[matcher.judged(topic.query) for topic in profile.topics],
        closeness=[matcher.closeness(topic.query) for topic in profile.topics],
        follow_query=follow_query if profile.follow else None,
        followed=matcher.index.flags(matcher.find(follow_query)[0]),
    )


def _section(profile: Profile, number: int, items: tuple[Item, ...], matched: int) -> Section:
    if number == _FOLLOWED:
        return Section("", items, matched, SectionKind.FOLLOWED)
    return Section(profile.topics[number].name, items, matched)


def _base_scores(evaluation: _Evaluation, today: date, taste: Numbers | None) -> Numbers:
    """Return the part of each paper's score that does not depend on the topic."""
    base, weights = evaluation.matcher.base_scores(today), evaluation.matcher.weights
    if evaluation.follow_query is not None:
        base = base + np.where(evaluation.followed, np.float32(weights.followed), np.float32(0))
    if taste is not None:
        base = base + np.float32(weights.taste) * taste
    return base


def best_topics(results: Sequence[QueryResult], papers: int) -> NDArray[np.intp]:
    """Return the number of the topic that gets each paper, or -1 for a paper that matches none.

    A paper goes to the narrowest of the topics that its title or keywords match, or else to the one that its abstract
    matches most strongly; between equal topics the first wins.
    """
    if not results:
        return np.full(papers, -1)
    claims = np.stack([result.claim for result in results])
    return np.where(claims.max(axis=0) < 0, -1, claims.argmax(axis=0))


def _topic_scores(evaluation: _Evaluation, best: NDArray[np.intp]) -> Numbers:
    """Return what its topic adds to each paper's score: its match, and what the topic's model says."""
    added = np.zeros(len(best), np.float32)
    for number, topic in enumerate(evaluation.profile.topics):
        added = np.where(best == number, evaluation.matcher.added(topic.query), added)
    return added


def _near_papers(evaluation: _Evaluation, free: Flags) -> dict[int, list[int]]:
    """Return the papers near each topic, the nearest first, each in the topic that it is nearest to."""
    near: dict[int, list[int]] = {number: [] for number in range(_FOLLOWED, len(evaluation.results))}
    taken: set[int] = set()
    for _, number, paper in _nearest(evaluation.matcher, evaluation.profile) if evaluation.profile.near else ():
        if free[paper] and paper not in taken:
            near[number].append(paper)
            taken.add(paper)
    return near


def near_topic(alone: Matcher, profile: Profile) -> Topic | None:
    """Return the topic that the only paper of a matcher is near to, or None."""
    found = _nearest(alone, profile) if profile.near else []
    return profile.topics[found[0][1]] if found else None


def _nearest(matcher: Matcher, profile: Profile) -> list[tuple[float, int, int]]:
    """Return the papers near each topic that no topic excludes, the nearest first: its distance, topic and paper."""
    excluded = [matcher.excluded_words(topic.query) for topic in profile.topics if "-" in topic.query]
    return sorted(
        (-score, number, paper)
        for number, topic in enumerate(profile.topics)
        if (close := matcher.closeness(topic.query)) is not None
        for score, paper in close.near
        if not any(flags[paper] for flags in excluded)
    )


def _rank(matcher: Matcher, chosen: Flags, scores: Numbers, order: NDArray[np.intp] | None = None) -> _Ranked:
    """Return the chosen papers by descending score; `order` has them, and maybe others, in that order already."""
    ordered = matcher.order(np.flatnonzero(chosen), scores) if order is None else order[chosen[order]]
    return _Ranked(ordered.tolist(), scores)


def _share(limit: int, wanted: dict[int, int]) -> Counter[int]:
    """Share `limit` places among sections round-robin, so that no topic crowds out another."""
    turns = sorted((turn, number) for number, papers in wanted.items() for turn in range(papers))
    return Counter(number for _, number in turns[: max(0, limit)])


def _choose(matcher: Matcher, ranked: _Ranked, places: int, shown: Sequence[int]) -> list[int]:
    return choose(ranked.papers, ranked.scores, places, matcher.alike, matcher.weights.diversity, shown)


def _outside_sections(evaluation: _Evaluation, ranked: _Ranked, shown: Sequence[int]) -> Iterator[Section]:
    """Yield the sections of papers that match no topic: trending, and serendipity if a topic has papers."""
    matcher, profile = evaluation.matcher, evaluation.profile
    room = profile.max_papers - len(shown)
    chosen = choose(ranked.papers, ranked.scores, min(room, profile.trending) if profile.topics else room,
                    matcher.alike, 0, shown)  # fmt: skip
    if chosen:
        kind = SectionKind.ALSO_TRENDING if profile.topics else SectionKind.TRENDING
        yield Section("", _popular_items(matcher, ranked, chosen), len(chosen), kind)
    if profile.serendipity and profile.topics and shown and room > len(chosen):
        nearness = evaluation.nearness()
        near = border(ranked.papers, nearness, ranked.scores, {*chosen, *shown})
        if surprise := choose(near, ranked.scores + nearness, 1, matcher.alike, 0, [*shown, *chosen]):
            yield Section("", _popular_items(matcher, ranked, surprise), 1, SectionKind.SERENDIPITY)


def _popular_items(matcher: Matcher, ranked: _Ranked, chosen: Sequence[int]) -> tuple[Item, ...]:
    papers = ((matcher.paper(number), ranked.scores[number]) for number in chosen)
    return tuple(Item(paper, round(float(score), 4), popularity_reason(paper)) for paper, score in papers)


def _any(flags: Iterable[Flags], papers: int) -> Flags:
    """Return which of `papers` any of the flags is set for."""
    joined: Flags = np.logical_or.reduce([np.zeros(papers, np.bool_), *flags])
    return joined
