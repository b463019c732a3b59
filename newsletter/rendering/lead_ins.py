"""Sentences of an abstract on their own: without words that lead in from, or lead back to others, and what dangles."""

from __future__ import annotations

import re

from newsletter.text.prefilter import Prefiltered

#: Texts longer than this before the main clause are no lead-ins.
_LONGEST = 160
#: What points back to an earlier sentence; "this paper" points to the paper itself.
_THIS = r"(?:this|these|those|such|the above)"
_ITSELF = (
    r"(?:papers?|works?|stud(?:y|ies)|articles?|surveys?|reports?|reviews?|letters?|notes?|thesis|dissertation|tutorial"
    r"|chapter|protocol|manuscript|essay|research|trial)"
)
_ADVERBS = (
    r"(?:however|but|and|also|moreover|furthermore|thus|hence|therefore|consequently|accordingly|additionally|besides"
    r"|nevertheless|nonetheless|instead|specifically|in particular|concretely|in addition|as a result|in contrast"
    r"|in response|first|second|third|finally|lastly|then|next|here(?:in)?|to (?:do|achieve) (?:so|this|that)"
    r"|in (?:sum|summary|short|conclusion)|overall|to summarize|for example|e\.g\.)"
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
#: The label of a part of a structured abstract, as PubMed has them.
_LABEL = re.compile(
    r"(?:background|introduction|objectives?|aims?|purpose|rationale|context|importance|motivation|problem|question"
    r"|design|setting|participants|patients|interventions?|methodology|approach|measurements"
    r"|(?:materials? and )?methods?(?: and (?:analysis|findings|results))?|main outcomes?(?: and measures?)?"
    r"|(?:main |key |principal )?(?:results?|findings)|conclusions?(?: and (?:relevance|significance))?"
    r"|discussion|interpretation|significance|impact|implications|summary|study design)\s?[:.—]\s+(?=[A-Z0-9])",
    re.IGNORECASE,
)
#: The mark of an item in a list: "(2) We show", "ii) we show".
_ITEM = re.compile(r"\(?(?:\d{1,2}|[ivx]{1,4}|[a-e])\)\s*(?=\w)")
_FIRST_ITEM = re.compile(r"(?P<colon>:\s*)?\(?(?:1|i|a)\)\s*")
#: A sentence of fewer characters before a list says nothing without it: "Key results: (1) we prove".
_MIN_HEAD = 60
_SECOND_ITEM = re.compile(r"(?:\b2|\bii|\bb)\)")

_PRONOUN = re.compile(
    rf"(?:it|they|its|their|both|the latter|the former|this(?! {_ITSELF}\b)|these|those)\b|[该此这其]", re.IGNORECASE
)
_POINTER = Prefiltered(
    re.compile(rf"\bthese\b|\b{_THIS} (?!(?:\w+ )?{_ITSELF}\b|that\b|(?<=such )as\b)[\w-]+", re.IGNORECASE),
    ("this ", "these", "those ", "such ", "the above "),
)
#: "We analyze their behavior", "we show that they keep"; "it is known that" points to nothing.
_PRONOUN_SOON = re.compile(
    rf"(?:we|i|this {_ITSELF})(?: \w+ly| first| thus)? [\w-]+(?: that| how| whether| if| why)?"
    r" (?:its|their|theirs|they|them|it(?! (?:is|was|has been|can be|may be|becomes|remains) ))\b",
    re.IGNORECASE,
)
_SEQUEL = re.compile(r"we (?:\w+ )?(?:also|further|then|additionally|next|finally|moreover)\b", re.IGNORECASE)
#: How far into a sentence a pointer has nothing in the sentence itself to point to.
_BEFORE_ANYTHING = 60
#: Where a clause may begin that says only what for: "to address these challenges", "that bridges this gap".
_FOR_BEGINS = (
    r",? (?:(?:which|that|and) |(?:(?:specifically|explicitly|specially|carefully|purpose-built) )?"
    r"(?:(?:designed|aimed|aiming|intended|tailored|built|developed|engineered|meant|able|used) )?(?:to|at|for) )"
    r"(?:\w+ly |directly |jointly |help )?"
)
_FOR = (
    r"(?:(?:address|overcom|tackl|solv|bridg|fill|clos|mitigat|alleviat|resolv|remed|navigat|handl|combat|circumvent"
    r"|counter|reliev|narrow|answer|eliminat|bypass)(?:e|es|s|ed|ing|y|ies|ying)?|do(?:es|ing)?|achiev(?:e|es|ing))"
)
_POINTING = rf"(?:all |both |each |one |some )?(?:of )?(?:{_THIS}|the (?:aforementioned|above-mentioned))"
#: The same at the end of a sentence, of a few words; also "based on this observation", "in this setting".
_TAIL = Prefiltered(
    re.compile(
        rf"(?:{_FOR_BEGINS}{_FOR} {_POINTING}|,? (?:based|building) (?:up)?on {_POINTING}"
        rf"|,? in {_THIS}(?= (?:contexts?|settings?|regimes?|domains?|direction|regard|respect|tasks?)\.))"
        r"(?: [\w-]+){0,4}(?= ?\.$)",
        re.IGNORECASE,
    ),
    ("this", "these", "those", "such", "the above", "the aforementioned"),
)
#: So many of the last characters may be that clause.
_LONGEST_TAIL = 120


def without_lead_in(sentence: str) -> str:
    """Return a sentence without what leads into it, such as "In this paper, to address this, " or "(2) ".

    It takes linear time. The first word gets a capital if it is a plain word.
    """
    rest = sentence
    for mark in (_LABEL, _ITEM):
        rest = rest[found.end() :] if (found := mark.match(rest)) else rest
    for _ in range(_LEAD_INS):
        if not (length := _lead_in(rest)):
            break
        rest = rest[length:]
    if not rest or rest == sentence:
        return sentence
    first_word = rest.split(" ", 1)[0].rstrip(",")
    return rest[0].upper() + rest[1:] if first_word.islower() else rest


def without_tail(sentence: str) -> str:
    """Return a sentence without an end that points back, such as " to address these challenges.", or begins a list."""
    first = _FIRST_ITEM.search(sentence) if ":" in sentence else None
    if first and first["colon"] and first.start() > _MIN_HEAD and not _SECOND_ITEM.search(sentence, first.end()):
        return f"{sentence[: first.start()]}."
    start = max(0, len(sentence) - _LONGEST_TAIL)
    tail = _TAIL.search(sentence, sentence.find(" ", start)) if " " in sentence[start:] else None
    return f"{sentence[: tail.start()]}." if tail and tail.start() > 0 else sentence


def dangles(sentence: str) -> bool:
    """Return whether a sentence points to one before it: "This method …", "It …", "We show that such models …"."""
    return bool(
        _PRONOUN.match(sentence)
        or _PRONOUN_SOON.match(sentence)
        or _SEQUEL.match(sentence)
        or _POINTER.search(sentence, 0, _BEFORE_ANYTHING)
    )


def _lead_in(sentence: str) -> int:
    """Return the length of the lead-in that a sentence starts with, or 0."""
    if found := _FIRST_WORDS.match(sentence):
        return found.end()
    head = sentence[:_LONGEST]
    if not _WHY_CLAUSE.match(head):
        return 0
    main_clause = _MAIN_CLAUSE.search(head) or _SHORT_WHY_CLAUSE.match(head)
    return main_clause.end() if main_clause else 0
