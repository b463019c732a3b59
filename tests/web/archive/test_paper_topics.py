"""Which topics papers match, remembered."""

from __future__ import annotations

from newsletter.models import Topic
from newsletter.store import Store
from newsletter.topics.query import parse
from newsletter.web.archive.paper_topics import MOST_EXAMINED, PaperTopics
from tests.factories import NOW, make_entry


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


def test_they_are_looked_up_once_until_the_catalogue_changes(store: Store) -> None:
    store.topics.put(Topic("Clouds", "clouds"))
    store.papers.add(make_entry(version=1), NOW)
    (paper,) = store.papers.newest(1)
    now = 0.0
    topics = PaperTopics(lambda: now)
    assert len(topics.of(store, [paper.id])[paper.id]) == 1
    statements: list[str] = []
    store._db.raw.set_trace_callback(statements.append)
    topics.of(store, [paper.id])
    store._db.raw.set_trace_callback(None)
    assert not [sql for sql in statements if "FROM papers" in sql]
    store.topics.put(Topic("Models", "models"))
    assert len(topics.of(store, [paper.id])[paper.id]) == 2
    store.papers.add(make_entry(version=2, title="Tea", abstract="Leaves."), NOW)
    now = 4000.0
    assert topics.of(store, [paper.id]) == {paper.id: ()}


def test_of_a_long_list_only_the_first_papers_are_examined(store: Store) -> None:
    store.topics.put(Topic("Clouds", "clouds"))
    assert len(PaperTopics().of(store, range(1, 2 * MOST_EXAMINED))) == MOST_EXAMINED
