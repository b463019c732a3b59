"""Papers near a text, by the embedding that is stored."""

from __future__ import annotations

import pytest

from newsletter.pipeline.archive_search import search_archive, similar_papers
from newsletter.pipeline.archive_space import ArchiveSpace
from newsletter.ranking.embedding import make_embedding
from newsletter.store import Store
from tests.factories import NOW, make_entry


def test_near_papers_are_found_by_the_stored_embedding(store: Store) -> None:
    pytest.importorskip("sklearn")
    for number in range(30):
        words = "orchard pears harvest" if number % 2 else "kettles boil water"
        store.papers.add(make_entry(title=words, abstract=words, arxiv_id=f"2605.{number:05}", keywords=()), NOW)
    space = ArchiveSpace()
    assert space.near(store, "pears", 40) == []
    embedding = make_embedding(store.papers.newest(100))
    assert embedding is not None
    store.taste_models.put_embedding(embedding.pack(), NOW)
    near = [paper.title for paper in space.near(store, "pears", 40)]
    assert set(near) == {"orchard pears harvest"}
    results = search_archive(store, "pears or harvested kettles at dawn today", limit=40, space=space)
    found = {hit.paper.title for hit in (*results.found.hits, *results.others)}
    assert found == set(near) | {"kettles boil water"}
    paper = store.papers.newest(1)[0]
    assert {one.title for one in similar_papers(store, paper, space)} == {paper.title}
