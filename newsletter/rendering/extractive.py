"""A paper in one line: its summary, else the key sentence of its abstract (extractive summarization)."""

from __future__ import annotations

import re
from collections import Counter

from newsletter.models import Paper
from newsletter.text import sentences, shorten
from newsletter.text.tokenizer import words

_MAX_LENGTH = 240
#: Phrases that state a result ("we show that …") rather than background.
_RESULT = re.compile(
    r"\b(?:we (?:show|find|found|propose|present|introduce|demonstrate|prove|report|release|develop|describe)"
    r"|this (?:paper|work|article|study)|our (?:results?|method|approach|experiments?|model)|results? (?:show|suggest)"
    r"|outperforms?|improves?|achieves?|reduces?)\b",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"\d+(?:\.\d+)?\s?(?:%|×|x\b|points?|times|percent)")
_DEPENDENT_START = re.compile(r"(?:however|but|and|also|moreover|furthermore|thus|for example|e\.g\.)\b", re.IGNORECASE)


def one_line(paper: Paper, made: str = "") -> str:
    """Return one line about a paper, of at most 240 characters; "" if it has neither summary nor abstract.

    A generated summary (`made`, in the subscriber's language) is preferred to the source's summary, and this to the
    key sentence of the abstract.
    """
    return shorten(made or paper.summary or key_sentence(paper.title, paper.abstract), _MAX_LENGTH)


def key_sentence(title: str, abstract: str) -> str:
    """Return the most informative sentence of an abstract, verbatim.

    A sentence scores by the words that it shares with the title and the other sentences, by phrases that state a
    result, by figures, and by its position.
    """
    candidates = sentences(abstract)
    if len(candidates) < 2:
        return abstract
    frequency = Counter(word for sentence in candidates for word in set(words(sentence)) if len(word) > 3)
    title_words = set(words(title))

    def informativeness(position: int) -> float:
        sentence = candidates[position]
        own_words = set(words(sentence))
        if not 5 <= len(own_words) <= 45 or _DEPENDENT_START.match(sentence):
            return 0.0
        centrality = sum(frequency[word] - 1 for word in own_words) / len(own_words)
        overlap = 1.5 * len(own_words & title_words) / (1 + len(title_words))
        result = 1.5 * bool(_RESULT.search(sentence)) + 0.7 * bool(_NUMBERS.search(sentence))
        # The first sentence is usually background, the last an outlook.
        return centrality + overlap + result - 0.8 * (position == 0) - 0.02 * position

    return candidates[max(range(len(candidates)), key=informativeness)]
