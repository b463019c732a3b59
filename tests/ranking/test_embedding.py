from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

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


def strip(text: str) -> str:
    return text.replace("pear", "").replace("copper", "")


def test_papers_are_placed_as_if_they_did_not_hold_some_words() -> None:
    embedding = make_embedding(library())
    assert embedding is not None
    shelf = embedding.shelve(library())
    rest = [paper for paper in library() if paper.id in (4, 7)]
    without = [replace(paper, title=strip(paper.title), abstract=strip(paper.abstract)) for paper in rest]
    placed = shelf.places_without([4, 7], ["pear", "copper"])

    assert np.allclose(shelf.places, embedding.place_by_title(library()))
    assert np.einsum("ij,ij->i", placed, embedding.place_by_title(without)).min() > 0.97
    assert not np.allclose(placed, shelf.places[[4, 7]], atol=0.01)
    assert np.allclose(shelf.places_without([4, 7], ["unheard"]), shelf.places[[4, 7]])


def test_the_axes_of_words_are_orthonormal_and_theirs_alone() -> None:
    embedding = make_embedding(library())
    assert embedding is not None
    shelf = embedding.shelve(library())
    axes = shelf.axes_of(["pear", "copper"])

    assert np.allclose(axes.T @ axes, np.eye(2), atol=1e-5)
    assert shelf.axes_of(["unheard"]).shape == (embedding.axes.shape[0], 0)


@pytest.mark.parametrize(
    "papers", [[], library(5), [make_paper(id=n, title="the same", abstract="") for n in range(50)]]
)
def test_no_embedding_is_fitted_to_too_few_or_identical_papers(papers: list[Paper]) -> None:
    assert make_embedding(papers) is None


@pytest.mark.parametrize(("chosen", "threads"), [(None, 1), ("2", 2)])
def test_small_matrices_have_no_threads_unless_the_operator_wants_some(chosen: str | None, threads: int) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    program = (
        "import json, newsletter.ranking.embedding, threadpoolctl; print(json.dumps(threadpoolctl.threadpool_info()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environ | ({"OPENBLAS_NUM_THREADS": chosen} if chosen else {}),
        capture_output=True,
        check=True,
    )
    found = [library["num_threads"] for library in json.loads(done.stdout) if library["internal_api"] == "openblas"]
    if not found:
        pytest.skip("numpy was not built with OpenBLAS here")
    assert set(found) == {min(threads, os.cpu_count() or 1)}
