"""TF-IDF + SVD embedding of papers: similar papers have similar vectors.

Latent semantic indexing (Deerwester et al., JASIS 41(6), 1990) of words and bigrams. The embedding is fitted to the
archive once and stored; later papers are transformed by it.

Requires scikit-learn, which the extra `taste` installs.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsletter.errors import NewsletterError
from newsletter.errors.installation import has_scikit_learn, install_command
from newsletter.models import Facts
from newsletter.ranking.vocabulary import WORD, Vocabulary
from newsletter.text.tokenizer import words as words_of

Vectors = NDArray[np.float32]

#: An embedding is fitted anew after this long, since new words come up.
MAX_AGE = timedelta(days=30)
#: Topics are judged by all dimensions, tastes by the first, which say enough of them.
DIMENSIONS = 200
TASTE_DIMENSIONS = 100
#: How much a title alone counts beside the title and the abstract together, where topics are judged.
_TITLE = np.float32(0.5)
_MIN_PAPERS = 20
#: Archives with fewer papers keep rarer and more frequent words.
_SMALL_ARCHIVE = 500
#: Tastes look at the embedding with so many of its dimensions.
_RESOLUTIONS = (20, 50, 100)


@dataclass(frozen=True)
class PaperVectors:
    """The vectors of some papers: TF-IDF (sparse, papers × words) and embedding (papers × dimensions, unit length)."""

    words: Any
    meanings: Vectors

    @cached_property
    def resolved(self) -> Vectors:
        """Vectors whose dot product is the mean of the cosines by the first few, more and all dimensions."""
        parts = [unit(self.meanings[:, :dimensions]) for dimensions in _RESOLUTIONS]
        return np.hstack(parts) / np.float32(np.sqrt(len(parts)))


@dataclass(frozen=True, slots=True)
class Embedding:
    """A fitted embedding: vocabularies for TF-IDF vectors, and the axes of the truncated SVD."""

    #: Words; and words and pairs of them.
    single: Vocabulary
    pairs: Vocabulary
    #: dimensions × (words and bigrams)
    axes: Vectors

    def place(self, papers: Sequence[Facts]) -> PaperVectors:
        """Return the vectors of papers, whether the embedding was fitted to them or not."""
        texts = list(map(text_of, papers))
        return PaperVectors(self.single.transform(texts), self.place_texts(texts, TASTE_DIMENSIONS))

    def place_texts(self, texts: Sequence[str], dimensions: int = DIMENSIONS) -> Vectors:
        """Return the embedding of texts, such as titles alone, by the first dimensions."""
        return unit(self.pairs.transform(texts) @ self.axes[:dimensions].T)

    def shelve(self, papers: Sequence[Facts]) -> Shelf:
        """Return papers whose places by title may be asked for without some of their words."""
        whole, titles = list(map(text_of, papers)), [paper.title for paper in papers]
        return Shelf(self, self.pairs.transform(whole), self.pairs.transform(titles))

    def place_by_title(self, papers: Sequence[Facts]) -> Vectors:
        """Return the embedding of papers in which a title counts half as much again: it says what they are about."""
        return self.shelve(papers).places

    def pack(self) -> bytes:
        """Serialize the embedding; the axes are rounded to half precision."""
        content = io.BytesIO()
        np.savez_compressed(
            content,
            single=_packed(self.single.terms), single_idf=self.single.idf.astype(np.float32),
            pairs=_packed(self.pairs.terms), pairs_idf=self.pairs.idf.astype(np.float32),
            stop_words=_packed(sorted(self.pairs.stop_words)),
            axes=self.axes.astype(np.float16),
        )  # fmt: skip
        return content.getvalue()


@dataclass(frozen=True)
class Shelf:
    """Papers and their TF-IDF vectors (sparse, papers × words and bigrams), from which they are placed."""

    embedding: Embedding
    #: Of title and abstract, and of the title alone.
    whole: Any
    titles: Any

    @cached_property
    def places(self) -> Vectors:
        """The places of the papers: a title counts half as much again as its words do."""
        axes = self.embedding.axes.T
        return _with_titles(self.whole @ axes, self.titles @ axes)

    def places_without(self, rows: Sequence[int], words: Iterable[str]) -> Vectors:
        """Return the places of some of the papers as if they held none of the words, as `text.tokenizer` folds them."""
        axes = self.embedding.axes.T
        columns = sorted({column for word in words for column in self._columns.get(word, ())})
        whole, titles = self.whole[list(rows)], self.titles[list(rows)]
        hidden = axes[columns]
        return _with_titles(
            whole @ axes - whole[:, columns] @ hidden, titles @ axes - titles[:, columns] @ hidden
        )  # fmt: skip

    def axes_of(self, words: Iterable[str]) -> Vectors:
        """Return orthonormal axes (dimensions × axes) along which the words lie, by themselves."""
        features = self.embedding.pairs.terms
        columns = sorted({c for word in words for c in self._columns.get(word, ()) if " " not in features[c]})
        axes: Vectors = np.linalg.qr(self.embedding.axes[:, columns])[0].astype(np.float32)
        return axes

    @cached_property
    def _columns(self) -> dict[str, list[int]]:
        """The columns of each word: its own, those of its other forms, and those of the bigrams that they are in."""
        columns = defaultdict(list)
        for column, feature in enumerate(self.embedding.pairs.terms):
            for word in words_of(feature):
                columns[word].append(column)
        return dict(columns)


def _with_titles(whole: Vectors, titles: Vectors) -> Vectors:
    return unit(unit(whole) + _TITLE * unit(titles))


def unit(vectors: Vectors) -> Vectors:
    """Return vectors with a length of 1, or of 0 where they have none."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def make_embedding(papers: Sequence[Facts]) -> Embedding | None:
    """Fit an embedding to an archive; return None if it has too few papers or words.

    Raises:
        NewsletterError: scikit-learn is not installed.
    """
    if not has_scikit_learn():
        raise NewsletterError("learning a taste model requires scikit-learn", hint=install_command("taste"))
    from sklearn.decomposition import TruncatedSVD  # noqa: PLC0415 - takes a second to import

    if len(papers) < _MIN_PAPERS:
        return None
    texts = list(map(text_of, papers))
    # Frequent words carry little information, but in a small archive most words are frequent.
    min_df, max_df = (2, 0.6) if len(papers) < _SMALL_ARCHIVE else (3, 0.1)
    single = _vectorizer(max_features=20_000, max_df=max_df, min_df=min_df)
    pairs = _vectorizer(max_features=60_000, max_df=max_df, min_df=min_df, ngram_range=(1, 2), stop_words="english")
    try:
        single.fit(texts)
        both = pairs.fit_transform(texts)
    except ValueError:  # no word is in more than one paper and in fewer than nearly all
        return None
    dimensions = min(DIMENSIONS, both.shape[1] - 1, len(papers) - 1)
    if dimensions < 2:
        return None
    axes = TruncatedSVD(dimensions, n_iter=4, random_state=0).fit(both).components_
    return Embedding(_vocabulary(single), _vocabulary(pairs), axes.astype(np.float32))


