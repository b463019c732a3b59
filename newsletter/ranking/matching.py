"""Evaluate queries over an index: which papers match, how strongly, and which are excluded.

Each distinct query is parsed once and each distinct term looked up once for an index; what remains for thousands of
topics is combining a few arrays along the query's tree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from newsletter.models import Item, Paper, Reason, ReasonKind
from newsletter.models.weights import Weights
from newsletter.ranking.closeness import Closeness, Scores, closeness, excluded_words, is_sweeping
from newsletter.ranking.diversity import Similarity
from newsletter.ranking.index import Field, Flags, Numbers, PaperIndex, Statistics, bit_set
from newsletter.ranking.passing import in_passing
from newsletter.ranking.score import popularity, reasons_for, score
from newsletter.ranking.serendipity import Neighbourhood
from newsletter.topics.evaluation import matching, terms_found
from newsletter.topics.query import All, Any, Boost, Node, Not, Term, parse, wanted_terms

#: How many values are kept of results, in 36 bytes each, and of how many queries at least.
_MAX_VALUES, _MIN_QUERIES = 1_000_000, 64
#: The terms of which the strengths are kept: what subscribers ask for has many terms in common.
_MAX_TERMS = 4096
#: Of so many sets of weights that subscribers chose.
_MAX_REWEIGHED = 8
#: And of so many sets of papers that many subscribers leave out.
_MAX_WINDOWS = 16


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The result of a query, as arrays over all papers of the index."""

    matches: Flags
    #: Papers that would match without the query's exclusions ("-survey").
    excluded: Flags
    #: BM25F strength of each match; 0 for papers that do not match.
    strength: Numbers
    #: Papers that match with words of their abstract alone.
    passing: Flags
    #: How good a claim the topic has to each paper, beside other topics that match it; -1 for papers that do not match.
    claim: NDArray[np.float64]
    #: The papers that match, as a bit set.
    bits: int
    #: Those that it would match, but excludes.
    rejected: int


