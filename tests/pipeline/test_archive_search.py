"""Search of the archive: words first, then most of them, then what is close; similar papers."""

from __future__ import annotations

import pytest

from newsletter.errors import QueryError
from newsletter.pipeline.archive_search import has_operators, search_archive, similar_papers
from newsletter.pipeline.archive_space import ArchiveSpace
from newsletter.ranking.embedding import is_installed, make_embedding
from newsletter.store import Store
from tests.factories import NOW, make_entry

PAPERS = (
    ("Pears in winter", "How pears ripen in cold cellars."),
    ("Apples and pears", "A comparison of orchard fruit."),
    ("Robots that pick fruit", "A robotic arm picks pears and apples in orchards."),
    ("Kettles", "Water boils."),
)


@pytest.fixture
def archive(store: Store) -> Store:
    for number, (title, abstract) in enumerate(PAPERS):
        store.papers.add(make_entry(title=title, abstract=abstract, arxiv_id=f"2605.{number:05}", keywords=()), NOW)
    return store


def titles(store: Store, text: str, space: ArchiveSpace | None = None) -> list[str]:
    return [hit.paper.title for hit in search_archive(store, text, limit=40, space=space).hits]


def test_a_sentence_finds_the_paper_that_it_tells_of(archive: Store) -> None:
    sentence = "We show how a robotic arm, or two, and (maybe) a drone: pick apples in orchards"
    assert titles(archive, sentence)[0] == "Robots that pick fruit"


def test_matches_of_a_topic_come_before_papers_with_some_of_its_words(archive: Store) -> None:
    results = search_archive(archive, "winter pears")
    assert [hit.paper.title for hit in results.found.hits] == ["Pears in winter"]
    assert {hit.paper.title for hit in results.others} == {"Apples and pears", "Robots that pick fruit"}
    assert results.found.total == 1


@pytest.mark.parametrize("query", ['"winter pears"', "winter AND pears", "title:winter -pears", "wint* pears^2"])
def test_a_query_with_operators_finds_what_a_topic_does_and_nothing_beside(archive: Store, query: str) -> None:
    assert has_operators(query)
    assert search_archive(archive, query).others == ()


def test_a_mistake_in_a_short_query_is_reported(archive: Store) -> None:
    with pytest.raises(QueryError):
        search_archive(archive, "apples or pears")


def test_similar_papers_share_rare_words_and_never_are_the_paper_itself(archive: Store) -> None:
    paper = archive.archive.find("arxiv:2605.00000")
    assert paper is not None
    assert {one.title for one in similar_papers(archive, paper)} == {"Apples and pears", "Robots that pick fruit"}


def test_near_papers_are_found_by_the_stored_embedding(store: Store) -> None:
    pytest.importorskip("sklearn")
    assert is_installed()
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
    assert set(titles(store, "pears or harvested kettles at dawn today", space)) == set(near) | {"kettles boil water"}
    paper = store.papers.newest(1)[0]
    assert {one.title for one in similar_papers(store, paper, space)} == {paper.title}
