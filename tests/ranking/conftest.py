"""An archive of papers on two subjects, and its vectors."""

from __future__ import annotations

import random

import pytest

from newsletter.models import Paper
from newsletter.ranking.embedding import PaperVectors, make_embedding
from tests.factories import make_paper

FRUIT = ["pear", "quince", "orchard", "apple", "branch", "blossom", "harvest", "juice", "cider", "peel"]
METAL = ["kettle", "spoon", "copper", "forge", "anvil", "rivet", "polish", "handle", "spout", "alloy"]
COMMON = ["study", "method", "result", "model", "data", "we", "show", "new", "large", "small"]


def library(number: int = 60) -> list[Paper]:
    """Papers on fruit (even) and on metal (odd)."""
    chance = random.Random(1)  # noqa: S311 - deterministic
    papers = []
    for identity in range(number):
        words = chance.choices(METAL if identity % 2 else FRUIT, k=25) + chance.choices(COMMON, k=15)
        chance.shuffle(words)
        papers.append(
            make_paper(
                id=identity, title=" ".join(words[:5]), abstract=" ".join(words[5:]), arxiv_id=f"2605.{identity:05}"
            )
        )
    return papers


@pytest.fixture(scope="module")
def vectors() -> PaperVectors:
    """Return the vectors of the archive, in an embedding that is fitted to it."""
    embedding = make_embedding(library())
    assert embedding is not None
    return embedding.place(library())
