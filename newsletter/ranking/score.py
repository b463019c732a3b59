"""How much a paper is worth to a reader today, as a sum that can be explained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from newsletter.models import Paper, Reason
from newsletter.ranking.index import Field
from newsletter.ranking.weights import Weights
from newsletter.text import counted
from newsletter.topics.query import Term


@dataclass(frozen=True, slots=True)
class Score:
    """The parts of a paper's score."""

    match: float
    popularity: float
    freshness: float
    followed: float = 0.0
    taste: float = 0.0

    @property
    def total(self) -> float:
        """Return the sum that papers are ranked by."""
        return self.match + self.popularity + self.freshness + self.followed + self.taste


def score(paper: Paper, match: float, today: date, weights: Weights) -> Score:
    """Weigh one paper; `match` is what its best topic's query says of it, 0 outside of all topics."""
    liked = (paper.upvotes or 0) + (paper.comments or 0)
    age_days = max(0, (today - (paper.published or paper.day)).days)
    return Score(
        match=match,
        popularity=weights.popularity * math.log10(1 + liked),
        freshness=weights.freshness * 0.5 ** (age_days / weights.half_life_days),
    )


def reasons_for(found: Sequence[tuple[Term, Field, float]]) -> tuple[Reason, ...]:
    """Return why a paper is there, the strongest place first: "title: in-context learning"."""
    ranked = sorted(found, key=lambda hit: hit[1])
    return tuple(dict.fromkeys(Reason(str(place), term_in_words(term)) for term, place, _ in ranked))


def term_in_words(term: Term) -> str:
    """Return a term without its quotes and its field."""
    return f"{term.text}*" if term.is_prefix else term.text


def popularity_reason(paper: Paper) -> tuple[Reason, ...]:
    """Return why a paper of no topic is there: how much it is liked, if it is."""
    counts = [(paper.upvotes, "upvote"), (paper.comments, "comment")]
    liked = [counted(number, noun) for number, noun in counts if number]
    return (Reason("trending", ", ".join(liked)),) if liked else ()
