"""All the numbers of a paper's score, in one place.

score = match + popularity + freshness + taste

A site may set others under [ranking] in newsletter.toml.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much."""

    #: A term in the title counts as so many in the abstract; so do one in the keywords and one in a name or category.
    title: float = 3.0
    keywords: float = 2.0
    abstract: float = 1.0
    name: float = 3.0
    #: How soon more of a term adds less (BM25's k1).
    k1: float = 1.2
    #: The best that a single rare term can add is 2.2 times this.
    match: float = 2.0
    #: Every alternative after a topic's strongest adds this share of itself.
    further: float = 0.5
    #: Each tenfold of upvotes and comments adds this.
    popularity: float = 1.0
    #: A paper of today adds this, an older one less.
    freshness: float = 1.0
    #: A paper that is to the reader's taste as few are (three times the usual spread) adds three times this.
    taste: float = 0.5
    #: What a paper loses that says the same as one before it in its section.
    diversity: float = 3.0
    #: After so many days the freshness is half.
    half_life_days: float = 7.0
