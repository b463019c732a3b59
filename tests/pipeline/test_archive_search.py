"""Search of the archive: words first, then most of them, then what is close; similar papers."""

from __future__ import annotations

import pytest

from newsletter.errors import QueryError
from newsletter.pipeline.archive_search import has_operators, search_archive, similar_papers
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


def titles(store: Store, text: str) -> list[str]:
    results = search_archive(store, text, limit=40)
    return [hit.paper.title for hit in (*results.found.hits, *results.others)]


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


@pytest.mark.parametrize(
    "text",
    [
        "2605.00002", "arXiv:2605.00002v3", " https://arxiv.org/abs/2605.00002v1 ", "https://arxiv.org/pdf/2605.00002",
        "10.48550/arXiv.2605.00002", "10.1000/182", "https://doi.org/10.1000/182", "doi:10.1000/182",
    ],
)  # fmt: skip
def test_an_identifier_or_an_address_finds_its_paper(archive: Store, text: str) -> None:
    archive.papers.add(make_entry(title=PAPERS[2][0], arxiv_id="2605.00002", doi="10.1000/182"), NOW)

    results = search_archive(archive, text)
    assert [hit.paper.title for hit in results.found.hits] == [PAPERS[2][0]]
    assert (results.found.total, results.others) == (1, ())


def test_the_identifier_of_no_paper_finds_none(archive: Store) -> None:
    assert titles(archive, "2605.99999") == []


@pytest.mark.parametrize("name", ["Cleo Rare", "cleo rare", "Rare", "Rare, Cleo"])
def test_the_name_of_an_author_finds_their_papers(archive: Store, name: str) -> None:
    archive.papers.add(make_entry(title="Ponds", arxiv_id="2605.00020", authors=("Ada Example", "Cleo Rare")), NOW)

    results = search_archive(archive, name)
    assert (results.found.total, results.others[0].paper.title) == (0, "Ponds")
    assert titles(archive, "Cleo Pears Rare") == ["Pears in winter", "Apples and pears", "Robots that pick fruit"]


def test_similar_papers_share_rare_words_and_never_are_the_paper_itself(archive: Store) -> None:
    paper = archive.archive.find("arxiv:2605.00000")
    assert paper is not None
    assert {one.title for one in similar_papers(archive, paper)} == {"Apples and pears", "Robots that pick fruit"}
