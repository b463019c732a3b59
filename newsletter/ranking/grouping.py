"""Ranked papers → sections by topic: a paper once, in its best topic, and no more than the reader wants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from newsletter.models import Item, Profile, Reason, Section
from newsletter.ranking.diversity import choose
from newsletter.ranking.index import Flags, Numbers
from newsletter.ranking.matching import Matcher, QueryResult
from newsletter.ranking.score import popularity_reason, reasons_for
from newsletter.topics.query import Any, Term

FOLLOWED = "People you follow"
ALSO_TRENDING = "Also trending"
TRENDING = "Trending"
SERENDIPITY = "Something different"


@dataclass(frozen=True, slots=True)
class _Ranked:
    """The numbers of some papers, the best first, and all papers' scores."""

    papers: Sequence[int]
    scores: Numbers


@dataclass(frozen=True, slots=True)
class _Reader:
    """What is asked of the index for one reader."""

    matcher: Matcher
    profile: Profile
    #: One for each topic.
    results: Sequence[QueryResult]
    #: What the reader follows, if anything.
    people: Any | None
    #: Which papers are by these.
    followed: Flags

    def items(self, ranked: _Ranked, chosen: Sequence[int], topic: int) -> tuple[Item, ...]:
        """Return the chosen papers as items of a topic, or of those followed (-1)."""
        node = self.matcher.node(self.profile.topics[topic].query) if topic >= 0 else None
        return tuple(
            Item(
                self.matcher.paper(paper),
                round(float(ranked.scores[paper]), 4),
                (*self._is_followed(paper), *(reasons_for(self.matcher.found(node, paper)) if node else ())),
                also=tuple(self._others(paper, topic)),
            )
            for paper in chosen
        )

    def _is_followed(self, paper: int) -> tuple[Reason, ...]:
        return reasons_for(self.matcher.found(self.people, paper)) if self.people and self.followed[paper] else ()

    def _others(self, paper: int, topic: int) -> Iterator[str]:
        """Yield the names of a paper's other topics."""
        for number, (other, evaluate) in enumerate(zip(self.profile.topics, self.results, strict=True)):
            if number != topic and evaluate.matches[paper]:
                yield other.name


