"""All the numbers of a paper's score, in one place.

score = match + popularity + freshness + followed + taste

A site may set others under [ranking] in newsletter.toml, and a reader under [ranking] in their profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

from newsletter.errors import ProfileError


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
    #: A paper by someone that the reader follows adds this.
    followed: float = 3.0
    #: A paper that is to the reader's taste as few are (three times the usual spread) adds three times this.
    taste: float = 0.5
    #: What a paper loses that says the same as one before it in its section.
    diversity: float = 3.0
    #: After so many days the freshness is half.
    half_life_days: float = 7.0


def check_weights(table: Any) -> Mapping[str, float]:
    """Return a [ranking] table's numbers by the names of `Weights`.

    Raises:
        ProfileError: A name is not among them, or a number is none or out of range.
    """
    if not isinstance(table, Mapping):
        raise ProfileError("ranking: a table is expected, as in [ranking]")
    known = [field.name for field in fields(Weights)]
    for name, value in table.items():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean ranking.{near[0]}?" if near else f"known: {', '.join(known)}"
            raise ProfileError(f"ranking.{name}: no such setting", hint=hint)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1000:
            raise ProfileError(f"ranking.{name}: a number from 0 to 1000 is expected, not {value!r}")
        if value == 0 and name in ("half_life_days", "k1"):
            raise ProfileError(f"ranking.{name}: more than 0 is expected")
    return {name: float(value) for name, value in table.items()}
