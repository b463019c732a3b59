"""Taste models: what a subscriber likes, learned from their explicit feedback on papers. Clicks are not tracked.

Two parts, each standardized over the archive, add up. The first is the centroid of liked papers less a share of the
disliked ones near them (Rocchio, 1971), a direction of the embedding to which the nearest papers of the archive are
added, because a few examples carry little information (pseudo-relevance feedback). The second are linear classifiers of
the embedding and of TF-IDF vectors, the latter as in arxiv-sanity-lite. They count the more, the more papers are liked:
with ten, as much as the first. Feedback counts less with age, since tastes change.

The embedding is looked at with few, more and all dimensions at once: the first say which field a paper is of, which is
all that one liked paper can tell, and the later ones what it is about within that.

All parts are linear, so that a model is two short vectors, and scoring a paper takes two dot products.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from newsletter.ranking.embedding import PaperVectors, Vectors, unit

#: Models of another version are learned anew.
VERSION = 2
#: How earlier releases' models begin, and how many bytes of others stand before their arrays.
_ZIP, _HEAD_B = b"PK", 4 * 8
#: Number of nearest papers of the archive for pseudo-relevance feedback.
_NEAREST = 50
#: The share of disliked papers that is taken off the liked ones.
_DISLIKED = 0.5
#: A classifier takes a disliked paper for so many others.
_DISLIKED_AS = 10
#: With so many liked papers, classifiers count as much as the direction.
_EVEN = 10
#: The parts of the classifiers of the embedding and of words.
_BY_MEANING, _BY_WORDS = 0.6, 0.4
#: Feedback of any age counts this much.
_LEAST_WEIGHT = 0.001


@dataclass(frozen=True, slots=True)
class TasteModel:
    """The taste of one subscriber."""

    #: A direction of the embedding at all of its resolutions.
    towards: Vectors
    #: A coefficient of each word; zeros if all papers of the archive are liked.
    words: Vectors
    #: Mean and standard deviation of the scores of the archive.
    scale: tuple[float, float]

    def judge(self, placed: PaperVectors) -> Vectors:
        """Return a standard score for each paper: 0 is the average of the archive; most are between -3 and 3."""
        scores = placed.resolved @ self.towards + placed.words @ self.words
        mean, deviation = self.scale
        return ((scores - mean) / deviation if deviation > 0 else np.zeros(len(scores))).astype(np.float32)

    def pack(self) -> bytes:
        """Serialize the model; coefficients of words are rounded to half precision.

        It is read for each digest of who has a taste, so that nothing is compressed: that would save a tenth.
        """
        head = np.array([VERSION, *self.scale, len(self.towards)], "<f8").tobytes()
        return head + self.towards.astype("<f4").tobytes() + self.words.astype("<f2").tobytes()


def unpack_taste_model(content: bytes) -> TasteModel | None:
    """Deserialize a model that `TasteModel.pack` serialized; None if it is of another version."""
    if content.startswith(_ZIP):
        return _unpack_zipped(content)
    version, mean, deviation, dimensions = np.frombuffer(content, "<f8", 4).tolist()
    if version != VERSION:
        return None
    towards = np.frombuffer(content, "<f4", int(dimensions), _HEAD_B).astype(np.float32)
    words = np.frombuffer(content, "<f2", offset=_HEAD_B + 4 * len(towards)).astype(np.float32)
    return TasteModel(towards, words, (mean, deviation))


def _unpack_zipped(content: bytes) -> TasteModel | None:
    """Deserialize a model of an earlier release, as `numpy.savez_compressed` wrote it."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        if arrays.get("version") != VERSION:
            return None
        mean, deviation = map(float, arrays["scale"])
        return TasteModel(arrays["towards"], arrays["words"].astype(np.float32), (mean, deviation))


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
    meanings = archive.resolved
    labels, importance = _examples(len(meanings), liked, disliked, likes / likes.mean(), dislikes)
    sharpness = float(likes.sum()) / (float(likes.sum()) + _EVEN)
    direction = _direction(meanings, liked, disliked, likes, dislikes)
    by_meaning = sharpness * _BY_MEANING * _classifier(meanings, labels, importance)
    towards = ((1 - sharpness) * _standardized(direction, meanings) + by_meaning).astype(np.float32)
    words = (sharpness * _BY_WORDS * _classifier(archive.words, labels, importance)).astype(np.float32)
    scores = meanings @ towards + archive.words @ words
    return TasteModel(towards, words, (float(scores.mean()), float(scores.std())))


def _direction(
    meanings: Vectors, liked: Sequence[int], disliked: Sequence[int], likes: Vectors, dislikes: Vectors
) -> Vectors:
    """Return the direction from what is disliked to what is liked and to the papers nearest to that."""
    towards = unit(np.average(meanings[list(liked)], axis=0, weights=likes))
    if len(disliked):
        towards = unit(towards - np.float32(_DISLIKED) * _nearby(meanings[list(disliked)], dislikes, towards))
    nearest = np.argsort(-(meanings @ towards), kind="stable")[:_NEAREST]
    return unit(towards + meanings[nearest].mean(axis=0))


def _nearby(disliked: Vectors, weights: Vectors, towards: Vectors) -> Vectors:
    """Return the mean of disliked papers, each weighted by how near it is to a direction; far ones add up to little."""
    nearness = weights * np.maximum(disliked @ towards, 0)
    return np.asarray(nearness @ disliked / max(1.0, float(nearness.sum())), np.float32)


def _examples(
    number: int, liked: Sequence[int], disliked: Sequence[int], likes: Vectors, dislikes: Vectors
) -> tuple[Any, Vectors]:
    """Return whether each paper is liked, and what it counts; those without feedback count as not liked."""
    labels = np.zeros(number, np.int8)
    labels[list(liked)] = 1
    importance = np.ones(number, np.float32)
    importance[list(liked)] = likes
    importance[list(disliked)] = np.maximum(1, _DISLIKED_AS * dislikes)
    return labels, importance


def _classifier(features: Any, labels: Any, importance: Vectors) -> Vectors:
    """Return the coefficients of a linear SVM that separates liked papers from all others.

    The settings are those of arxiv-sanity-lite: C = 0.01, balanced.
    """
    from sklearn.svm import LinearSVC  # noqa: PLC0415 - takes a second to import

    if labels.all():
        return np.zeros(features.shape[1], np.float32)
    classifier = LinearSVC(class_weight="balanced", C=0.01, max_iter=10_000, tol=1e-6, dual="auto", random_state=0)
    return _standardized(classifier.fit(features, labels, importance).coef_[0], features)


def _standardized(coefficients: Vectors, features: Any) -> Vectors:
    """Scale coefficients so that the scores of the archive have a standard deviation of 1, or 0 if all are alike."""
    deviation = float((features @ coefficients).std())
    return (coefficients / deviation if deviation > 0 else np.zeros_like(coefficients)).astype(np.float32)
