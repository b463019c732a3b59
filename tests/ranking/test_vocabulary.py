"""TF-IDF vectors without scikit-learn are those of scikit-learn."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from newsletter.ranking.embedding import make_embedding
from newsletter.ranking.vocabulary import WORD, Vocabulary
from tests.ranking.conftest import library

TEXTS = [
    "The apples of the orchard are ripe; the apples, and the pears, and the apples",
    "Résumé of a study on Café culture: naïve pears! x2 _y and 3d",
    "Steel and iron",
    "nothing known here",
    "",
]


@pytest.mark.parametrize("has_pairs", [False, True])
def test_vectors_are_those_of_the_vectorizer(has_pairs: bool) -> None:
    stop_words = "english" if has_pairs else None
    fitted = TfidfVectorizer(
        strip_accents="unicode", token_pattern=WORD, sublinear_tf=True, stop_words=stop_words,
        ngram_range=(1, 2) if has_pairs else (1, 1),
    ).fit(TEXTS[:3])  # fmt: skip
    stops = frozenset(fitted.get_stop_words() or ())
    made = Vocabulary(tuple(fitted.get_feature_names_out()), fitted.idf_, has_pairs, stops).transform(TEXTS)

    assert np.allclose(made.toarray(), fitted.transform(TEXTS).toarray(), atol=1e-12)


def test_papers_are_placed_without_scikit_learn() -> None:
    embedding = make_embedding(library())
    assert embedding is not None
    program = (
        "import sys; from newsletter.ranking.embedding import unpack_embedding; from tests.ranking.conftest import "
        "library; placed = unpack_embedding(sys.stdin.buffer.read()).place(library()); "
        "assert placed.words.nnz and placed.meanings.any(); print([one for one in sys.modules if one == 'sklearn'])"
    )
    done = subprocess.run([sys.executable, "-c", program], input=embedding.pack(), capture_output=True, check=True)

    assert done.stdout.strip() == b"[]"
