"""Which papers hold which words: built once for an edition's papers, asked once per distinct keyword."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.models import Paper, Topic
from newsletter.text import words


class Field(StrEnum):
    """Where in a paper a keyword was found, the strongest place first."""

    TITLE = "title"
    KEYWORDS = "keywords"
    ABSTRACT = "abstract"


@dataclass(frozen=True, slots=True)
class Match:
    """How one paper answers one topic."""

    #: Each of the topic's keywords that was found, as the topic spells it, and the strongest place it was found in.
    found: Mapping[str, Field] = field(default_factory=dict)
    #: The first of the topic's exclusions that was found, or None.
    excluded_by: str | None = None


class PaperIndex:
    """An inverted index of some papers: word → papers, then the words' order checked for phrases."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        self.papers = {paper.id: paper for paper in papers}
        #: Those with a newer version than the store first saw.
        self.revised = tuple(paper for paper in papers if paper.revised_at is not None)
        self._texts = {paper.id: _texts(paper) for paper in papers}
        self._holders: dict[str, set[int]] = {}
        for paper_id, texts in self._texts.items():
            for text in texts.values():
                for word in text.strip().split():
                    self._holders.setdefault(word, set()).add(paper_id)
        self._found: dict[str, dict[int, Field]] = {}
        self._matches: dict[Topic, dict[int, Match]] = {}

    def match(self, topic: Topic) -> dict[int, Match]:
        """Return the papers, by id, that hold a keyword of `topic`, those with an exclusion included."""
        if topic not in self._matches:
            found: dict[int, dict[str, Field]] = {}
            for keyword in topic.keywords:
                for paper_id, place in self.find(keyword).items():
                    found.setdefault(paper_id, {})[keyword] = place
            exclusions = [(excluded, self.find(excluded)) for excluded in topic.excluded]
            self._matches[topic] = {
                paper_id: Match(keywords, next((word for word, hits in exclusions if paper_id in hits), None))
                for paper_id, keywords in found.items()
            }
        return self._matches[topic]

    def find(self, keyword: str) -> dict[int, Field]:
        """Return the papers, by id, that hold all words of `keyword` side by side, and the strongest place."""
        phrase = words(keyword)
        needle = _spaced(phrase)
        if needle not in self._found:
            holders = [self._holders.get(word, set()) for word in phrase]
            candidates = set.intersection(*holders) if holders else set()
            places = ((paper_id, _strongest(self._texts[paper_id], needle)) for paper_id in sorted(candidates))
            self._found[needle] = {paper_id: place for paper_id, place in places if place}
        return self._found[needle]


def _texts(paper: Paper) -> dict[Field, str]:
    return {
        Field.TITLE: _spaced(words(paper.title)),
        # The bar keeps a phrase from running from one keyword into the next.
        Field.KEYWORDS: "|".join(_spaced(words(keyword)) for keyword in paper.keywords),
        Field.ABSTRACT: _spaced(words(paper.abstract)),
    }


def _spaced(phrase: Sequence[str]) -> str:
    """Join words so that a phrase is found in a text by plain search, and only as whole words."""
    return f" {' '.join(phrase)} "


def _strongest(texts: Mapping[Field, str], needle: str) -> Field | None:
    return next((place for place, text in texts.items() if needle in text), None)
