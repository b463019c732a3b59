"""What a reader likes, learned from the papers they said they want more or less of. No clicks are followed.

The mean of what is liked, less some of what is not (Rocchio, 1971), is a direction in the space of meanings; its
nearest papers in the archive are added to it, since a few examples say little by themselves (pseudo-relevance
feedback). A linear classifier over the words, as arxiv-sanity-lite's, sharpens this once there are more.

Both are linear, so that what was learned is two short vectors: judging a paper takes two products.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newsletter.ranking.embedding import PaperVectors, Vectors

_NEAREST = 50
_DISLIKED = 0.5
#: The classifier's share: what it adds grows with the examples it learns from.
_CLASSIFIER = 0.5


@dataclass(frozen=True, slots=True)
class _Scale:
    """The mean and spread of some numbers over the archive."""

    mean: float
    spread: float

    def standard(self, values: Vectors) -> Vectors:
        """Return values as multiples of the spread, from the mean."""
        if self.spread <= 0:
            return np.zeros_like(values)
        return ((values - np.float32(self.mean)) / np.float32(self.spread)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class TasteModel:
    """What was learned of one reader."""

    #: A direction in the space of meanings.
    towards: Vectors
    #: What each word says; zeros where there was nothing to tell apart.
    words: Vectors
    #: Of what the direction, the words and both together say of the archive: mean and spread of each.
    scales: tuple[_Scale, _Scale, _Scale]

    def judge(self, placed: PaperVectors) -> Vectors:
        """Return how much each paper is to the reader's taste: 0 on the archive's average, most between -3 and 3."""
        by_meaning, by_words, both = self.scales
        meaning = by_meaning.standard(placed.meanings @ self.towards)
        said = by_words.standard((placed.words @ self.words).astype(np.float32))
        return both.standard(meaning + np.float32(_CLASSIFIER) * said)

    def pack(self) -> bytes:
        """Return it as bytes."""
        content = io.BytesIO()
        scales = np.array([(scale.mean, scale.spread) for scale in self.scales])
        np.savez_compressed(content, towards=self.towards, words=self.words.astype(np.float16), scales=scales)
        return content.getvalue()


def unpack_taste_model(content: bytes) -> TasteModel:
    """Return the taste that `TasteModel.pack` made these bytes of."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        one, two, three = (_Scale(*map(float, scale)) for scale in arrays["scales"])
        return TasteModel(arrays["towards"], arrays["words"].astype(np.float32), (one, two, three))


def learn(archive: PaperVectors, liked: Sequence[int], disliked: Sequence[int] = ()) -> TasteModel | None:
    """Learn from places in the archive that a reader likes and dislikes; without any liked one nothing is known."""
    if not len(liked):
        return None
    towards = _unit(archive.meanings[list(liked)].mean(axis=0))
    if len(disliked):
        towards = _unit(towards - np.float32(_DISLIKED) * archive.meanings[list(disliked)].mean(axis=0))
    nearest = np.argsort(-(archive.meanings @ towards), kind="stable")[:_NEAREST]
    towards = _unit(towards + archive.meanings[nearest].mean(axis=0))
    words = _classifier(archive, liked, disliked)
    meaning, said = archive.meanings @ towards, (archive.words @ words).astype(np.float32)
    by_meaning, by_words = _scale(meaning), _scale(said)
    both = by_meaning.standard(meaning) + np.float32(_CLASSIFIER) * by_words.standard(said)
    return TasteModel(towards, words, (by_meaning, by_words, _scale(both)))


def _classifier(archive: PaperVectors, liked: Sequence[int], disliked: Sequence[int]) -> Vectors:
    """Return what each word says for a linear classifier of liked papers against all others.

    The settings are arxiv-sanity-lite's (C 0.01, balanced); what is disliked counts ten times as a counter-example.
    """
    from sklearn.svm import LinearSVC  # noqa: PLC0415 - takes a second to import

    labels = np.zeros(len(archive.meanings), np.int8)
    labels[list(liked)] = 1
    importance = np.ones(len(labels))
    importance[list(disliked)] = 10
    if labels.all():
        return np.zeros(archive.words.shape[1], np.float32)
    classifier = LinearSVC(class_weight="balanced", C=0.01, max_iter=10_000, tol=1e-6, dual="auto", random_state=0)
    said: Vectors = classifier.fit(archive.words, labels, importance).coef_[0].astype(np.float32)
    return said


def _unit(vector: Vectors) -> Vectors:
    length = float(np.linalg.norm(vector))
    return (vector / length).astype(np.float32) if length > 0 else vector


def _scale(values: Vectors) -> _Scale:
    return _Scale(float(values.mean()), float(values.std()))
