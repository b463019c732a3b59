from __future__ import annotations

import numpy as np
import pytest

from newsletter.models import Paper
from newsletter.ranking.embedding import PaperVectors, make_embedding, unpack_embedding
from tests.factories import make_paper
from tests.ranking.conftest import library


def test_similar_papers_have_similar_vectors_of_unit_length(vectors: PaperVectors) -> None:
    similarity = vectors.meanings @ vectors.meanings.T

    assert np.allclose(np.diag(similarity), 1, atol=1e-4)
    assert similarity[0::2, 0::2].min() > similarity[0::2, 1::2].max()


def test_an_embedding_is_deterministic_and_survives_serialization(vectors: PaperVectors) -> None:
    embedding = make_embedding(library())
    assert embedding is not None
    restored = unpack_embedding(embedding.pack()).place(library())

    assert np.allclose(embedding.place(library()).meanings, vectors.meanings, atol=1e-4)
    assert np.allclose(restored.meanings, vectors.meanings, atol=0.01)
    assert np.allclose(restored.words.toarray(), vectors.words.toarray(), atol=1e-4)


@pytest.mark.parametrize(
    "papers", [[], library(5), [make_paper(id=n, title="the same", abstract="") for n in range(50)]]
)
def test_no_embedding_is_fitted_to_too_few_or_identical_papers(papers: list[Paper]) -> None:
    assert make_embedding(papers) is None
