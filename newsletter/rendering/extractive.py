"""A paper in one line: its summary, else the key sentence of its abstract (extractive summarization)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

from newsletter.models import Paper
from newsletter.rendering.lead_ins import dangles, without_lead_in
from newsletter.text import sentences, shorten
from newsletter.text.tokenizer import words

#: No sentence is cut that is shorter. Nineteen of twenty sentences of abstracts have at most 300 characters.
_MAX_LENGTH = 400
#: A sentence that adds fewer words to the title says little more than it.
_NEW_WORDS = 8
#: What was done: "we propose …", "this paper presents …".
_DONE = re.compile(
    r"\b(?:(?:we|I) (?:(?:\w+ly|first|here|have|thus|hence|now|therefore) ){0,2}"
    r"(?:propos|present|introduc|show|demonstrat|prov(?:e|id)|report|releas|develop|describ|design|stud(?:y|ied)|investigat"
    r"|explor|examin|analy[sz]|find|found|establish|construct|deriv|formulat|formali[sz]|buil[dt]|creat|offer|evaluat"
    r"|compar|survey|review|conduct|argu|observ|identif|characteri[sz]|revisit|devis|discover|unveil|extend|curat)"
    r"|this (?:paper|work|article|study|survey|report|review|thesis|letter|note)(?! is| was))",
    re.IGNORECASE,
)
#: What came out.
_RESULT = re.compile(
    r"\b(?:our (?:results?|findings?|method|approach|experiments?|model|analysis)"
    r"|(?:results?|experiments?|evaluations?|findings?) (?:\w+ )?(?:show|suggest|demonstrate|indicate|reveal)"
    r"|outperforms?|improves?|achieves?|reduces?)\b",
    re.IGNORECASE,
)
#: Whatever else the authors did: "we take a step towards …".
_OTHERWISE_DONE = re.compile(
    r"^we (?!are\b|can\b|know\b|live\b|often\b)\w+"
    r"|\b(?:is|are|was|were) (?:\w+ly )?(?:proposed|presented|introduced|developed|established|investigated|studied)\b",
    re.IGNORECASE,
)


def one_line(paper: Paper, made: str = "") -> str:
    """Return one line about a paper, of at most 400 characters; "" if it has neither summary nor abstract.

    A generated summary (`made`, in the subscriber's language) is preferred to the source's summary, and this to the
    key sentence of the abstract.
    """
    return shorten(made or paper.summary or key_sentence(paper.title, paper.abstract), _MAX_LENGTH)


@lru_cache(maxsize=2048)
def key_sentence(title: str, abstract: str) -> str:
    """Return the most informative sentence of an abstract, without its lead-in ("In this paper, to address this,").

    That is the first one that says what was done, else the first that states a result, else the most central one. A
    sentence that points to an earlier one, adds little to the title, or is too long is chosen only if no other is left.
    """
    given = sentences(abstract)
    if len(given) < 2:
        return abstract
    candidates = [without_lead_in(sentence) for sentence in given]
    title_words = set(words(title))
    # Most sentences state nothing of these kinds, and their words need not be known.
    words_of = cache(lambda place: set(words(candidates[place])))

    def stands_alone(place: int) -> bool:
        sentence = candidates[place]
        is_new = len(sentence) <= _MAX_LENGTH and len(words_of(place) - title_words) >= _NEW_WORDS
        return is_new and not dangles(sentence)

    for states in (_DONE, _RESULT, _OTHERWISE_DONE):
        for place, sentence in enumerate(candidates):
            if states.search(sentence) and stands_alone(place):
                return sentence
    informativeness = _informativeness([words_of(place) for place in range(len(candidates))], title_words)
    return candidates[max(range(len(candidates)), key=lambda place: (stands_alone(place), informativeness(place)))]


def _informativeness(sentence_words: Sequence[set[str]], title_words: set[str]) -> Callable[[int], float]:
    """Return the score of a sentence by its place: the words that it shares with the title and the other sentences."""
    frequency = Counter(word for own in sentence_words for word in own if len(word) > 3)

    def score(place: int) -> float:
        own = sentence_words[place]
        if not 5 <= len(own) <= 45:
            return 0.0
        centrality = sum(frequency[word] - 1 for word in own) / len(own)
        overlap = 1.5 * len(own & title_words) / (1 + len(title_words))
        # The first sentence is usually background, the last an outlook.
        return centrality + overlap - 0.8 * (place == 0) - 0.02 * place

    return score
