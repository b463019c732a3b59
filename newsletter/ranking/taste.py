"""Taste models: what a subscriber likes, learned from their explicit feedback on papers. Clicks are not tracked.

The centroid of liked papers less a share of the disliked ones (Rocchio, 1971) is a direction of the embedding. The
nearest papers of the archive are added to it, because a few examples carry little information (pseudo-relevance
feedback). A linear classifier of TF-IDF vectors, as in arxiv-sanity-lite, sharpens this as the feedback grows.

Both are linear, so that a model is two short vectors, and scoring a paper takes two dot products.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newsletter.ranking.embedding import PaperVectors, Vectors

#: Number of nearest papers of the archive for pseudo-relevance feedback.
_NEAREST = 50
#: Weights of disliked papers and of the classifier.
_DISLIKED = 0.5
_CLASSIFIER = 0.5


@dataclass(frozen=True, slots=True)
class _Scale:
    """Mean and standard deviation of a score over the archive."""

    mean: float
    deviation: float

    def standard(self, values: Vectors) -> Vectors:
        """Return standard scores (z-scores)."""
        if self.deviation <= 0:
            return np.zeros_like(values)
        return ((values - np.float32(self.mean)) / np.float32(self.deviation)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class TasteModel:
    """The taste of one subscriber."""

    #: A direction of the embedding, of unit length.
    towards: Vectors
    #: The classifier's coefficient of each word; zeros if all papers of the archive are liked.
    words: Vectors
    #: Scales of the scores by direction, by words and by both together.
    scales: tuple[_Scale, _Scale, _Scale]

    def judge(self, placed: PaperVectors) -> Vectors:
        """Return a standard score for each paper: 0 is the average of the archive; most are between -3 and 3."""
        by_direction, by_words, both = self.scales
        direction = by_direction.standard(placed.meanings @ self.towards)
        classifier = by_words.standard((placed.words @ self.words).astype(np.float32))
        return both.standard(direction + np.float32(_CLASSIFIER) * classifier)

    def pack(self) -> bytes:
        """Serialize the model; coefficients are rounded to half precision."""
        content = io.BytesIO()
        scales = np.array([(scale.mean, scale.deviation) for scale in self.scales])
        np.savez_compressed(content, towards=self.towards, words=self.words.astype(np.float16), scales=scales)
        return content.getvalue()


def unpack_taste_model(content: bytes) -> TasteModel:
    """Deserialize a model that `TasteModel.pack` serialized."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        one, two, three = (_Scale(*map(float, scale)) for scale in arrays["scales"])
        return TasteModel(arrays["towards"], arrays["words"].astype(np.float32), (one, two, three))


def learn(archive: PaperVectors, liked: Sequence[int], disliked: Sequence[int] = ()) -> TasteModel | None:
    """Learn a taste model from the rows of liked and disliked papers in the archive; None without a liked one."""
    if not len(liked):
        return None
    towards = _unit(archive.meanings[list(liked)].mean(axis=0))
    if len(disliked):
        towards = _unit(towards - np.float32(_DISLIKED) * archive.meanings[list(disliked)].mean(axis=0))
    nearest = np.argsort(-(archive.meanings @ towards), kind="stable")[:_NEAREST]
    towards = _unit(towards + archive.meanings[nearest].mean(axis=0))
    words = _classifier(archive, liked, disliked)
    direction, classifier = archive.meanings @ towards, (archive.words @ words).astype(np.float32)
    by_direction, by_words = _scale(direction), _scale(classifier)
    both = by_direction.standard(direction) + np.float32(_CLASSIFIER) * by_words.standard(classifier)
    return TasteModel(towards, words, (by_direction, by_words, _scale(both)))


def _classifier(archive: PaperVectors, liked: Sequence[int], disliked: Sequence[int]) -> Vectors:
    """Return the coefficients of a linear SVM that separates liked papers from all others.

    The settings are those of arxiv-sanity-lite (C = 0.01, balanced); disliked papers weigh ten times as much as
    negative examples.
    """
    from sklearn.svm import LinearSVC  # noqa: PLC0415 - takes a second to import

    labels = np.zeros(len(archive.meanings), np.int8)
    labels[list(liked)] = 1
    importance = np.ones(len(labels))
    importance[list(disliked)] = 10
    if labels.all():
        return np.zeros(archive.words.shape[1], np.float32)
    classifier = LinearSVC(class_weight="balanced", C=0.01, max_iter=10_000, tol=1e-6, dual="auto", random_state=0)
    coefficients: Vectors = classifier.fit(archive.words, labels, importance).coef_[0].astype(np.float32)
    return coefficients


def _unit(vector: Vectors) -> Vectors:
    length = float(np.linalg.norm(vector))
    return (vector / length).astype(np.float32) if length > 0 else vector


def _scale(values: Vectors) -> _Scale:
    return _Scale(float(values.mean()), float(values.std()))
