"""The weights of a paper's score.

score = match + outright + closeness - marginal + popularity + freshness + followed + taste

A site may override them under [ranking] in newsletter.toml, and a subscriber under [ranking] in their profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from newsletter.errors import ProfileError, did_you_mean

#: Former names of weights, which files and stored profiles may still have, and what they are called now.
FORMER_NAMES = (("doubt", "marginal"),)


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of fields, of the parts of a score, and of diversity."""

    #: Weight of a word in the title, beside those of the other fields of a paper.
    title: float = 3.0
    #: Weight of a word in the keywords.
    keywords: float = 2.0
    #: Weight of a word in the abstract.
    abstract: float = 1.0
    #: Weight of a word in the names of authors, organizations, categories and sources.
    name: float = 3.0
    #: Term frequency saturation (BM25's k1): the lower, the sooner further occurrences stop counting.
    k1: float = 1.2
    #: Scale of the match; with the default k1, a single rare term adds at most 2.2 times this.
    match: float = 2.0
    #: Share of its own strength that each further alternative of a query ("a OR b") adds to the strongest.
    further: float = 0.5
    #: Added for a paper whose title or keywords match; to others, popularity adds half of this at most.
    outright: float = 2.0
    #: Added for a paper as close to the topic, by the topic's model, as those that name it in their title.
    closeness: float = 5.0
    #: Subtracted from a paper that mentions the topic in passing and is hardly close to it: by default, it stands last.
    marginal: float = 20.0
    #: Added for each tenfold increase of upvotes and comments.
    popularity: float = 1.0
    #: Added for a paper published today; decays with `half_life_days`.
    freshness: float = 1.0
    #: Added for a paper by an author or organization that the subscriber follows.
    followed: float = 3.0
    #: Added for each standard deviation by which a paper is closer to the subscriber's taste than the average paper.
    taste: float = 0.5
    #: Subtracted, scaled by similarity, from a paper that is similar to one above it in its section.
    diversity: float = 3.0
    #: Days after which freshness has halved.
    half_life_days: float = 7.0
    #: Days after which feedback counts half of what new feedback does.
    taste_half_life_days: float = 180.0


def check_weights(table: Any) -> Mapping[str, float]:
    """Validate a [ranking] table and return its numbers by the field names of `Weights`.

    Raises:
        ProfileError: The table has an unknown name, or a value that is not a number or out of range.
    """
    if not isinstance(table, Mapping):
        raise ProfileError("ranking: a table is expected, as in [ranking]")
    former = dict(FORMER_NAMES)
    table = {former.get(name, name): value for name, value in table.items() if former.get(name) not in table}
    known = [field.name for field in fields(Weights)]
    for name, value in table.items():
        if name not in known:
            raise ProfileError(f"ranking.{name}: no such setting", hint=did_you_mean(name, known, "ranking."))
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1000:
            raise ProfileError(f"ranking.{name}: a number from 0 to 1000 is expected, not {value!r}")
        if value == 0 and name in ("half_life_days", "taste_half_life_days", "k1"):
            raise ProfileError(f"ranking.{name}: more than 0 is expected")
    return {name: float(value) for name, value in table.items()}
