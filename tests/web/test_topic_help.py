from __future__ import annotations

from newsletter.files.site import Site
from newsletter.pipeline.topic_counts import TopicCounts
from newsletter.rendering.language import language
from newsletter.store import open_store
from newsletter.web.topic_help import help_with, topic_help
from tests.factories import NOW, make_entry

ENGLISH = language("en")


def counts_of(site: Site, *titles: str) -> TopicCounts:
    with open_store(site.store) as store:
        for number, title in enumerate(titles):
            store.papers.add(make_entry(title=title, arxiv_id=f"2605.1000{number}"), NOW)
    return TopicCounts(lambda: open_store(site.store), lambda: NOW)


def test_the_words_of_a_query_are_marked_in_titles(site: Site) -> None:
    shown = help_with(counts_of(site, "Ripe pears of spring"), "title:pear", ENGLISH)
    assert shown["matched"] == 1
    assert shown["papers"] == [
        {
            "title": [("Ripe ", False), ("pears", True), (" of spring", False)],
            "excerpt": [],
            "url": "https://arxiv.org/abs/2605.10000",
        }
    ]


def test_an_excerpt_shows_what_matches_where_the_title_does_not(site: Site) -> None:
    shown = help_with(counts_of(site, "Quinces"), '"count clouds"', ENGLISH)["papers"]
    (paper,) = [one for one in shown if one["title"] == [("Quinces", False)]]
    assert ("count clouds", True) in paper["excerpt"]


def test_a_malformed_query_is_refused_with_its_column(site: Site) -> None:
    response = topic_help(counts_of(site), "(", ENGLISH)
    assert response.status_code == 422
    assert b"column" in response.body
