"""A paper's score for a subscriber on a day: a sum of named parts, and the reasons for showing it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from newsletter.models import Paper, Reason, ReasonKind
from newsletter.models.weights import Weights
from newsletter.ranking.index import Field
from newsletter.topics.query import Term

_REASONS = {
    Field.TITLE: ReasonKind.TITLE,
    Field.KEYWORDS: ReasonKind.KEYWORDS,
    Field.ABSTRACT: ReasonKind.ABSTRACT,
    Field.AUTHOR: ReasonKind.AUTHOR,
    Field.ORG: ReasonKind.ORGANIZATION,
    Field.CAT: ReasonKind.CATEGORY,
    Field.SOURCE: ReasonKind.SOURCE,
}
_PLACES = {kind: place for place, kind in enumerate(_REASONS.values())}


@dataclass(frozen=True, slots=True)
class Score:
    """The parts of a paper's score; see `weights.Weights` for what each counts."""

    match: float
    popularity: float
    freshness: float
    followed: float = 0.0
    taste: float = 0.0
    outright: float = 0.0
    closeness: float = 0.0
    marginal: float = 0.0

    @property
    def total(self) -> float:
        """Return the sum of the parts, by which papers are ranked."""
        by_topic = self.match + self.outright + self.closeness + self.marginal
        return by_topic + self.popularity + self.freshness + self.followed + self.taste


def score(paper: Paper, match: float, today: date, weights: Weights, *, in_passing: bool = False) -> Score:
    """Score one paper by its match, popularity and freshness.

    Args:
        paper: The paper to score.
        match: The strength of its best topic's query match; 0 if it matches no topic.
        today: The day of the edition.
        weights: The weights of the parts.
        in_passing: Whether the topic matches its abstract alone.
    """
    age_days = max(0, (today - paper.published_from).days)
    return Score(
        match=match,
        outright=weights.outright if match and not in_passing else 0.0,
        popularity=popularity(paper, weights, in_passing=in_passing),
        freshness=weights.freshness * 0.5 ** (age_days / weights.half_life_days),
    )


def popularity(paper: Paper, weights: Weights, *, in_passing: bool = False) -> float:
    """Return what upvotes and comments add to a score.

    For a topic that matches in passing, that is less than half of what an outright match adds: none is lifted above it.
    """
    added = weights.popularity * math.log10(1 + (paper.upvotes or 0) + (paper.comments or 0))
    most = weights.outright / 2
    return added * most / (added + most) if in_passing and added else added


def reasons_for(hits: Sequence[tuple[Term, Field]]) -> tuple[Reason, ...]:
    """Return the matched terms, each with its strongest field, as distinct reasons, the strongest field first.

    A term is left out that is part of a longer one, of a field as strong: "in-context" beside "in-context learning".
    """
    if len(hits) == 1:
        ((term, field),) = hits
        return (Reason(_REASONS[field], format_term(term)),)
    found: dict[Reason, str] = {}
    for term, field in sorted(hits, key=lambda hit: hit[1]):
        words = f" {term.text.casefold().replace('-', ' ')} "
        found.setdefault(Reason(_REASONS[field], format_term(term)), words)
    return tuple(
        reason
        for reason, words in found.items()
        if not any(
            words in other and len(words) < len(other) and _PLACES[longer.kind] <= _PLACES[reason.kind]
            for longer, other in found.items()
        )
    )


def format_term(term: Term) -> str:
    """Format a term without quotes and field: "in-context learning", "robot*"."""
    return f"{term.text}*" if term.is_prefix else term.text


def popularity_reason(paper: Paper) -> tuple[Reason, ...]:
    """Return the reason for showing a paper that matches no topic: its upvotes and comments, if it has any."""
    return (Reason(ReasonKind.POPULARITY),) if paper.upvotes or paper.comments else ()
