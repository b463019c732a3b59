"""A query × an index → which papers it matches, how well, and what it keeps out: arrays joined by the query's tree.

The tree is walked once for each distinct query, its terms are looked up once for each index; what remains for each
of thousands of topics is the joining of a few short arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from newsletter.models import Paper
from newsletter.ranking.diversity import Similarity
from newsletter.ranking.index import Field, Flags, Numbers, PaperIndex, Statistics
from newsletter.ranking.score import score
from newsletter.ranking.weights import Weights
from newsletter.topics.query import All, Any, Boost, Node, Not, Term, parse


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What a query found; every array has a place for each paper of the index."""

    matches: Flags
    #: Papers that match but for something the query does not want ("-survey").
    excluded: Flags
    #: How well each matching paper matches; 0 for the others.
    strength: Numbers


class Matcher:
    """Answers queries over the papers of one index."""

    def __init__(self, index: PaperIndex, statistics: Statistics | None = None, weights: Weights | None = None) -> None:
        self.index = index
        self.weights = weights or Weights()
        self._statistics = statistics or Statistics(lambda: index)
        chosen = self.weights
        # In the order of `Field`: author, org, cat and source are alike.
        of_fields = [chosen.title, chosen.keywords, chosen.abstract, *[chosen.name] * 4]
        self._field_weights = np.array(of_fields, np.float32)
        self._reweighed: dict[tuple[tuple[str, float], ...], Matcher] = {(): self}
        self._nodes: dict[str, Node] = {}
        self._found: dict[str, tuple[int, int]] = {}
        self._answers: dict[str, QueryResult] = {}
        self._strengths: dict[Term, Numbers] = {}
        self._base: dict[date, Numbers] = {}
        self.alike = Similarity(list(index.papers.values()))
        keys = sorted((paper.key, number) for number, paper in enumerate(index.papers.values()))
        #: The place of each paper in the order of keys, by which equals are ranked.
        self.key_ranks = np.empty(len(index), np.int32)
        self.key_ranks[[number for _, number in keys]] = np.arange(len(index), dtype=np.int32)

    def reweighed(self, ranking: tuple[tuple[str, float], ...]) -> Matcher:
        """Return what answers queries over the same papers by other weights, those of one reader's profile."""
        if ranking not in self._reweighed:
            weights = replace(self.weights, **dict(ranking))
            self._reweighed[ranking] = Matcher(self.index, self._statistics, weights)
        return self._reweighed[ranking]

    def node(self, query: str) -> Node:
        """Return a query's tree, read once.

        Raises:
            QueryError: It is no query.
        """
        if query not in self._nodes:
            self._nodes[query] = parse(query)
        return self._nodes[query]

    def find(self, query: str | Node) -> tuple[int, int]:
        """Return the bits of the papers that match, and of those that only an exclusion keeps out ("-survey").

        Raises:
            QueryError: It is no query.
        """
        if not isinstance(query, str):
            matches, wanted = self._bits(query)
            return matches, wanted & ~matches
        if query not in self._found:
            self._found[query] = self.find(self.node(query))
        return self._found[query]

    def evaluate(self, query: str) -> QueryResult:
        """Return what a query finds, and how well each paper matches.

        Raises:
            QueryError: It is none.
        """
        if query not in self._answers:
            matches, excluded = map(self.index.flags, self.find(query))
            strength = np.where(matches, self._strength(self.node(query)), np.float32(0))
            self._answers[query] = QueryResult(matches, excluded, strength)
        return self._answers[query]

    def paper(self, number: int) -> Paper:
        """Return the paper that has a place in the arrays."""
        return self.index.papers[self.index.ids[number]]

    def base_scores(self, today: date) -> Numbers:
        """Return what each paper is worth whatever it is about: popularity and freshness."""
        if today not in self._base:
            papers = self.index.papers.values()
            self._base[today] = np.array([score(paper, 0, today, self.weights).total for paper in papers], np.float32)
        return self._base[today]

    def found(self, node: Node, number: int) -> list[tuple[Term, Field, float]]:
        """Return the wanted terms that a paper holds, where it holds each most, and what that is worth."""
        match node:
            case Term():
                place = self.index.place(node, number)
                return [] if place is None else [(node, place, float(self._strength(node)[number]))]
            case Any() | All():
                return [hit for part in node.parts for hit in self.found(part, number)]
            case Boost():
                return [(term, place, worth * node.factor) for term, place, worth in self.found(node.part, number)]
            case Not():
                return []

    def _bits(self, node: Node) -> tuple[int, int]:
        """Return the bits of what matches, and of what would if everything under a "-" were left out of account."""
        match node:
            case Term():
                found = self.index.bits(node)
                return found, found
            case Boost():
                return self._bits(node.part)
            case Not():
                return self.index.all & ~self._bits(node.part)[0], self.index.all
            case All():
                matches = wanted = self.index.all
                for part in node.parts:
                    found, asked = self._bits(part)
                    matches, wanted = matches & found, wanted & asked
                return matches, wanted
            case Any():
                matches = wanted = 0
                for part in node.parts:
                    found, asked = self._bits(part)
                    matches, wanted = matches | found, wanted | asked
                return matches, wanted

    def _strength(self, node: Node) -> Numbers:
        """Return how well each paper matches a part of a query; 0 where it does not."""
        match node:
            case Term():
                return self._term(node)
            case Not():
                return np.zeros(len(self.index), np.float32)
            case Boost():
                return self._strength(node.part) * np.float32(node.factor)
            case All():
                total: Numbers = np.add.reduce([self._strength(part) for part in node.parts])
                return np.where(self.index.flags(self._bits(node)[0]), total, np.float32(0))
            case Any():
                strengths = [self._strength(part) for part in node.parts]
                best: Numbers = np.maximum.reduce(strengths)
                # Alternatives often say the same thing ("LLM", "language model"), so each further one counts less.
                rest: Numbers = np.add.reduce(strengths) - best
                return best + np.float32(self.weights.further) * rest

    def _term(self, term: Term) -> Numbers:
        """Weigh a term as BM25F does: fields weighted first, then saturated, then by rarity.

        Robertson, Zaragoza, Taylor: "Simple BM25 Extension to Multiple Weighted Fields", CIKM 2004.
        """
        if term not in self._strengths:
            frequency = self._field_weights @ self.index.counts(term)
            saturated = frequency * (self.weights.k1 + 1) / (frequency + self.weights.k1)
            rarity = self.weights.match * self._statistics.rarity(term)
            self._strengths[term] = (rarity * saturated).astype(np.float32)
        return self._strengths[term]
