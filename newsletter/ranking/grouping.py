"""Group a subscriber's ranked papers into sections: each paper once, in its best topic, within the profile's limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from functools import reduce
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from newsletter.models import Item, Paper, Profile, Reason, ReasonKind, Section, SectionKind, Topic
from newsletter.ranking.closeness import Closeness
from newsletter.ranking.diversity import choose, choose_first
from newsletter.ranking.index import Numbers, bit_set
from newsletter.ranking.matching import Matcher, QueryResult
from newsletter.ranking.score import popularity_reason
from newsletter.ranking.serendipity import border
from newsletter.topics.query import Any, Term

#: Stands for the section of followed authors where others have the number of a topic.
_FOLLOWED = -1
#: How many papers without a topic's words its section may have, how many with most of them in their title, and how many
#: marginal mentions beside those by keywords.
_NEAR = 2
_NAMED = 4
_MARGINAL = 1
_NEAR_REASONS = (Reason(ReasonKind.NEAR),)


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Papers in the order of their scores, of which a subscriber gets some."""

    #: The number of each paper and its score, the best first.
    papers: Mapping[int, float]
    #: Those that the subscriber gets, as a bit set.
    chosen: int
    #: The items of those that were shown before, if their scores are those of everybody.
    known: dict[int, Item] | None = None

    def __len__(self) -> int:
        return self.chosen.bit_count()

    def each(self) -> Iterable[tuple[int, float]]:
        """Return the papers that the subscriber gets with their scores, the best first."""
        if len(self) == len(self.papers):
            return self.papers.items()
        return (one for one in self.papers.items() if self.chosen >> one[0] & 1)


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
    #: As bit sets: the papers by these, those that match a topic, several topics, and those that only an exclusion
    #: keeps from matching one.
    followed: int
    found: int
    shared: int
    rejected: int

    def items(self, ranked: _Ranked, chosen: Sequence[int], topic: int) -> tuple[Item, ...]:
        """Return the chosen papers as items of a topic's section, or of the `_FOLLOWED` one."""
        items = []
        for paper in chosen:
            item = ranked.known.get(paper) if ranked.known is not None else None
            if item is None:
                reasons = (*self._follow_reasons(paper), *self._topic_reasons(paper, topic))
                item = Item(self.matcher.paper(paper), round(ranked.papers[paper], 4), reasons)
                if ranked.known is not None:
                    ranked.known[paper] = item
            if self.shared >> paper & 1:
                item = Item(item.paper, item.score, item.reasons, also=tuple(self._other_topics(paper, topic)))
            items.append(item)
        return tuple(items)

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
        return reduce(np.maximum, [self.matcher.nearness(topic.query) for topic in self.profile.topics])

    def foreign(self, papers: int) -> int:
        """Return the papers of a bit set that no topic's words find, not in passing either, and that none excludes."""
        for topic in self.profile.topics:
            papers &= ~self.matcher.find(topic.query)[0]
            if "-" in topic.query:
                papers &= ~bit_set(self.matcher.excluded_words(topic.query))
        return papers

    def _follow_reasons(self, paper: int) -> tuple[Reason, ...]:
        if self.follow_query is None or not self.followed >> paper & 1:
            return ()
        return self.matcher.reasons_of_node(self.follow_query, paper)

    def _other_topics(self, paper: int, topic: int) -> Iterator[str]:
        """Yield the names of the other topics that a paper matches."""
        for number, (other, result) in enumerate(zip(self.profile.topics, self.results, strict=True)):
            if number != topic and result.bits >> paper & 1:
                yield other.name