class Matcher:
    """Evaluates queries over the papers of one index; results are cached."""

    def __init__(
        self,
        index: PaperIndex,
        statistics: Statistics | None = None,
        weights: Weights | None = None,
        scores: Scores | None = None,
    ) -> None:
        self.index = index
        self.weights = weights or Weights()
        self._statistics = statistics or Statistics(lambda: index)
        #: The scores of the papers by the topics' models.
        self._scores = scores
        self._closeness: dict[str, Closeness | None] = {}
        self._excluded_words: dict[str, Flags] = {}
        self._added: dict[str, Numbers] = {}
        #: The strengths that are not 0, as numbers of papers, and values.
        self._strengths: dict[Term, tuple[NDArray[np.intp], Numbers]] = {}
        self._max_queries = max(_MIN_QUERIES, _MAX_VALUES // max(1, len(index)))
        # In the order of `Field`; author, org, cat and source share a weight.
        of_fields = [self.weights.title, self.weights.keywords, self.weights.abstract, *[self.weights.name] * 4]
        self._field_weights = np.array(of_fields, np.float32)
        self._reweighed: dict[tuple[tuple[str, float], ...], Matcher] = {}
        self._nodes: dict[str, Node] = {}
        self._answers: dict[str, tuple[int, int]] = {}
        self._results: dict[str, QueryResult] = {}
        self._judged: dict[str, QueryResult] = {}
        self._base: dict[date, Numbers] = {}
        self._rankings: dict[tuple[str, date], dict[int, dict[int, float]]] = {}
        self._orders: dict[date, dict[int, NDArray[np.intp]]] = {}
        self._items: dict[tuple[str, date], dict[int, Item]] = {}
        #: The papers that are not among some that many subscribers leave out, as bit sets, by the identity of these.
        self._kept: dict[int, tuple[AbstractSet[int], int]] = {}
        #: What popularity adds to the score of each paper, and of those that mention a topic in passing.
        self.popularity, self.passing_popularity = (
            np.array([popularity(paper, self.weights, in_passing=one) for paper in index.papers.values()], np.float32)
            for one in (False, True)
        )
        self._tamed = self.passing_popularity - self.popularity
        self._numbers = {paper_id: number for number, paper_id in enumerate(index.ids)}
        self.alike = Similarity(list(index.papers.values()))
        self.neighbourhood = Neighbourhood(self.alike)
        papers = enumerate(index.papers.values())
        ties = sorted((len(paper.abstract) or math.inf, paper.key, number) for number, paper in papers)
        #: Each paper's position in the order that breaks ties: where a word is as frequent, it weighs more in fewer
        #: words. Keys come last.
        self.tie_ranks = np.empty(len(index), np.int32)
        self.tie_ranks[[number for _, _, number in ties]] = np.arange(len(index), dtype=np.int32)

    def reweighed(self, ranking: tuple[tuple[str, float], ...]) -> Matcher:
        """Return a matcher over the same index with some weights overridden, as by a profile's [ranking]."""
        if not ranking:
            return self
        if ranking not in self._reweighed:
            if len(self._reweighed) >= _MAX_REWEIGHED:
                del self._reweighed[next(iter(self._reweighed))]
            weights = replace(self.weights, **dict(ranking))
            other = Matcher(self.index, self._statistics, weights, self._scores)
            other.alike, other.neighbourhood = self.alike, self.neighbourhood  # weights do not change what is alike
            self._reweighed[ranking] = other
        return self._reweighed[ranking]

    def afresh(self, scores: Scores | None) -> Matcher:
        """Return a matcher over the same index that has evaluated nothing yet, with these scores by models.

        It shares what takes long to compute of the papers alone, and nothing that grows with each query.
        """
        other = Matcher(self.index, self._statistics, self.weights, scores)
        other.alike, other.neighbourhood = self.alike, self.neighbourhood
        return other

    def node(self, query: str) -> Node:
        """Return the syntax tree of a query.

        Raises:
            QueryError: The query is invalid.
        """
        if query not in self._nodes:
            self._nodes[query] = parse(query)
        return self._nodes[query]

    def find(self, query: str | Node) -> tuple[int, int]:
        """Return the bit sets of the papers that match, and of those that only an exclusion ("-survey") rejects.

        Raises:
            QueryError: The query is invalid.
        """
        if not isinstance(query, str):
            matches, wanted = matching(self.index, query)
            return matches, wanted & ~matches
        if query not in self._answers:
            self._answers[query] = self.find(self.node(query))
        return self._answers[query]

    def evaluate(self, query: str) -> QueryResult:
        """Evaluate a query over all papers.

        Raises:
            QueryError: The query is invalid.
        """
        if query not in self._results:
            node, (bits, rejected) = self.node(query), self.find(query)
            matches, excluded = self.index.flags(bits), self.index.flags(rejected)
            strength = np.where(matches, self._strength(node), np.float32(0))
            passing = self.index.flags(in_passing(self.index, node))
            claim = _claim(matches, passing, strength, self._statistics.breadth(node))
            self._make_room()
            self._results[query] = QueryResult(matches, excluded, strength, passing, claim, bits, rejected)
        else:  # the one that was asked for longest ago is forgotten first
            self._results[query] = self._results.pop(query)
        return self._results[query]

    def judged(self, query: str) -> QueryResult:
        """Evaluate a query, without a claim to papers that its model leaves out: these are of no topic, or another's.

        Raises:
            QueryError: The query is invalid.
        """
        result = self.evaluate(query)
        if query not in self._judged:
            close = self.closeness(query)
            if close is not None and close.left_out.any():
                claim = np.where(close.left_out, -1.0, result.claim)
                result = replace(result, claim=claim, bits=result.bits & ~bit_set(close.left_out))
            self._judged[query] = result
        return self._judged[query]

    def _make_room(self) -> None:
        """Forget a query, once there are too many: subscribers have queries of their own, which nobody shares."""
        if len(self._results) >= self._max_queries:
            query = next(iter(self._results))
            for known in (
                self._results,
                self._judged,
                self._nodes,
                self._answers,
                self._added,
                self._closeness,
                self._excluded_words,
            ):
                known.pop(query, None)
            for day in self._base:
                self._rankings.pop((query, day), None)
                self._items.pop((query, day), None)

    def added(self, query: str) -> Numbers:
        """Return what a topic adds to the score of the papers it gets; popularity adds less to mentions in passing."""
        if query not in self._added:
            result, close = self.evaluate(query), self.closeness(query)
            lifted = np.float32(self.weights.outright)
            added = result.strength + np.where(result.passing, self._tamed, lifted)
            self._added[query] = added if close is None else added + close.added
        return self._added[query]

    def reasons(self, query: str, number: int) -> tuple[Reason, ...]:
        """Return the reasons for showing a paper in the section of a topic that it matches."""
        close = self.closeness(query)
        marginal = (Reason(ReasonKind.PASSING),) if close and close.marginal[number] else ()
        return (*self.reasons_of_node(self.node(query), number), *marginal)

    def reasons_of_node(self, node: Node, number: int) -> tuple[Reason, ...]:
        """Return the terms for which a paper matches a query as reasons."""
        terms = terms_found(self.index, node, number) or ()
        places = [(term, self.index.place(term, number)) for term, _ in terms]
        return reasons_for([(term, place) for term, place in places if place is not None])

    def items(self, query: str, today: date) -> dict[int, Item]:
        """Return the papers that were shown under a topic, as items with the scores of everybody; add to it."""
        return self._items.setdefault((query, today), {})

    def closeness(self, query: str) -> Closeness | None:
        """Return how close the papers are to a topic, or None for a query without a model."""
        if query not in self._closeness:
            scores = self._scores(query) if self._scores else None
            node, matches, known = self.node(query), self.evaluate(query).matches, self._statistics
            self._closeness[query] = None if scores is None else closeness(
                self.index, node, matches, scores, self.weights, known.rarity, is_sweeping=is_sweeping(node, known)
            )  # fmt: skip
        return self._closeness[query]

    def nearness(self, query: str) -> Numbers:
        """Return how near each paper is to those that match a query: 1 is as near as these, 0 shares no word."""
        terms = map(self.index.bits, wanted_terms(self.node(query)))
        return self.neighbourhood.nearness(query, self.find(query)[0], terms)

    def excluded_words(self, query: str) -> Flags:
        """Return which papers hold what a query excludes, whether they match the rest of it or not."""
        if query not in self._excluded_words:
            self._excluded_words[query] = excluded_words(self.index, self.node(query))
        return self._excluded_words[query]

    def paper(self, number: int) -> Paper:
        """Return the paper of a number, its position in the arrays."""
        return self.index.papers[self.index.ids[number]]

    def kept(self, sent_before: Iterable[int], old: AbstractSet[int] = frozenset()) -> int:
        """Return the papers that are not among those of some ids, nor of others that many leave out, as a bit set."""
        kept = self._without(old)
        for paper_id in sent_before:
            if (number := self._numbers.get(paper_id)) is not None:
                kept &= ~(1 << number)
        return kept

    def _without(self, old: AbstractSet[int]) -> int:
        known = self._kept.get(id(old))
        if known is None or known[0] is not old:
            if len(self._kept) >= _MAX_WINDOWS:
                self._kept.clear()
                self._orders.clear()
                self._rankings.clear()
            left = np.ones(len(self.index), np.bool_)
            left[[self._numbers[one] for one in old if one in self._numbers]] = False
            known = self._kept[id(old)] = old, bit_set(left)
        return known[1]

    def base_scores(self, today: date) -> Numbers:
        """Return the scores of all papers without a match: popularity and freshness."""
        if today not in self._base:
            papers = self.index.papers.values()
            self._base[today] = np.array([score(paper, 0, today, self.weights).total for paper in papers], np.float32)
        return self._base[today]

    def ranked(self, today: date, query: str, old: AbstractSet[int]) -> Mapping[int, float]:
        """Return the papers that a query gets and their scores, the best first, without some that many leave out."""
        kept = self._without(old)
        known = self._rankings.setdefault((query, today), {})
        if (ranking := known.get(kept)) is None:
            scores = self.base_scores(today) + self.added(query)
            ranking = known[kept] = self.scored(self.judged(query).bits & kept, scores)
        return ranking

    def ranked_without_topic(self, today: date, old: AbstractSet[int]) -> NDArray[np.intp]:
        """Return all papers by their scores without a match, the best first, without some that many leave out."""
        kept = self._without(old)
        known = self._orders.setdefault(today, {})
        if (order := known.get(kept)) is None:
            order = known[kept] = self.order(np.flatnonzero(self.index.flags(kept)), self.base_scores(today))
        return order

    def scored(self, papers: int, scores: Numbers) -> dict[int, float]:
        """Return the papers of a bit set and their scores, the best first."""
        order = self.order(np.flatnonzero(self.index.flags(papers)), scores)
        return dict(zip(order.tolist(), scores[order].tolist(), strict=True))

    def order(self, numbers: NDArray[np.intp], scores: Numbers) -> NDArray[np.intp]:
        """Return papers by descending score; ties are broken."""
        ordered: NDArray[np.intp] = numbers[np.lexsort((self.tie_ranks[numbers], -scores[numbers]))]
        return ordered

    def found(self, node: Node, number: int, *, ignores_exclusions: bool = False) -> list[tuple[Term, Field, float]]:
        """Return the terms for which a paper matches a query, with the strongest field and the strength of each.

        The terms of an "and" that does not hold are not among them, nor are those of a query that excludes the paper,
        unless `ignores_exclusions`.
        """
        found = terms_found(self.index, node, number, ignores_exclusions=ignores_exclusions) or []
        places = ((term, self.index.place(term, number), weight) for term, weight in found)
        return [
            (term, place, float(self._strength(term)[number]) * weight)
            for term, place, weight in places
            if place is not None
        ]

    def _strength(self, node: Node) -> Numbers:
        """Return the strength with which each paper matches a node; 0 if it does not."""
        match node:
            case Term():
                return self._term_strength(node)
            case Not():
                return np.zeros(len(self.index), np.float32)
            case Boost():
                return self._strength(node.part) * np.float32(node.factor)
            case All():
                total: Numbers = np.add.reduce([self._strength(part) for part in node.parts])
                return np.where(self.index.flags(matching(self.index, node)[0]), total, np.float32(0))
            case Any():
                strengths = np.array([self._strength(part) for part in node.parts])
                best: Numbers = np.maximum.reduce(strengths)
                # Alternatives are often synonyms ("LLM", "language model"), so each further one counts less.
                rest: Numbers = np.add.reduce(strengths) - best
                return best + np.float32(self.weights.further) * rest

    def _term_strength(self, term: Term) -> Numbers:
        """Return the BM25F strength of a term: weighted field frequencies, saturated, times rarity.

        Source: Robertson, Zaragoza, Taylor: "Simple BM25 Extension to Multiple Weighted Fields", CIKM 2004.
        """
        if term not in self._strengths:
            if len(self._strengths) >= _MAX_TERMS:
                del self._strengths[next(iter(self._strengths))]
            frequency = self._field_weights @ self.index.counts(term)
            saturated = frequency * (self.weights.k1 + 1) / (frequency + self.weights.k1)
            rarity = self.weights.match * self._statistics.rarity(term)
            known = (rarity * saturated).astype(np.float32)
            places = np.flatnonzero(known)
            self._strengths[term] = places, known[places]
        strength = np.zeros(len(self.index), np.float32)
        numbers, values = self._strengths[term]
        strength[numbers] = values
        return strength


def _claim(matches: Flags, passing: Flags, strength: Numbers, breadth: float) -> NDArray[np.float64]:
    """Return how good a claim a topic has to each paper: the narrower it is, and in passing, the stronger its match."""
    strong = strength.astype(np.float64)
    in_passing = strong / (1 + strong)  # below any that a title makes
    return np.where(matches, np.where(passing, in_passing, 2 - breadth + 1e-6 * in_passing), -1.0)
