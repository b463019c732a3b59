"""Sentences of an abstract on their own: without the words that lead in from the sentence before, and what dangles."""

from __future__ import annotations

import re

#: Texts longer than this before the main clause are no lead-ins.
_LONGEST = 160
#: What points back to an earlier sentence; "this paper" points to the paper itself.
_THIS = r"(?:this|these|those|such|the above)"
_ITSELF = (
    r"(?:papers?|works?|stud(?:y|ies)|articles?|surveys?|reports?|reviews?|letters?|notes?|thesis|tutorial|chapter)"
)
_ADVERBS = (
    r"(?:however|but|and|also|moreover|furthermore|thus|hence|therefore|consequently|accordingly|additionally|besides"
    r"|nevertheless|nonetheless|instead|specifically|in particular|concretely|in addition|as a result|in contrast"
    r"|in response|first|second|third|finally|lastly|then|next|here|in (?:sum|summary|short|conclusion)|overall"
    r"|to summarize|for example|e\.g\.)"
)
#: "In this paper", also "in the present work".
_IN_THIS_PAPER = rf"(?:in|through|with) (?:this|the|our) (?:present |current |short )?{_ITSELF}"
_MAIN_SUBJECT = rf"(?:we|our|this {_ITSELF})\b"
#: An adverb or "in this paper" needs a comma after it, except before "we": "In this paper we show".
_FIRST_WORDS = re.compile(rf"(?:{_ADVERBS}|{_IN_THIS_PAPER})(?:\s?[,:–—]\s?|\s(?={_MAIN_SUBJECT}))", re.IGNORECASE)
#: How a clause begins that says only why. "In this regime, " and "under these conditions, " say when something holds.
_WHY_BEGINS = (
    r"(?:to(?:wards?)?|based|build\w*|motivated|inspired|driven|guided|given|following|leveraging|recogni[sz]ing|informed"
    rf"|for(?= {_THIS} (?:purpose|reason))|with(?= {_THIS} (?:in mind|goal|aim))"
    rf"|in(?= (?:light|view|response|{_THIS} (?:context|direction|regard|respect|spirit|vein)))|against(?= {_THIS}))"
)
_PROBLEM = r"(?:aforementioned |both |the )?(?:challenges?|dilemmas?|gaps?|issues?|limitations?|problems?|shortcomings)"
#: Such a clause: "To address these limitations of language models".
_WHY = rf"{_WHY_BEGINS}\b[^,;:]*?\b(?:{_THIS}|it|them|{_PROBLEM}(?=,))\b"
_WHY_CLAUSE = re.compile(_WHY, re.IGNORECASE)
#: The same, where it ends soon after "this": the main clause starts after the comma.
_SHORT_WHY_CLAUSE = re.compile(rf"{_WHY}(?: [\w-]+){{0,2}}, ", re.IGNORECASE)
_MAIN_CLAUSE = re.compile(rf", (?={_MAIN_SUBJECT}|here\b|{_IN_THIS_PAPER}\b)", re.IGNORECASE)
#: So many lead-ins at most follow each other.
_LEAD_INS = 4

_PRONOUN = re.compile(
    rf"(?:it|they|its|their|both|the latter|the former|this(?! {_ITSELF}\b)|these|those)\b", re.IGNORECASE
)
_POINTER = re.compile(rf"\bthese\b|\b{_THIS} (?!(?:\w+ )?{_ITSELF}\b|that\b|(?<=such )as\b)[\w-]+", re.IGNORECASE)
_SEQUEL = re.compile(r"we (?:\w+ )?(?:also|further|then|additionally|next|finally|moreover)\b", re.IGNORECASE)
#: How far into a sentence a pointer has nothing in the sentence itself to point to.
_BEFORE_ANYTHING = 60


def without_lead_in(sentence: str) -> str:
    """Return a sentence without what leads into it, such as "In this paper, to address this, "; in linear time.

    The first word gets a capital if it is a plain word.
    """
    rest = sentence
    for _ in range(_LEAD_INS):
        rest = rest[_lead_in(rest) :]
    if not rest or rest == sentence:
        return sentence
    first_word = rest.split(" ", 1)[0].rstrip(",")
    return rest[0].upper() + rest[1:] if first_word.islower() else rest


def dangles(sentence: str) -> bool:
    """Return whether a sentence points to one before it: "This method …", "It …", "We show that such models …"."""
    return bool(_PRONOUN.match(sentence) or _SEQUEL.match(sentence) or _POINTER.search(sentence, 0, _BEFORE_ANYTHING))


def _lead_in(sentence: str) -> int:
    """Return the length of the lead-in that a sentence starts with, or 0."""
    if found := _FIRST_WORDS.match(sentence):
        return found.end()
    head = sentence[:_LONGEST]
    if not _WHY_CLAUSE.match(head):
        return 0
    main_clause = _MAIN_CLAUSE.search(head) or _SHORT_WHY_CLAUSE.match(head)
    return main_clause.end() if main_clause else 0