def group(
    matcher: Matcher, profile: Profile, sent_before: AbstractSet[int], today: date, taste: Numbers | None = None
) -> tuple[Section, ...]:
    """Rank and group the index's papers, less those of the ids `sent_before`, for one reader.

    Papers of those that the reader follows come first where they match no topic. Sections follow the reader's order of
    topics and are never empty. Where the limit on the whole digest bites, the topics give way in turn, and what is
    outside of them keeps the places that the profile asks for, up to half of all. A paper that nearly repeats one
    shown before is left out, and what says much the same comes later. A paper that holds what one of its topics
    excludes is shown nowhere, unless another topic matches it. The reader's `taste` has a place for each paper of the
    index; it moves papers within the sections, and into none.
    """
    matcher = matcher.reweighed(profile.ranking)
    reader = _read(matcher, profile)
    unsent = np.array([paper_id not in sent_before for paper_id in matcher.index.ids], np.bool_)
    base = _base_scores(reader, today, taste)
    best, strength = _best_topics(reader.results, len(unsent))
    outside = unsent & (best < 0) & ~_any([evaluate.excluded for evaluate in reader.results], len(unsent))
    # Number -1 stands for those followed, whose papers are a section of their own only outside of all topics.
    flags = {-1: outside & reader.followed} | {
        number: unsent & (best == number) for number in range(len(reader.results))
    }
    placed = {number: _ranked(matcher, chosen, strength + base) for number, chosen in flags.items()}
    rest = _ranked(matcher, outside & ~reader.followed, base)
    kept = profile.trending + (profile.serendipity and bool(profile.topics))
    places = _share(
        profile.max_papers - min(kept, len(rest.papers), profile.max_papers // 2),
        {number: min(len(ranked.papers), profile.max_per_section) for number, ranked in placed.items()},
    )
    sections: list[Section] = []
    shown: list[int] = []
    for number, ranked in placed.items():
        chosen = _choose(matcher, ranked, places[number], shown)
        shown += chosen
        if chosen:
            title = profile.topics[number].name if number >= 0 else FOLLOWED
            sections.append(Section(title, reader.items(ranked, chosen, number), matched=len(ranked.papers)))
    return (*sections, *_outside(matcher, profile, rest, shown))


def followed_by(profile: Profile) -> Any:
    """Return the query for papers of those that a reader follows; it finds nothing if they follow nobody."""
    return Any(tuple(Term(name, field) for name in profile.follow for field in ("author", "org")))


def _read(matcher: Matcher, profile: Profile) -> _Reader:
    people = followed_by(profile)
    return _Reader(
        matcher=matcher,
        profile=profile,
        results=[matcher.evaluate(topic.query) for topic in profile.topics],
        people=people if profile.follow else None,
        followed=matcher.index.flags(matcher.find(people)[0]),
    )


def _base_scores(reader: _Reader, today: date, taste: Numbers | None) -> Numbers:
    """Return what each paper is worth to a reader whatever topic it is on."""
    base, weights = reader.matcher.base_scores(today), reader.matcher.weights
    if reader.people:
        base = base + np.where(reader.followed, np.float32(weights.followed), np.float32(0))
    if taste is not None:
        base = base + np.float32(weights.taste) * taste
    return base


def _best_topics(results: Sequence[QueryResult], papers: int) -> tuple[NDArray[np.intp], Numbers]:
    """Return for each paper the number of its best topic, -1 for none and of equals the first, and how it matches."""
    if not results:
        return np.full(papers, -1), np.zeros(papers, np.float32)
    strengths = np.stack([np.where(evaluate.matches, evaluate.strength, np.float32(-1)) for evaluate in results])
    best = strengths.argmax(axis=0)
    strength = strengths[best, np.arange(papers)]
    return np.where(strength < 0, -1, best), np.maximum(strength, 0)


def _ranked(matcher: Matcher, chosen: Flags, scores: Numbers) -> _Ranked:
    """Return the chosen papers, the best first; of equals the first in the order of keys."""
    numbers = np.flatnonzero(chosen)
    order = np.lexsort((matcher.key_ranks[numbers], -scores[numbers]))
    return _Ranked(numbers[order].tolist(), scores)


def _share(limit: int, wanted: dict[int, int]) -> Counter[int]:
    """Share `limit` places among the sections in turn, the best of each first: no topic crowds out another."""
    turns = sorted((turn, number) for number, papers in wanted.items() for turn in range(papers))
    return Counter(number for _, number in turns[: max(0, limit)])


def _choose(matcher: Matcher, ranked: _Ranked, places: int, shown: Sequence[int]) -> list[int]:
    return choose(ranked.papers, ranked.scores, places, matcher.alike, matcher.weights.diversity, shown)


def _outside(matcher: Matcher, profile: Profile, ranked: _Ranked, shown: Sequence[int]) -> Iterator[Section]:
    """Yield what is outside of the topics: what trends, and the best liked of the rest beside something on topic."""
    room = profile.max_papers - len(shown)
    chosen = choose(ranked.papers, ranked.scores, min(room, profile.trending) if profile.topics else room,
                    matcher.alike, 0, shown)  # fmt: skip
    if chosen:
        title = ALSO_TRENDING if profile.topics else TRENDING
        yield Section(title, _popular(matcher, ranked, chosen), matched=len(chosen))
    if profile.serendipity and profile.topics and shown and room > len(chosen):
        seen = {*chosen, *shown}
        liked = (paper for paper in ranked.papers if paper not in seen and popularity_reason(matcher.paper(paper)))
        if surprise := choose(list(islice(liked, 5)), ranked.scores, 1, matcher.alike, 0, [*shown, *chosen]):
            yield Section(SERENDIPITY, _popular(matcher, ranked, surprise), matched=1)


def _popular(matcher: Matcher, ranked: _Ranked, chosen: Sequence[int]) -> tuple[Item, ...]:
    papers = ((matcher.paper(number), ranked.scores[number]) for number in chosen)
    return tuple(Item(paper, round(float(score), 4), popularity_reason(paper)) for paper, score in papers)


def _any(flags: Iterable[Flags], papers: int) -> Flags:
    joined: Flags = np.logical_or.reduce([np.zeros(papers, np.bool_), *flags])
    return joined