def group(
    matcher: Matcher,
    profile: Profile,
    sent_before: AbstractSet[int],
    today: date,
    taste: Numbers | None = None,
    old: AbstractSet[int] = frozenset(),
) -> tuple[Section, ...]:
    """Rank the papers of an index for one profile and group them into sections.

    - Papers by followed authors that match no topic come first; the topics follow in the profile's order.
    - No section is empty. Where `max_papers` is too small for all sections, they share the places in turn; papers
      outside of the topics keep the places that the profile reserves for them, up to half of all.
    - A paper goes to the narrowest topic that it matches outright. Those that mention a topic in passing stand below
      those that it matches outright, however popular they are.
    - A near-duplicate of a paper above it is left out; a similar paper is ranked lower.
    - Up to two papers that are close to the topic, though they have none of its words, and up to four that have most of
      them in their title, stand below those that match, unless any topic excludes what they have. Last
      come one mention in passing that is marginal by the topic's model, and those by keywords; papers that are further
      from the topic count as papers of no topic.
    - A paper that a topic excludes ("-survey") is not shown, unless another topic matches it.

    Args:
        matcher: Evaluates queries over the index.
        profile: The subscriber's preferences.
        sent_before: Ids of papers to leave out.
        today: The day of the edition.
        taste: The taste score of each paper of the index. It changes the order within sections only.
        old: Ids of further papers to leave out: a set that many subscribers have in common.
    """
    matcher = matcher.reweighed(profile.ranking)
    evaluation = _evaluate(matcher, profile)
    base = _base_scores(evaluation, today, taste)
    common = today if base is matcher.base_scores(today) else None
    ranked_by_topic, outside = _rank_by_topic(evaluation, matcher.kept(sent_before, old), old, base, common)
    rest = outside & ~evaluation.followed
    near = _near_papers(evaluation, rest)
    reserved = profile.trending + (profile.serendipity and bool(profile.topics))
    places = _share(
        profile.max_papers - min(reserved, rest.bit_count(), profile.max_papers // 2),
        {
            number: min(len(ranked) + len(near[number]), profile.max_per_section)
            for number, ranked in ranked_by_topic.items()
        },
    )
    sections: list[Section] = []
    shown: list[int] = []
    for number, ranked in ranked_by_topic.items():
        sure, beside, marginal = _fill(evaluation, number, ranked, near[number], places[number], shown)
        shown += [*sure, *beside, *marginal]
        if sure or beside or marginal:
            close = evaluation.near_items(base, beside, number)
            items = (*evaluation.items(ranked, sure, number), *close, *evaluation.items(ranked, marginal, number))
            sections.append(_section(profile, number, items, matched=len(ranked) + len(beside)))
    for paper in shown:
        rest &= ~(1 << paper)
    order = matcher.ranked_without_topic(common, old) if common else None
    return (*sections, *_outside_sections(evaluation, rest, order, base, shown))


def all_matching(
    matcher: Matcher, profile: Profile, sent_before: AbstractSet[int], today: date, taste: Numbers | None = None
) -> dict[str, list[Paper]]:
    """Return all papers from which `group` chooses each topic's section, the best first; "" has followed authors'.

    Those of two topics of one name are together.
    """
    matcher = matcher.reweighed(profile.ranking)
    evaluation = _evaluate(matcher, profile)
    base = _base_scores(evaluation, today, taste)
    ranked, _ = _rank_by_topic(evaluation, matcher.kept(sent_before), frozenset(), base, None)
    papers: dict[str, list[Paper]] = {}
    for number, of_topic in ranked.items():
        name = "" if number == _FOLLOWED else profile.topics[number].name
        papers.setdefault(name, []).extend(matcher.paper(paper) for paper, _ in of_topic.each())
    return papers


def _rank_by_topic(
    evaluation: _Evaluation, kept: int, old: AbstractSet[int], base: Numbers, common: date | None
) -> tuple[dict[int, _Ranked], int]:
    """Return the ranked papers of each topic and of followed authors, and the papers of no topic, as a bit set.

    Args:
        evaluation: The profile's queries.
        kept: The papers that may be shown, as a bit set.
        old: Ids of papers that are not among these, as of many other subscribers.
        base: The part of each paper's score that does not depend on the topic.
        common: The day of which these are the scores for everybody: then the papers of each topic are in order.
    """
    matcher = evaluation.matcher
    outside = kept & ~evaluation.found & ~evaluation.rejected
    followed = outside & evaluation.followed
    ranked = {_FOLLOWED: _Ranked(matcher.scored(followed, base) if followed else {}, followed)}
    lost = _lost(evaluation, kept)
    for number, (topic, result) in enumerate(zip(evaluation.profile.topics, evaluation.results, strict=True)):
        chosen = result.bits & kept & ~lost[number]
        if common is None:
            ranked[number] = _Ranked(matcher.scored(chosen, base + matcher.added(topic.query)), chosen)
        else:
            papers = matcher.ranked(common, topic.query, old)
            ranked[number] = _Ranked(papers, chosen, matcher.items(topic.query, common))
    return ranked, outside


def _lost(evaluation: _Evaluation, kept: int) -> list[int]:
    """Return, as bit sets, the papers of each topic that go to another one, by the rule of `best_topics`."""
    results = evaluation.results
    lost = [0] * len(results)
    for one, other in combinations(range(len(results)) if evaluation.shared & kept else (), 2):
        if both := results[one].bits & results[other].bits & kept:
            to_other = both & bit_set(results[other].claim > results[one].claim)
            lost[one] |= to_other
            lost[other] |= both ^ to_other
    return lost


def _fill(
    evaluation: _Evaluation, number: int, ranked: _Ranked, near: Sequence[int], places: int, shown: Sequence[int]
) -> tuple[list[int], list[int], list[int]]:
    """Choose the papers of one section: those that match, those near the topic, and marginal ones."""
    if not places:
        return [], [], []
    matcher = evaluation.matcher
    chosen = _choose(matcher, ranked, places, shown)
    close = evaluation.close(number)
    marginal = [paper for paper in chosen if close.marginal[paper]] if close else []
    sure = [paper for paper in chosen if paper not in marginal] if marginal else chosen
    beside = _choose_near(matcher, close, near, places - len(sure), [*shown, *sure]) if close and near else []
    if close and marginal:
        few = marginal[:_MARGINAL]
        marginal = [paper for paper in marginal if paper in few or close.keyworded[paper]]
    return sure, beside, marginal[: places - len(sure) - len(beside)]


def _choose_near(matcher: Matcher, close: Closeness, near: Sequence[int], room: int, shown: Sequence[int]) -> list[int]:
    """Choose the nearest papers: a few without the topic's words, and a few that hold most of them in their title."""
    named = [paper for paper in near if close.named[paper]][:_NAMED]
    others = [paper for paper in near if not close.named[paper]]
    few = {*named, *choose_first(others, _NEAR, matcher.alike, shown)}
    return choose_first([paper for paper in near if paper in few], room, matcher.alike, shown)


def followed_by(profile: Profile) -> Any:
    """Return the query for papers by the authors and organizations that a profile follows; it may be empty."""
    return Any(tuple(Term(name, field) for name in profile.follow for field in ("author", "org")))


def _evaluate(matcher: Matcher, profile: Profile) -> _Evaluation:
    follow_query = followed_by(profile) if profile.follow else None
    results = [matcher.judged(topic.query) for topic in profile.topics]
    found = shared = rejected = 0
    for result in results:
        shared |= found & result.bits
        found |= result.bits
        rejected |= result.rejected
    return _Evaluation(
        matcher=matcher,
        profile=profile,
        results=results,
        closeness=[matcher.closeness(topic.query) for topic in profile.topics],
        follow_query=follow_query,
        followed=matcher.find(follow_query)[0] if follow_query is not None else 0,
        found=found,
        shared=shared,
        rejected=rejected,
    )


def _section(profile: Profile, number: int, items: tuple[Item, ...], matched: int) -> Section:
    if number == _FOLLOWED:
        return Section("", items, matched, SectionKind.FOLLOWED)
    return Section(profile.topics[number].name, items, matched)


def _base_scores(evaluation: _Evaluation, today: date, taste: Numbers | None) -> Numbers:
    """Return the part of each paper's score that does not depend on the topic."""
    base, weights = evaluation.matcher.base_scores(today), evaluation.matcher.weights
    if evaluation.follow_query is not None:
        followed = evaluation.matcher.index.flags(evaluation.followed)
        base = base + np.where(followed, np.float32(weights.followed), np.float32(0))
    if taste is not None:
        base = base + np.float32(weights.taste) * taste
    return base


def best_topics(results: Sequence[QueryResult], papers: Sequence[int] | NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the number of the topic that gets each of some papers, or -1 for a paper that matches none.

    A paper goes to the narrowest of the topics that its title or keywords match, or else to the one that its abstract
    matches most strongly; between equal topics the first wins.
    """
    if not results:
        return np.full(len(papers), -1)
    claims = np.array([result.claim[papers] for result in results])
    return np.where(claims.max(axis=0) > -1, claims.argmax(axis=0), -1)


def _near_papers(evaluation: _Evaluation, free: int) -> dict[int, list[int]]:
    """Return the papers near each topic, the nearest first, each in the topic that it is nearest to."""
    near: dict[int, list[int]] = {number: [] for number in range(_FOLLOWED, len(evaluation.results))}
    taken: set[int] = set()
    for _, number, paper in _nearest(evaluation.matcher, evaluation.profile) if evaluation.profile.near else ():
        if free >> paper & 1 and paper not in taken:
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


def _order(matcher: Matcher, chosen: int, scores: Numbers, order: NDArray[np.intp] | None = None) -> NDArray[np.intp]:
    """Return the chosen papers by descending score; `order` has them, and maybe others, in that order already."""
    flags = matcher.index.flags(chosen)
    return matcher.order(np.flatnonzero(flags), scores) if order is None else order[flags[order]]


def _share(limit: int, wanted: dict[int, int]) -> dict[int, int]:
    """Share `limit` places among sections round-robin, so that no topic crowds out another."""
    places, turn = dict.fromkeys(sorted(wanted), 0), 0
    while limit > 0 and (still := [number for number in places if wanted[number] > turn][:limit]):
        for number in still:
            places[number] += 1
        limit, turn = limit - len(still), turn + 1
    return places


def _choose(matcher: Matcher, ranked: _Ranked, places: int, shown: Sequence[int]) -> list[int]:
    return choose(ranked.each(), places, matcher.alike, matcher.weights.diversity, shown)


def _outside_sections(
    evaluation: _Evaluation, rest: int, order: NDArray[np.intp] | None, scores: Numbers, shown: Sequence[int]
) -> Iterator[Section]:
    """Yield the sections of papers that match no topic: trending, and serendipity if a topic has papers.

    Args:
        evaluation: The profile's queries.
        rest: The papers, as a bit set.
        order: All papers by their scores, if these are those of everybody.
        scores: The scores of all papers.
        shown: The papers that the digest shows already.
    """
    matcher, profile = evaluation.matcher, evaluation.profile
    room = profile.max_papers - len(shown)
    places = min(room, profile.trending) if profile.topics else room
    ordered = _order(matcher, rest, scores, order) if places > 0 else ()
    chosen = choose_first(map(int, ordered), places, matcher.alike, shown)
    if chosen:
        kind = SectionKind.ALSO_TRENDING if profile.topics else SectionKind.TRENDING
        yield Section("", _popular_items(matcher, scores, chosen), len(chosen), kind)
    if profile.serendipity and profile.topics and shown and room > len(chosen):
        foreign = _order(matcher, evaluation.foreign(rest), scores, order)
        near = border(foreign, evaluation.nearness(), scores, {*chosen, *shown})
        if surprise := choose_first(near, 1, matcher.alike, [*shown, *chosen]):
            yield Section("", _popular_items(matcher, scores, surprise), 1, SectionKind.SERENDIPITY)


def _popular_items(matcher: Matcher, scores: Numbers, chosen: Sequence[int]) -> tuple[Item, ...]:
    papers = ((matcher.paper(number), scores[number]) for number in chosen)
    return tuple(Item(paper, round(float(score), 4), popularity_reason(paper)) for paper, score in papers)
