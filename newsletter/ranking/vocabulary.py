"""TF-IDF vectors of texts by a vocabulary that is fixed: those of scikit-learn, without importing it.

Its import takes a second and 90 MB, and an edition is planned with nothing else of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsletter.text import normalize

#: What counts as a word, as `TfidfVectorizer` is told.
WORD = r"(?u)\b[a-zA-Z_][a-zA-Z0-9_]+\b"
_WORD = re.compile(WORD)


@dataclass(frozen=True)
class Vocabulary:
    """Terms in the order of the columns, each with its inverse document frequency."""

    terms: tuple[str, ...]
    idf: NDArray[np.float64]
    #: Whether pairs of adjacent words are terms, too.
    has_pairs: bool = False
    #: Left out before pairs are made.
    stop_words: frozenset[str] = frozenset()

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {term: column for column, term in enumerate(self.terms)}

    def transform(self, texts: Sequence[str]) -> Any:
        """Return the vectors of texts, as a sparse matrix (texts × terms) of rows of unit length.

        A term weighs 1 + log(its frequency), times its inverse document frequency.
        """
        from scipy.sparse import csr_matrix  # noqa: PLC0415 - comes with scikit-learn

        columns: list[int] = []
        frequencies: list[int] = []
        ends = [0]
        for text in texts:
            found = sorted(self._count(text).items())
            columns += [column for column, _ in found]
            frequencies += [frequency for _, frequency in found]
            ends.append(len(columns))
        places, rows = np.array(columns, np.int32), np.repeat(np.arange(len(texts)), np.diff(ends))
        weights = (np.log(np.array(frequencies, np.float64)) + 1) * self.idf[places]
        lengths = np.sqrt(np.bincount(rows, weights**2, len(texts)))
        return csr_matrix((weights / lengths[rows], places, ends), shape=(len(texts), len(self.terms)))

    def _count(self, text: str) -> Counter[int]:
        words = _WORD.findall(_without_accents(text.lower()))
        if self.stop_words:
            words = [word for word in words if word not in self.stop_words]
        terms = [*words, *map(" ".join, pairwise(words))] if self.has_pairs else words
        columns = self._columns
        return Counter([columns[term] for term in terms if term in columns])


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    return "".join([character for character in normalize("NFKD", text) if not unicodedata.combining(character)])
