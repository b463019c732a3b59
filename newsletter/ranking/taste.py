"""Taste models: what a subscriber likes, learned from their explicit feedback on papers. Clicks are not tracked.

The centroid of liked papers less a share of the disliked ones near them (Rocchio, 1971) is a direction of the
embedding. The nearest papers of the archive are added to it, because a few examples carry little information
(pseudo-relevance feedback). A linear classifier of TF-IDF vectors, as in arxiv-sanity-lite, sharpens this as the
feedback grows. Feedback counts less with age, since tastes change.

Both are linear, so that a model is two short vectors, and scoring a paper takes two dot products.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from newsletter.ranking.embedding import PaperVectors, Vectors

#: Number of nearest papers of the archive for pseudo-relevance feedback.
_NEAREST = 50
#: Weights of disliked papers and of the classifier.
_DISLIKED = 0.5
_CLASSIFIER = 0.5
#: Feedback of any age counts this much.
_LEAST_WEIGHT = 0.001


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


def fading(ages_days: Sequence[float], half_life_days: float) -> Vectors:
    """Return the weight of feedback by its age: that of the latest is 1, and it halves with every half-life.

    Only ages relative to each other matter, so that a model stays as it is for as long as no feedback is given.
    """
    ages = np.array(ages_days, np.float64)
    weights: Vectors = np.exp2((ages.min(initial=np.inf) - ages) / half_life_days).astype(np.float32)
    return weights.clip(_LEAST_WEIGHT)


def learn(
    archive: PaperVectors,
    liked: Sequence[int],
    disliked: Sequence[int] = (),
    weights: Mapping[int, float] | None = None,
) -> TasteModel | None:
    """Learn a taste model from the rows of liked and disliked papers in the archive; None without a liked one.

    Args:
        archive: The vectors of the papers that are known.
        liked: The rows of the papers that are liked.
        disliked: The rows of those that are not. One counts the more, the nearer it is to what is liked: a paper
            of another field says nothing about which papers of this one are wanted.
        weights: What the feedback on a row counts, if not 1.
    """
    if not len(liked):
        return None
    counts = weights or {}
    likes = np.array([counts.get(row, 1.0) for row in liked], np.float32)
    dislikes = np.array([counts.get(row, 1.0) for row in disliked], np.float32)
    towards = _unit(np.average(archive.meanings[list(liked)], axis=0, weights=likes))
    if len(disliked):
        towards = _unit(towards - np.float32(_DISLIKED) * _nearby(archive.meanings[list(disliked)], dislikes, towards))
    nearest = np.argsort(-(archive.meanings @ towards), kind="stable")[:_NEAREST]
    towards = _unit(towards + archive.meanings[nearest].mean(axis=0))
    words = _classifier(archive, liked, disliked, likes / likes.mean(), dislikes)
    direction, classifier = archive.meanings @ towards, (archive.words @ words).astype(np.float32)
    by_direction, by_words = _scale(direction), _scale(classifier)
    both = by_direction.standard(direction) + np.float32(_CLASSIFIER) * by_words.standard(classifier)
    return TasteModel(towards, words, (by_direction, by_words, _scale(both)))


def _nearby(disliked: Vectors, weights: Vectors, towards: Vectors) -> Vectors:
    """Return the mean of disliked papers, each weighted by how near it is to a direction; far ones add up to little."""
    nearness = weights * np.maximum(disliked @ towards, 0)
    return np.asarray(nearness @ disliked / max(1.0, float(nearness.sum())), np.float32)


def _classifier(
    archive: PaperVectors, liked: Sequence[int], disliked: Sequence[int], likes: Vectors, dislikes: Vectors
) -> Vectors:
    """Return the coefficients of a linear SVM that separates liked papers from all others.

    The settings are those of arxiv-sanity-lite (C = 0.01, balanced); disliked papers weigh ten times as much as
    negative examples.
    """
    from sklearn.svm import LinearSVC  # noqa: PLC0415 - takes a second to import

    labels = np.zeros(len(archive.meanings), np.int8)
    labels[list(liked)] = 1
    importance = np.ones(len(labels))
    importance[list(liked)] = likes
    importance[list(disliked)] = np.maximum(1, 10 * dislikes)
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
