"""Help while typing a topic: how much it matches, what it misses nearby, and what is probably a mistake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise

from newsletter.errors import nearest
from newsletter.models import Paper
from newsletter.ranking.matching import Matcher
from newsletter.text.stop_words import STOP_WORDS
from newsletter.text.tokenizer import words
from newsletter.topics.query import CODES, Term, format_query, parse, wanted_terms

_BEST = 5
#: Terms that are offered, of the first so many matches; each stands in two of them, and is so much more frequent there.
_OFFERED, _EXAMINED, _MIN_MATCHES, _MIN_LIFT = 5, 200, 2, 3.0
#: A topic that matches more of the papers than this is hardly one, unless there are few papers.
_BROAD, _MIN_PAPERS = 0.2, 10
#: A misspelt word is compared with so many words that begin with the same letter, the most frequent ones.
_COMPARED = 2000
_SIMILAR = 0.8
#: The same of a category or a source, which are short.
_SIMILAR_CODE = 0.7
#: Words of a query that are looked at; each is compared with the archive's.
_CHECKED = 20


@dataclass(frozen=True, slots=True)
class TooBroad:
    """A topic matches so many papers that it is hardly one."""

    matched: int
    #: Number of papers searched.
    papers: int


@dataclass(frozen=True, slots=True)
class NotFound:
    """A word of a topic is in no paper, or a category or source has none."""

    word: str
    #: Number of papers searched.
    papers: int
    #: A similar word that papers have.
    meant: str | None


@dataclass(frozen=True, slots=True)
class TopicCheck:
    """What is known of a topic before anyone subscribes to it."""

    #: Number of papers that match.
    matched: int
    #: Number of papers searched.
    papers: int
    per_day: float
    #: The most upvoted of those that match.
    best: tuple[Paper, ...]
    #: Terms of the matching papers that other papers have, and the query does not: "whole slide", "histopathology".
    also: tuple[str, ...]
    #: What is probably a mistake.
    warnings: tuple[TooBroad | NotFound, ...]


@dataclass
class TopicChecker:
    """Checks topics against the papers of a matcher; their terms are counted once."""

    matcher: Matcher
    #: Over how many days the papers were seen.
    days: int

    def check(self, query: str) -> TopicCheck:
        """Return what a query matches and misses.

        Raises:
            QueryError: The query is malformed.
        """
        tree = parse(query)
        bits, _ = self.matcher.find(tree)
        found = [paper for number, paper in enumerate(self.matcher.index.papers.values()) if bits >> number & 1]
        found.sort(key=lambda paper: (-(paper.upvotes or 0), paper.key))
        terms = list(wanted_terms(tree))
        known = {word for term in terms for word in words(term.text)}
        return TopicCheck(
            len(found), len(self.matcher.index), len(found) / self.days, tuple(found[:_BEST]),
            tuple(self._also(found[:_EXAMINED], len(found), known)), tuple(self._warnings(terms, len(found))),
        )  # fmt: skip

    @cached_property
    def _frequencies(self) -> Counter[str]:
        """In how many titles or keywords of papers each word and pair of words stands."""
        return Counter(term for paper in self.matcher.index.papers.values() for term in set(_terms(paper)))

    @cached_property
    def _by_initial(self) -> dict[str, list[str]]:
        by_initial: dict[str, list[str]] = {}
        for term, _ in self._frequencies.most_common():
            if " " not in term and len(begun := by_initial.setdefault(term[0], [])) < _COMPARED:
                begun.append(term)
        return by_initial

    def _also(self, found: list[Paper], matched: int, known: set[str]) -> Iterator[str]:
        """Yield the terms that are most typical of some matches, and that papers without a match have, too."""
        counts = Counter(term for paper in found for term in set(_terms(paper)))
        share = len(found) / max(1, len(self.matcher.index))
        typical = []
        for term, count in counts.items():
            everywhere = self._frequencies[term]
            is_new = not known & set(term.split()) and (everywhere > count or matched > len(found))
            if count >= _MIN_MATCHES and is_new and count >= _MIN_LIFT * share * everywhere:
                typical.append((-count, " " not in term, term))
        offered: list[str] = []
        for *_, term in sorted(typical):
            if not set(term.split()) & {word for one in offered for word in one.split()}:
                offered.append(term)
        yield from offered[:_OFFERED]

    def _warnings(self, terms: list[Term], matched: int) -> Iterator[TooBroad | NotFound]:
        total = len(self.matcher.index)
        if total >= _MIN_PAPERS and matched > _BROAD * total:
            yield TooBroad(matched, total)
        free = [term for term in terms if term.field not in CODES and not term.is_prefix]
        parts = dict.fromkeys((word, term.field) for term in free for word in words(term.text))
        for term in [term for term in terms if term.field in CODES][:_CHECKED]:
            if not self.matcher.find(term)[0]:
                yield NotFound(format_query(term), total, self._code_meant(term))
        for word, field in islice(parts, _CHECKED):
            if word.isalpha() and len(word) > 3 and not self.matcher.find(Term(word, field))[0]:
                meant = nearest(word, self._by_initial.get(word[0], ()), _SIMILAR) if field is None else None
                yield NotFound(word, total, meant)

    def _code_meant(self, term: Term) -> str | None:
        """Return what finds papers by a category or a source, and is much like one that finds none: "cat:cs.*"."""
        all_of_it = Term(f"{term.text.rstrip('.')}.", term.field, is_prefix=True)
        if self.matcher.find(all_of_it)[0]:
            return format_query(all_of_it)
        papers = self.matcher.index.papers.values()
        known = Counter(
            code for paper in papers for code in (paper.categories if term.field == "cat" else paper.sources)
        )
        meant = nearest(term.text, [code for code, _ in known.most_common(_COMPARED)], _SIMILAR_CODE)
        return meant and format_query(Term(meant, term.field))


def _terms(paper: Paper) -> Iterator[str]:
    """Yield the words of a paper's title and keywords, and the pairs of them that stand side by side."""
    for passage in (paper.title, *paper.keywords):
        found = words(passage)
        yield from (word for word in found if _is_content(word))
        yield from (f"{one} {two}" for one, two in pairwise(found) if _is_content(one) and _is_content(two))


def _is_content(word: str) -> bool:
    return len(word) > 2 and word.isalpha() and word not in STOP_WORDS
