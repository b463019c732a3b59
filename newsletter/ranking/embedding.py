"""Papers as numbers, so that what is alike is near: the words they hold, and places in a space of meanings.

The space is latent semantic indexing (Deerwester et al., JASIS 41(6), 1990) of words and pairs of words. It is learned
from an archive once and kept; later papers are placed in it as they come.

Needs scikit-learn, which the extra `taste` installs.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsletter.errors import NewsletterError, install_command
from newsletter.models import Facts

Vectors = NDArray[np.float32]

_DIMENSIONS = 100
_FEWEST_PAPERS = 20
_SMALL = 500
_FORM = {"strip_accents": "unicode", "token_pattern": r"(?u)\b[a-zA-Z_][a-zA-Z0-9_]+\b", "sublinear_tf": True}


@dataclass(frozen=True, slots=True)
class PaperVectors:
    """Some papers as the words they hold (sparse, papers × words) and as meanings (papers × dimensions, length 1)."""

    words: Any
    meanings: Vectors


@dataclass(frozen=True, slots=True)
class Embedding:
    """What turns papers into numbers."""

    #: Vectorizers of words, and of words and pairs, that know their vocabularies.
    single: Any
    pairs: Any
    #: dimensions × (words and pairs)
    axes: Vectors

    def place(self, papers: Sequence[Facts]) -> PaperVectors:
        """Place papers, whether the space was learned from them or not."""
        from sklearn.preprocessing import normalize  # noqa: PLC0415

        texts = list(map(_text, papers))
        meanings = self.pairs.transform(texts) @ self.axes.T
        return PaperVectors(self.single.transform(texts), normalize(meanings).astype(np.float32))

    def pack(self) -> bytes:
        """Return the space as bytes; the axes lose digits that do not matter."""
        content = io.BytesIO()
        np.savez_compressed(
            content,
            single=_vocabulary(self.single), single_idf=self.single.idf_.astype(np.float32),
            pairs=_vocabulary(self.pairs), pairs_idf=self.pairs.idf_.astype(np.float32),
            axes=self.axes.astype(np.float16),
        )  # fmt: skip
        return content.getvalue()


def is_installed() -> bool:
    """Tell whether scikit-learn is there."""
    return find_spec("sklearn") is not None


def make_embedding(papers: Sequence[Facts]) -> Embedding | None:
    """Learn a space from an archive; None if there is too little to learn from.

    Raises:
        NewsletterError: scikit-learn is not installed.
    """
    if not is_installed():
        raise NewsletterError("learning a reader's taste needs scikit-learn", hint=install_command("taste"))
    from sklearn.decomposition import TruncatedSVD  # noqa: PLC0415 - takes a second to import

    if len(papers) < _FEWEST_PAPERS:
        return None
    texts = list(map(_text, papers))
    # Words that most papers hold say little, but in a small archive many words are such.
    few, most = (2, 0.6) if len(papers) < _SMALL else (3, 0.1)
    single = _vectorizer(max_features=20_000, max_df=most, min_df=few)
    pairs = _vectorizer(max_features=60_000, max_df=most, min_df=few, ngram_range=(1, 2), stop_words="english")
    try:
        single.fit(texts)
        both = pairs.fit_transform(texts)
    except ValueError:  # nothing but words that all papers or only one hold
        return None
    dimensions = min(_DIMENSIONS, both.shape[1] - 1, len(papers) - 1)
    if dimensions < 2:
        return None
    axes = TruncatedSVD(dimensions, n_iter=4, random_state=0).fit(both).components_
    return Embedding(single, pairs, axes.astype(np.float32))


def unpack_embedding(content: bytes) -> Embedding:
    """Return the space that `Embedding.pack` made these bytes of."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        single = _known(arrays["single"], arrays["single_idf"])
        pairs = _known(arrays["pairs"], arrays["pairs_idf"], ngram_range=(1, 2), stop_words="english")
        return Embedding(single, pairs, arrays["axes"].astype(np.float32))


def _text(paper: Facts) -> str:
    return f"{paper.title} {paper.abstract}"


def _vectorizer(**settings: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415

    return TfidfVectorizer(**_FORM, **settings)


def _vocabulary(vectorizer: Any) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(vectorizer.get_feature_names_out()).encode(), np.uint8)


def _known(vocabulary: NDArray[np.uint8], idf: Vectors, **settings: Any) -> Any:
    vectorizer = _vectorizer(vocabulary=vocabulary.tobytes().decode().split("\n"), **settings)
    vectorizer.idf_ = idf.astype(np.float64)
    return vectorizer
