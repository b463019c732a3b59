"""TF-IDF vectors of texts by a vocabulary that is fixed: those of scikit-learn, without importing it.

Its import takes a second and 90 MB, and an edition is planned with nothing else of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
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

        found = list(map(self._find, texts))
        rows = np.repeat(np.arange(len(texts)), np.fromiter(map(len, found), np.int64, len(found)))
        columns = np.fromiter(chain.from_iterable(found), np.int64, len(rows))
        # Each column of each text once, in their order.
        cells, frequencies = np.unique(rows * len(self.terms) + columns, return_counts=True)
        rows, columns = np.divmod(cells, max(1, len(self.terms)))
        weights = (np.log(frequencies.astype(np.float64)) + 1) * self.idf[columns]
        lengths = np.sqrt(np.bincount(rows, weights**2, len(texts)))
        ends = np.searchsorted(rows, np.arange(len(texts) + 1))
        return csr_matrix(
            (weights / lengths[rows], columns.astype(np.int32), ends), shape=(len(texts), len(self.terms))
        )

    def _find(self, text: str) -> list[int]:
        """Return the columns of the terms of a text, as often as it has them."""
        words = _WORD.findall(_without_accents(text.lower()))
        if self.stop_words:
            words = [word for word in words if word not in self.stop_words]
        terms = [*words, *map(" ".join, pairwise(words))] if self.has_pairs else words
        return [column for column in map(self._columns.get, terms) if column is not None]


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    return "".join([character for character in normalize("NFKD", text) if not unicodedata.combining(character)])
