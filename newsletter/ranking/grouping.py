"""Ranked papers → sections by topic: a paper once, in its best topic, and no more than the reader wants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from newsletter.models import Item, Profile, Section
from newsletter.ranking.diversity import choose
from newsletter.ranking.index import Flags, Numbers
from newsletter.ranking.matching import Answer, Matcher
from newsletter.ranking.score import popularity_reason, reasons_for

ALSO_TRENDING = "Also trending"
TRENDING = "Trending"


@dataclass(frozen=True, slots=True)
class _Ranked:
    """The numbers of some papers, the best first, and their scores."""

    papers: Sequence[int]
    scores: Numbers


def group(
    matcher: Matcher, profile: Profile, sent_before: AbstractSet[int], today: date, taste: Numbers | None = None
) -> tuple[Section, ...]:
    """Rank and group the index's papers, less those of the ids `sent_before`, for one reader.

    Sections follow the reader's order of topics and are never empty. Where the limit on the whole digest bites, the
    topics give way in turn, and "Also trending" keeps the places that the profile asks for, up to half of them. A
    paper that nearly repeats one shown before is left out, and what says much the same comes later. A paper that holds
    what one of its topics excludes is not under that topic, nor under "Also trending". The reader's
    `taste` has a place for each paper of the index; it moves papers within the sections, and into none.
    """
    answers = [matcher.answer(topic.query) for topic in profile.topics]
    unsent = np.array([paper_id not in sent_before for paper_id in matcher.index.ids], np.bool_)
    base = matcher.base_scores(today)
    if taste is not None:
        base = base + np.float32(matcher.weights.taste) * taste
    best, strength = _best_topics(answers, len(unsent))
    placed = [_ranked(matcher, unsent & (best == number), strength + base) for number in range(len(profile.topics))]
    rest = unsent & (best < 0) & ~_any([answer.excluded for answer in answers], len(unsent))
    places = _share(
        profile.max_papers - min(profile.trending, int(rest.sum()), profile.max_papers // 2),
        [min(len(ranked.papers), profile.max_per_section) for ranked in placed],
    )
    sections: list[Section] = []
    shown: list[int] = []
    for number, ranked in enumerate(placed):
        chosen = choose(ranked.papers, ranked.scores, places[number], matcher.alike, matcher.weights.diversity, shown)
        shown += chosen
        if chosen:
            sections.append(_section(matcher, profile, number, ranked, chosen, answers))
    room = profile.max_papers - len(shown)
    return tuple(sections + _trending(matcher, _ranked(matcher, rest, base), profile, room))


def _best_topics(answers: Sequence[Answer], papers: int) -> tuple[NDArray[np.intp], Numbers]:
    """Return for each paper the number of its best topic, -1 for none and of equals the first, and how it matches."""
    if not answers:
        return np.full(papers, -1), np.zeros(papers, np.float32)
    strengths = np.stack([np.where(answer.matches, answer.strength, np.float32(-1)) for answer in answers])
    best = strengths.argmax(axis=0)
    strength = strengths[best, np.arange(papers)]
    return np.where(strength < 0, -1, best), np.maximum(strength, 0)


def _ranked(matcher: Matcher, chosen: Flags, scores: Numbers) -> _Ranked:
    """Return the chosen papers, the best first; of equals the first in the order of keys."""
    numbers = np.flatnonzero(chosen)
    order = np.lexsort((matcher.key_ranks[numbers], -scores[numbers]))
    return _Ranked(numbers[order].tolist(), scores)


def _share(limit: int, wanted: Sequence[int]) -> Counter[int]:
    """Share `limit` places among the sections in turn, the best of each first: no topic crowds out another."""
    turns = sorted((turn, number) for number, papers in enumerate(wanted) for turn in range(papers))
    return Counter(number for _, number in turns[: max(0, limit)])


def _section(
    matcher: Matcher, profile: Profile, number: int, ranked: _Ranked, chosen: Sequence[int], answers: Sequence[Answer]
) -> Section:
    topic = profile.topics[number]
    query = matcher.node(topic.query)
    items = tuple(
        Item(
            matcher.paper(paper),
            round(float(ranked.scores[paper]), 4),
            reasons_for(matcher.found(query, paper)),
            also=tuple(
                other.name
                for other, answer in zip(profile.topics, answers, strict=True)
                if other is not topic and answer.matches[paper]
            ),
        )
        for paper in chosen
    )
    return Section(topic.name, items, matched=len(ranked.papers))


def _trending(matcher: Matcher, ranked: _Ranked, profile: Profile, room: int) -> list[Section]:
    limit = min(room, profile.trending) if profile.topics else room
    papers = [(matcher.paper(number), ranked.scores[number]) for number in ranked.papers[:limit]]
    items = tuple(Item(paper, round(float(score), 4), popularity_reason(paper)) for paper, score in papers)
    title = ALSO_TRENDING if profile.topics else TRENDING
    return [Section(title, items, matched=len(items))] if items else []


def _any(flags: Iterable[Flags], papers: int) -> Flags:
    joined: Flags = np.logical_or.reduce([np.zeros(papers, np.bool_), *flags])
    return joined
