"""Help while typing a topic: how much it matches, what it misses nearby, and what is probably a mistake."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise

from newsletter.errors import QueryError, nearest
from newsletter.models import Paper
from newsletter.ranking.matching import Matcher
from newsletter.ranking.names import KnownNames
from newsletter.ranking.passing import in_passing
from newsletter.text.stop_words import STOP_WORDS
from newsletter.text.tokenizer import split, words
from newsletter.topics.query import CODES, TEXT_FIELDS, Node, Term, format_query, parse, wanted_terms

_BEST = 5
#: Terms that are offered, of the first so many matches; each stands in two of them, and is so much more frequent there.
_OFFERED, _EXAMINED, _MIN_MATCHES, _MIN_LIFT = 5, 200, 2, 3.0
#: Two words say more than one: "whole slide", not "whole".
_PAIR = 2.0
#: A topic that matches more of the papers than this is hardly one, unless there are few papers.
_BROAD, _MIN_PAPERS = 0.2, 10
#: A misspelt word is compared with so many words that begin with the same letter, the most frequent ones.
_COMPARED = 2000
_SIMILAR = 0.8
#: The same of a category or a source, which are short.
_SIMILAR_CODE = 0.7
#: Fields of names.
_NAMES = ("author", "org")
#: What a list of topics is typed with, and what shows that a comma separates none.
_COMMA = re.compile(r"[,;\u3001\uff0c]|\s/\s")
_OPERATOR = re.compile(r'["\u201c\u201d:()^]|\bOR\b|\bAND\b|(?:^|\s)-\w')
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
class Listed:
    """A topic is a list with commas, of which all have to be in a paper, and more papers have one of them."""

    #: The query that finds either.
    meant: str
    #: How many papers that matches.
    matched: int
    #: Number of papers searched.
    papers: int


#: What in a topic is probably a mistake.
Slip = TooBroad | NotFound | Listed


@dataclass(frozen=True, slots=True)
class TopicCheck:
    """What is known of a topic before anyone subscribes to it."""

    #: Number of papers that match.
    matched: int
    #: Number of papers searched.
    papers: int
    per_day: float
    #: Of those that match, the most upvoted ones, first those that do not only mention it in passing.
    best: tuple[Paper, ...]
    #: Terms of the matching papers that other papers have, and the query does not: "whole slide", "histopathology".
    also: tuple[str, ...]
    #: What is probably a mistake.
    warnings: tuple[Slip, ...]


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
        found = self._ordered(tree, bits)
        terms = list(wanted_terms(tree))
        known = {word for term in terms for word in words(term.text)}
        return TopicCheck(
            len(found), len(self.matcher.index), len(found) / self.days, tuple(found[:_BEST]),
            tuple(self._also(found[:_EXAMINED], len(found), known)),
            (*self._warnings(terms, len(found)), *self._listed(query, len(found))),
        )  # fmt: skip

    def _ordered(self, tree: Node, bits: int) -> list[Paper]:
        """Return the papers of a bit set, those that say it outright first, of these the most upvoted."""
        index, passing = self.matcher.index, in_passing(self.matcher.index, tree)
        found = [(number, paper) for number, paper in enumerate(index.papers.values()) if bits >> number & 1]
        ranks = self.matcher.tie_ranks
        found.sort(key=lambda one: (passing >> one[0] & 1, -(one[1].upvotes or 0), ranks[one[0]]))
        return [paper for _, paper in found]

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
                unexpected = count * math.log(count / (share * everywhere))
                typical.append((-unexpected * (_PAIR if " " in term else 1), term))
        offered: list[str] = []
        for *_, term in sorted(typical):
            if not set(term.split()) & {word for one in offered for word in one.split()}:
                offered.append(term)
        yield from offered[:_OFFERED]

    def _warnings(self, terms: list[Term], matched: int) -> Iterator[Slip]:
        total = len(self.matcher.index)
        if total >= _MIN_PAPERS and matched > _BROAD * total:
            yield TooBroad(matched, total)
        free = [term for term in terms if term.field in TEXT_FIELDS and not term.is_prefix]
        typed = ((pair, term.field) for term in free for pair in zip(*split(term.text), strict=True))
        parts = {(word, field): surface for (word, surface), field in typed}
        for term in [term for term in terms if term.field in CODES][:_CHECKED]:
            if not self.matcher.find(term)[0]:
                yield NotFound(format_query(term), total, self._code_meant(term))
        for term in [term for term in terms if term.field in _NAMES and not term.is_prefix][:_CHECKED]:
            if not self.matcher.find(term)[0]:
                yield NotFound(term.text, total, self._name_meant(term))
        for (word, field), surface in islice(parts.items(), _CHECKED):
            if word.isalpha() and len(word) > 3 and not self.matcher.find(Term(word, field))[0]:
                yield NotFound(surface, total, self._meant(word, field))

    def _meant(self, word: str, field: str | None) -> str | None:
        """Return the word of the archive that a misspelt one resembles most; swapped letters are the likeliest slip."""
        known = self._by_initial.get(word[0], [])
        swapped = next((one for one in known if len(one) == len(word) and sorted(one) == sorted(word)), None)
        meant = swapped or nearest(word, known, _SIMILAR)
        return meant if meant and self.matcher.find(Term(meant, field))[0] else None

    def _name_meant(self, term: Term) -> str | None:
        """Return the name that was probably meant by one that no paper has."""
        known = self._authors if term.field == "author" else self._organizations
        return known.meant(term.text, lambda name: bool(self.matcher.find(Term(name, term.field))[0]))

    @cached_property
    def _authors(self) -> KnownNames:
        return KnownNames(name for paper in self.matcher.index.papers.values() for name in paper.authors)

    @cached_property
    def _organizations(self) -> KnownNames:
        papers = self.matcher.index.papers.values()
        return KnownNames(paper.organization for paper in papers if paper.organization)

    def _listed(self, query: str, matched: int) -> Iterator[Listed]:
        """Yield what a list with commas was probably meant to find."""
        parts = [part.strip() for part in _COMMA.split(query)]
        if len(parts) < 2 or not all(parts) or _OPERATOR.search(query):
            return
        try:
            either = parse(meant := " OR ".join(parts))
        except QueryError:
            return
        if (found := self.matcher.find(either)[0].bit_count()) > matched:
            yield Listed(meant, found, len(self.matcher.index))

    def _code_meant(self, term: Term) -> str | None:
        """Return what finds papers by a category or a source, and is much like one that finds none: "cat:cs.*"."""
        all_of_it = Term(f"{term.text.rstrip('.')}.", term.field, is_prefix=True)
        if self.matcher.find(all_of_it)[0]:
            return format_query(all_of_it)
        papers = self.matcher.index.papers.values()
        known = Counter(
            code for paper in papers for code in (paper.categories if term.field == "cat" else paper.sources)
        )
        codes = [code for code, _ in known.most_common(_COMPARED)]
        swapped = next((code for code in codes if sorted(code.casefold()) == sorted(term.text.casefold())), None)
        meant = swapped or nearest(term.text, codes, _SIMILAR_CODE)
        return meant and format_query(Term(meant, term.field))


def _terms(paper: Paper) -> Iterator[str]:
    """Yield the words of a paper's title and keywords, and the pairs of them that stand side by side."""
    for passage in (paper.title, *paper.keywords):
        found = words(passage)
        yield from (word for word in found if _is_content(word))
        yield from (f"{one} {two}" for one, two in pairwise(found) if _is_content(one) and _is_content(two))


def _is_content(word: str) -> bool:
    return len(word) > 2 and word.isalpha() and word not in STOP_WORDS