def unpack_embedding(content: bytes) -> Embedding:
    """Deserialize an embedding that `Embedding.pack` serialized."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        stop_words = frozenset(_unpacked(arrays["stop_words"])) if "stop_words" in arrays else _english_stop_words()
        single = Vocabulary(_unpacked(arrays["single"]), arrays["single_idf"].astype(np.float64))
        pairs_idf = arrays["pairs_idf"].astype(np.float64)
        pairs = Vocabulary(_unpacked(arrays["pairs"]), pairs_idf, has_pairs=True, stop_words=stop_words)
        return Embedding(single, pairs, arrays["axes"].astype(np.float32))


def text_of(paper: Facts) -> str:
    """Return the text of a paper that its place depends on."""
    return f"{paper.title} {paper.abstract}"


def _vectorizer(**settings: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415

    return TfidfVectorizer(strip_accents="unicode", token_pattern=WORD, sublinear_tf=True, **settings)


def _english_stop_words() -> frozenset[str]:
    """Return scikit-learn's stop words, which embeddings of earlier versions do not name."""
    return frozenset(_vectorizer(stop_words="english").get_stop_words())


def _vocabulary(fitted: Any) -> Vocabulary:
    """Return the vocabulary of a fitted vectorizer."""
    terms, stop_words = tuple(fitted.get_feature_names_out()), frozenset(fitted.get_stop_words() or ())
    return Vocabulary(terms, fitted.idf_, has_pairs=fitted.ngram_range[1] > 1, stop_words=stop_words)


def _packed(words: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(words).encode(), np.uint8)


def _unpacked(words: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(words.tobytes().decode().split("\n"))
