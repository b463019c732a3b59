"""How much a paper is worth to a reader today, as a sum that can be explained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from newsletter.models import Paper, Reason
from newsletter.ranking.index import Field, Match
from newsletter.text import counted


@dataclass(frozen=True, slots=True)
class Weights:
    """All the numbers of the score, in one place."""

    #: A keyword found there is worth this.
    title: float = 3.0
    keywords: float = 2.0
    abstract: float = 1.0
    #: Every keyword after a topic's strongest one is worth this share of itself.
    further_keyword: float = 0.5
    #: Each tenfold of upvotes and comments adds this.
    popularity: float = 1.0
    #: A paper of today adds this, an older one less.
    freshness: float = 1.0
    #: After so many days the freshness is half.
    half_life_days: float = 7.0

    def of(self, place: Field) -> float:
        """Return what a keyword found in `place` is worth."""
        return {Field.TITLE: self.title, Field.KEYWORDS: self.keywords, Field.ABSTRACT: self.abstract}[place]


DEFAULT_WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class Score:
    """The parts of a paper's score."""

    match: float
    popularity: float
    freshness: float

    @property
    def total(self) -> float:
        """Return the sum that papers are ranked by."""
        return self.match + self.popularity + self.freshness


def score(paper: Paper, match: Match | None, today: date, weights: Weights = DEFAULT_WEIGHTS) -> Score:
    """Weigh one paper; `match` is None for a paper outside of all topics."""
    strengths = sorted((weights.of(place) for place in (match.found if match else {}).values()), reverse=True)
    liked = (paper.upvotes or 0) + (paper.comments or 0)
    age_days = max(0, (today - (paper.published or paper.day)).days)
    return Score(
        match=sum(strengths[:1]) + weights.further_keyword * sum(strengths[1:]),
        popularity=weights.popularity * math.log10(1 + liked),
        freshness=weights.freshness * 0.5 ** (age_days / weights.half_life_days),
    )


def reasons_for(found: Mapping[str, Field]) -> tuple[Reason, ...]:
    """Return why a paper is there, the strongest reason first: "title: in-context learning"."""
    order = list(Field)
    ranked = sorted(found.items(), key=lambda hit: order.index(hit[1]))
    return tuple(Reason(place.value, keyword) for keyword, place in ranked)


def popularity_reason(paper: Paper) -> tuple[Reason, ...]:
    """Return why a paper of no topic is there: how much it is liked, if it is."""
    counts = [(paper.upvotes, "upvote"), (paper.comments, "comment")]
    liked = [counted(number, noun) for number, noun in counts if number]
    return (Reason("trending", ", ".join(liked)),) if liked else ()
