"""Which topics papers match, remembered."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from newsletter.models import Topic
from newsletter.pipeline.paper_topics import MOST_EXAMINED, PaperTopics, examine_new
from newsletter.store import Store
from newsletter.store.filters import Limits, Order
from newsletter.topics.evaluation import matching
from newsletter.topics.index import PaperIndex
from newsletter.topics.query import parse
from tests.factories import NOW, make_entry
from tests.stores import connection_of


def test_papers_have_the_topics_whose_pages_list_them(store: Store) -> None:
    store.topics.put(Topic("Clouds", '"clouds" -survey'))
    store.topics.put(Topic("Planning agents", "agents planning"))
    for number, title in enumerate(("Counting clouds", "A survey of clouds", "Planning of clouds by agents", "Tea")):
        store.papers.add(make_entry(title=title, abstract="", arxiv_id=f"2605.{number:05}"), NOW)
    ids = {paper.title: paper.id for paper in store.papers.newest(9)}
    found = PaperTopics().of(store, ids.values())
    for topic in store.topics.catalogue():
        listed = {hit.paper.id for hit in store.archive.search(parse(topic.query)).hits}
        assert {number for number, topics in found.items() if topic in topics} == listed
    assert [topic.name for topic in found[ids["Planning of clouds by agents"]]] == ["Clouds", "Planning agents"]
    assert found[ids["Tea"]] == ()


def test_they_are_examined_once_until_the_catalogue_or_the_paper_changes(store: Store) -> None:
    store.topics.put(Topic("Clouds", "clouds"))
    store.papers.add(make_entry(version=1), NOW)
    (paper,) = store.papers.newest(1)
    topics = PaperTopics()
    assert len(topics.of(store, [paper.id])[paper.id]) == 1
    statements: list[str] = []
    connection_of(store).set_trace_callback(statements.append)
    topics.of(store, [paper.id])
    connection_of(store).set_trace_callback(None)
    assert not [sql for sql in statements if re.search(r"FROM papers\b", sql)]
    store.topics.put(Topic("Models", "models"))
    assert len(topics.of(store, [paper.id])[paper.id]) == 2
    store.papers.add(make_entry(version=2, title="Tea", abstract="Leaves."), NOW)
    assert topics.of(store, [paper.id]) == {paper.id: ()}


def test_new_papers_are_examined_once(store: Store) -> None:
    store.papers.add(make_entry(), NOW)
    assert examine_new(store) == 0
    store.topics.put(Topic("Clouds", "clouds"))
    assert (examine_new(store), examine_new(store)) == (1, 0)
    store.papers.add_all([make_entry(arxiv_id=f"2605.1000{n}", title=f"Clouds {n}") for n in range(3)], NOW)
    assert (examine_new(store, lambda: False), examine_new(store), examine_new(store)) == (0, 3, 0)
    store.topics.put(Topic("Models", "models"))
    assert (examine_new(store), examine_new(store)) == (4, 0)


def test_the_words_of_the_full_text_index_find_what_the_texts_do(store: Store) -> None:
    texts = ("LoRA-tuned LLMs, in-context", "", "C++ and .NET | C#", "We're counting clouds: 3D point clouds (RAG)")
    for number, text in enumerate(texts):
        entry = make_entry(
            title=f"{text} {number}", abstract=text, arxiv_id=f"2605.1000{number}", organization=text or None,
            keywords=("",) * number + (text, "deep-learning", "RAG"), authors=("Ada Lovelace-Byron", text or "Bo"),
        )  # fmt: skip
        store.papers.add(entry, NOW)
    papers = store.papers.newest(9)
    known = store.paper_topics.words([paper.id for paper in papers])
    plain, indexed = PaperIndex(papers), PaperIndex(papers, known)
    assert len(known) == len(papers)
    queries = (
        "RAG", "LORA", '"in context"', "in-context", "incontext", "clouds counting", "author:lovelace", "c++", "c# net",
        'org:"point clouds"', "cat:cs.*", "source:arxiv", "keyword:learning", 'keyword:"learning rag"', "count*",
        'author:"byron lora"', "lora -clouds", "lora -title:clouds", "3d", "3 d points",
    )  # fmt: skip
    for query in queries:
        node = parse(query)
        assert matching(indexed, node) == matching(plain, node), query
        assert matching(PaperIndex(papers, known, node), node) == matching(plain, node), query


def test_of_a_long_list_only_the_first_papers_are_examined(store: Store) -> None:
    store.topics.put(Topic("Clouds", "clouds"))
    assert len(PaperTopics().of(store, range(1, 2 * MOST_EXAMINED))) == MOST_EXAMINED


def test_the_papers_of_a_topic_are_known_once_all_were_examined(store: Store) -> None:
    clouds, agents = Topic("Clouds", '"clouds" -survey'), Topic("Planning agents", "agents planning")
    store.topics.put(clouds)
    store.papers.add_all([make_entry(arxiv_id=f"2605.10{n:03}", title=f"Clouds {n}") for n in range(9)], NOW)
    topics = PaperTopics()
    place = topics.place_of(store, clouds)
    assert place is not None
    assert topics.place_of(store, agents) is None
    store.papers.add(make_entry(title="Planning of clouds by agents", arxiv_id="2605.20000"), NOW)
    node = parse(clouds.query)
    for order in (Order.NEWEST, Order.UPVOTED, Order.STARRED):
        for narrowed in (
            Limits(),
            Limits(until=NOW.date()),
            Limits(source="huggingface"),
            Limits(within=parse("agents")),
        ):
            limits = replace(narrowed, examined_topic=topics.place_of(store, clouds))
            known = store.archive.search(node, limits, order=order, with_traits=True)
            assert known == store.archive.search(node, narrowed, order=order, with_traits=True)
            assert known.total


def test_a_topic_is_searched_for_while_many_papers_are_not_examined(store: Store) -> None:
    clouds = Topic("Clouds", "clouds")
    store.topics.put(clouds)
    entries = [make_entry(arxiv_id=f"2605.1{n:04}", title=f"Clouds {n}") for n in range(MOST_EXAMINED + 1)]
    store.papers.add_all(entries, NOW)
    assert PaperTopics().place_of(store, clouds) is None
    examine_new(store)
    assert PaperTopics().place_of(store, clouds) is not None


def test_topics_are_counted_among_papers(store: Store) -> None:
    clouds, tea = Topic("Clouds", "clouds"), Topic("Tea", "tea")
    for topic in (clouds, tea):
        store.topics.put(topic)
    entries = [make_entry(arxiv_id=f"2605.1{n:04}", title=f"Clouds {n}") for n in range(MOST_EXAMINED + 5)]
    store.papers.add_all(entries, NOW)
    assert PaperTopics().counts(store, store.papers.ids_since(NOW - timedelta(days=1))) == {
        clouds: len(entries),
        tea: 0,
    }
