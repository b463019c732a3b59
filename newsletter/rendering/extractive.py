"""A paper in one line: what its source or a model said of it, else the sentence of its abstract that says most."""

from __future__ import annotations

import re
from collections import Counter

from newsletter.models import Paper
from newsletter.text import sentences, shorten, words

_LONGEST = 240
#: Where authors say what came out ("we show that …") rather than what there was before.
_FINDS = re.compile(
    r"\b(?:we (?:show|find|found|propose|present|introduce|demonstrate|prove|report|release|develop|describe)"
    r"|this (?:paper|work|article|study)|our (?:results?|method|approach|experiments?|model)|results? (?:show|suggest)"
    r"|outperforms?|improves?|achieves?|reduces?)\b",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"\d+(?:\.\d+)?\s?(?:%|×|x\b|points?|times|percent)")
_STARTS_BADLY = re.compile(r"(?:however|but|and|also|moreover|furthermore|thus|for example|e\.g\.)\b", re.IGNORECASE)


def one_line(paper: Paper, made: str = "") -> str:
    """Return a paper in one line of at most 240 characters, or "" where nothing is known but its title.

    `made` is what a model said of it in the reader's language; the source's own words go before a sentence of the
    abstract, which is chosen by what it shares with title and abstract, and by how it begins.
    """
    said = made or paper.summary or key_sentence(paper.title, paper.abstract)
    return shorten(said, _LONGEST)


def key_sentence(title: str, abstract: str) -> str:
    """Return the sentence that says most of an abstract, as it stands there."""
    found = sentences(abstract)
    if len(found) < 2:
        return abstract
    often = Counter(word for sentence in found for word in set(words(sentence)) if len(word) > 3)
    named = set(words(title))

    def worth(place: int) -> float:
        said = set(words(found[place]))
        if not 5 <= len(said) <= 45 or _STARTS_BADLY.match(found[place]):
            return 0.0
        central = sum(often[word] - 1 for word in said) / len(said)
        finds = 1.5 * bool(_FINDS.search(found[place])) + 0.7 * bool(_NUMBERS.search(found[place]))
        # The first sentence tells what everybody knows, the last what ought to be done.
        return central + 1.5 * len(said & named) / (1 + len(named)) + finds - 0.8 * (place == 0) - 0.02 * place

    return found[max(range(len(found)), key=worth)]
