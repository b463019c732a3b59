"""A paper in one line: its summary, else the key sentence of its abstract (extractive summarization)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import chain

from newsletter.models import Paper
from newsletter.rendering.lead_ins import dangles, without_lead_in, without_tail
from newsletter.text import sentences, shorten
from newsletter.text.prefilter import Prefiltered
from newsletter.text.tokenizer import words

#: No sentence is cut that is shorter. Nineteen of twenty sentences of abstracts have at most 300 characters.
_MAX_LENGTH = 400
#: A sentence that adds fewer words to the title says little more than it.
_NEW_WORDS = 8
#: The same of a sentence whose end, which pointed back, is cut, if it added enough before.
_NEW_WORDS_CUT = 5
#: What was done: "we propose …", "this paper presents …".
_DONE = Prefiltered(
    re.compile(
        r"\b(?:(?:we|I) (?:(?:\w+ly|first|here|have|thus|hence|now|therefore) ){0,2}"
        r"(?:propos|present|introduc|show|demonstrat|prov(?:e|id)|report|releas|develop|describ|design|stud(?:y|ied)|investigat"
        r"|explor|examin|analy[sz]|find|found|establish|construct|deriv|formulat|formali[sz]|buil[dt]|creat|offer|evaluat"
        r"|compar|survey|review|conduct|argu|observ|identif|characteri[sz]|revisit|devis|discover|unveil|extend|curat)"
        r"|this (?:paper|work|article|study|survey|report|review|thesis|letter|note|protocol|manuscript|essay|chapter)"
        r"(?! is| was))"
        r"|本文|本研究|本論文|我们提出",
        re.IGNORECASE,
    ),
    ("we ", "i ", "this "),
)
#: What came out.
_RESULT = Prefiltered(
    re.compile(
        r"\b(?:our (?:results?|findings?|method|approach|experiments?|model|analysis)"
        r"|(?:results?|experiments?|evaluations?|findings?) (?:\w+ )?(?:show|suggest|demonstrate|indicate|reveal)"
        r"|outperforms?|improves?|achieves?|reduces?)\b",
        re.IGNORECASE,
    ),
    ("our ", "result", "experiment", "evaluation", "finding", "outperform", "improve", "achieve", "reduce"),
)
#: What was there before, though it improves something: "Pretraining improves efficiency, yet remains costly".
_BACKGROUND = Prefiltered(
    re.compile(
        r"^(?!.*\b(?:our|we|I|this \w+|the authors?|results?|experiments?|evaluations?|findings?|analys[ei]s)\b)"
        r".*\b(?:yet|however|but|remains?|struggles?|suffers?|lacks?|limited|challeng)",
        re.IGNORECASE,
    ),
    ("yet", "however", "but", "remain", "struggle", "suffer", "lack", "limited", "challeng"),
)
#: Whatever else the authors did: "we take a step towards …".
_OTHERWISE_DONE = Prefiltered(
    re.compile(
        r"^we (?!are\b|can\b|know\b|live\b|often\b)\w+"
        r"|\b(?:is|are|was|were) (?:\w+ly )?"
        r"(?:proposed|presented|introduced|developed|established|investigated|studied)\b",
        re.IGNORECASE,
    ),
    ("we ", "proposed", "presented", "introduced", "developed", "established", "investigated", "studied"),
)
_SHARED = (
    r"(?:code|data(?:sets?)?|models?|weights|implementations?|checkpoints?|resources?|materials?|repositor(?:y|ies))"
)
#: Where the code is, and who paid.
_BESIDE_THE_POINT = Prefiltered(
    re.compile(
        r"^(?!.*\b(?:introduc|present|propos|develop)).*"
        rf"\b(?:{_SHARED}|demos?|details|videos?|page|supplement\w*)\b[^.]{{0,80}}?\b"
        r"(?:(?:is|are|be) (?:\w+ly |made )*"
        r"(?:available|released|accessible|found|open-?sourced|published|shared|hosted)"
        r"|available (?:at|on|from|here|via|under))\b"
        rf"|\b(?:release|provide|share|open-source|make)s? (?:all |of |our |the |both )*(?:\w+ )?{_SHARED}\b"
        r"[^.]{0,60}https?:"
        r"|\b(?:code|project|page|website|videos?|demo|repository|implementation)\b[^.]{0,60}https?:"
        r"|^(?:ethics(?: and dissemination)?|(?:trial )?registration(?: number)?|funding|availability|keywords?)\b"
        r"[^.]{0,30}:",
        re.IGNORECASE,
    ),
    (
        "availab", "released", "accessible", "found", "sourced", "published", "shared", "hosted", "http", "ethics",
        "registration", "funding", "keyword",
    ),
)  # fmt: skip
#: A macro of the authors that nobody else can read: "\modelname".
_MACRO = re.compile(r"\\[A-Za-z]{2,}")


def one_line(paper: Paper, made: str = "") -> str:
    """Return one line about a paper, of at most 400 characters; "" if it has neither summary nor abstract.

    A generated summary (`made`, in the subscriber's language) is preferred to the source's summary, and this to the
    key sentence of the abstract.
    """
    return shorten(made or paper.summary or key_sentence(paper.title, paper.abstract), _MAX_LENGTH)


@lru_cache(maxsize=2048)
def key_sentence(title: str, abstract: str) -> str:
    """Return the most informative sentence of an abstract, without its lead-in ("In this paper, to address this,").

    An end that only points back ("to bridge this gap") is cut as well.
    That is the first one that says what was done, else the first that states a result, else the most central one. A
    sentence that points to an earlier one, adds little to the title, or is too long is chosen only if no other is left.
    """
    given = sentences(abstract)
    if len(given) < 2:
        return abstract
    whole = [without_lead_in(sentence) for sentence in given]
    candidates = [without_tail(sentence) for sentence in whole]
    title_words = set(words(title))
    # Most sentences state nothing of these kinds, and their words need not be known.
    words_of = cache(lambda place: set(words(candidates[place])))

    @cache
    def stands_alone(place: int) -> bool:
        sentence = candidates[place]
        is_new = len(sentence) <= _MAX_LENGTH and len(words_of(place) - title_words) >= (
            _NEW_WORDS if sentence == whole[place] else _NEW_WORDS_CUT
        )
        return is_new and not (dangles(sentence) or _BESIDE_THE_POINT.search(sentence) or _BACKGROUND.search(sentence))

    for states in (_DONE, _RESULT, _OTHERWISE_DONE):
        stating = [one for one, sentence in enumerate(candidates) if states.search(sentence) and stands_alone(one)]
        if stating:
            return min((candidates[one] for one in stating), key=lambda sentence: bool(_MACRO.search(sentence)))
    informativeness = _informativeness([words_of(place) for place in range(len(candidates))], title_words)
    return candidates[
        max(
            range(len(candidates)),
            key=lambda place: (
                stands_alone(place),
                not _BESIDE_THE_POINT.search(candidates[place]),
                informativeness(place),
            ),
        )
    ]


def _informativeness(sentence_words: Sequence[set[str]], title_words: set[str]) -> Callable[[int], float]:
    """Return the score of a sentence by its place: the words that it shares with the title and the other sentences."""
    frequency = Counter(chain.from_iterable(sentence_words))
    frequency.update({word: -number for word, number in frequency.items() if len(word) <= 3})

    def score(place: int) -> float:
        own = sentence_words[place]
        if not 5 <= len(own) <= 45:
            return 0.0
        centrality = (sum(map(frequency.__getitem__, own)) - len(own)) / len(own)
        overlap = 1.5 * len(own & title_words) / (1 + len(title_words))
        # The first sentence is usually background, the last an outlook.
        return centrality + overlap - 0.8 * (place == 0) - 0.02 * place

    return score
