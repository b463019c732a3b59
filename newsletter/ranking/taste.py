"""What a reader likes, learned from the papers they said they want more or less of. No clicks are followed.

Papers are placed in a space of meanings (latent semantic indexing: Deerwester et al., JASIS 41(6), 1990). The mean of
what is liked, less some of what is not (Rocchio, 1971), is a direction in it; its nearest papers in the archive are
added to it, since a few examples say little by themselves (pseudo-relevance feedback). A linear classifier over the
words, as arxiv-sanity-lite's, sharpens this once there are more.

Needs scikit-learn: pip install "newsletter[taste]".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsletter.errors import NewsletterError
from newsletter.models import Paper

Vectors = NDArray[np.float32]

_DIMENSIONS = 100
_NEAREST = 50
_DISLIKED = 0.5
#: The classifier's share: what it adds grows with the examples it learns from.
_CLASSIFIER = 0.5
_FEWEST_PAPERS = 20
_SMALL = 500


@dataclass(frozen=True, slots=True)
class Space:
    """Some papers as the words they hold (sparse) and as places in a space of meanings, in one order."""

    words: Any
    meanings: Vectors


def make_space(papers: Sequence[Paper]) -> Space | None:
    """Place papers; None if they are too few to learn anything from.

    Raises:
        NewsletterError: scikit-learn is not installed.
    """
    try:
        from sklearn.decomposition import TruncatedSVD  # noqa: PLC0415 - takes a second to import
        from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
        from sklearn.preprocessing import normalize  # noqa: PLC0415
    except ImportError as error:
        raise NewsletterError(
            "learning a reader's taste needs scikit-learn", hint="pip install 'newsletter[taste]'"
        ) from error
    if len(papers) < _FEWEST_PAPERS:
        return None
    texts = [f"{paper.title} {paper.abstract}" for paper in papers]
    # Words that most papers hold say little, but in a small archive many words are such.
    few, most = (2, 0.6) if len(papers) < _SMALL else (3, 0.1)
    pattern = r"(?u)\b[a-zA-Z_][a-zA-Z0-9_]+\b"
    single = TfidfVectorizer(
        strip_accents="unicode", token_pattern=pattern, max_features=20_000, sublinear_tf=True, max_df=most, min_df=few
    )
    pairs = TfidfVectorizer(
        strip_accents="unicode", token_pattern=pattern, ngram_range=(1, 2), max_features=60_000, sublinear_tf=True,
        max_df=most, min_df=few, stop_words="english",
    )  # fmt: skip
    try:
        words, both = single.fit_transform(texts), pairs.fit_transform(texts)
    except ValueError:  # nothing but words that all papers or only one hold
        return None
    dimensions = min(_DIMENSIONS, both.shape[1] - 1, len(papers) - 1)
    if dimensions < 2:
        return None
    svd = TruncatedSVD(dimensions, n_iter=4, random_state=0)
    return Space(words, normalize(svd.fit_transform(both)).astype(np.float32))


def taste(space: Space, liked: Sequence[int], disliked: Sequence[int] = ()) -> Vectors:
    """Return how much each paper of a space is to a reader's taste: 0 on average, most between -3 and 3.

    `liked` and `disliked` are places in the space. Without any liked one nothing is known: all zeros.
    """
    if not len(liked):
        return np.zeros(len(space.meanings), np.float32)
    towards = _unit(space.meanings[list(liked)].mean(axis=0))
    if len(disliked):
        towards = _unit(towards - np.float32(_DISLIKED) * space.meanings[list(disliked)].mean(axis=0))
    nearest = np.argsort(-(space.meanings @ towards), kind="stable")[:_NEAREST]
    towards = _unit(towards + space.meanings[nearest].mean(axis=0))
    return _standard(
        _standard(space.meanings @ towards) + np.float32(_CLASSIFIER) * _classified(space, liked, disliked)
    )


def _classified(space: Space, liked: Sequence[int], disliked: Sequence[int]) -> Vectors:
    """Return what a linear classifier of liked papers against all others says, standardised.

    The settings are arxiv-sanity-lite's (C 0.01, balanced); what is disliked counts ten times as a counter-example.
    """
    from sklearn.svm import LinearSVC  # noqa: PLC0415

    labels = np.zeros(len(space.meanings), np.int8)
    labels[list(liked)] = 1
    importance = np.ones(len(labels))
    importance[list(disliked)] = 10
    if labels.all():
        return np.zeros(len(labels), np.float32)
    classifier = LinearSVC(class_weight="balanced", C=0.01, max_iter=10_000, tol=1e-6, dual="auto", random_state=0)
    classifier.fit(space.words, labels, importance)
    return _standard(classifier.decision_function(space.words).astype(np.float32))


def tastes_of(space: Space, places: Mapping[int, int], likes: Mapping[int, bool]) -> Vectors:
    """Return `taste` for a reader who likes (True) or dislikes (False) the papers of some ids.

    `places` are the ids' places in the space; papers that it does not hold teach nothing.
    """
    known = {paper_id: liked for paper_id, liked in likes.items() if paper_id in places}
    liked = [places[paper_id] for paper_id, is_liked in known.items() if is_liked]
    disliked = [places[paper_id] for paper_id, is_liked in known.items() if not is_liked]
    return taste(space, liked, disliked)


def _unit(vector: Vectors) -> Vectors:
    length = float(np.linalg.norm(vector))
    return (vector / length).astype(np.float32) if length > 0 else vector


def _standard(values: Vectors) -> Vectors:
    spread = float(values.std())
    return ((values - values.mean()) / spread).astype(np.float32) if spread > 0 else np.zeros_like(values)
