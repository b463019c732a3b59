"""Lists of papers: filters, orders, views, pages and files."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from html import unescape

import pytest

from newsletter.models import Topic
from tests.factories import NOW, TODAY, make_entry
from tests.web.live_site import LiveSite

DAY = "/archive/2026-04-30"
FACTS: tuple[dict[str, object], ...] = (
    {"title": "Pears", "organization": "Orchard Lab", "code_url": "https://code.example/x", "code_stars": 9},
    {"title": "Apples", "categories": ("cs.RO",), "code_url": "https://code.example/y", "code_stars": 1200},
    {"title": "Plums", "categories": ("cs.RO", "cs.CL"), "source": "arxiv"},
    {"title": "Quinces", "organization": "Orchard Lab", "upvotes": 0},
)


@pytest.fixture
def fruit(live: LiveSite) -> LiveSite:
    with live.store() as store, store.transaction():
        store.topics.put(Topic("Stone fruit", "plums OR cherries"))
        for number, facts in enumerate(FACTS):
            given = {
                "listed": NOW.date().replace(month=4, day=30),
                "abstract": "Fruit.",
                "keywords": (),
                "categories": (),
            }
            entry = make_entry(**{**given, "upvotes": 50 - number, "arxiv_id": f"2604.{number:05}", **facts})
            store.papers.add(entry, NOW - timedelta(days=8))
    return live


def titles(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'<h2 dir="auto"><a href="[^"]+">([^<]+)</a>', page)]


def facets(page: str) -> dict[str, str]:
    """Return the address of each value of a facet."""
    found = re.findall(r'<li><a href="([^"]+)" rel="nofollow"><span dir="auto">([^<]+)</span>', page)
    return {unescape(label): unescape(url) for url, label in found}


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("arXiv", ["Plums"]),
        ("Orchard Lab", ["Pears", "Quinces"]),
        ("cs.RO", ["Apples", "Plums"]),
        ("With code", ["Pears", "Apples"]),
        ("Stone fruit", ["Plums"]),
    ],
)
def test_a_facet_leads_to_as_many_papers_as_it_says(fruit: LiveSite, value: str, left: list[str]) -> None:
    page = fruit.client.get(DAY).text
    assert titles(page) == ["Pears", "Apples", "Plums", "Quinces"]
    counted = re.search(rf'{value}</span> <span class="count">(\d+)<', page)
    assert counted is not None
    narrowed = fruit.client.get(facets(page)[value]).text
    assert titles(narrowed) == left
    assert int(counted[1]) == len(left)
    (remove,) = re.findall(r'<a href="([^"]+)"[^>]+aria-label="Remove the filter', narrowed)
    assert titles(fruit.client.get(unescape(remove)).text) == titles(page)


def test_two_filters_hold_together_and_an_empty_list_says_what_to_do(fruit: LiveSite) -> None:
    page = fruit.client.get(f"{DAY}?source=arxiv&code=1").text
    assert titles(page) == []
    assert "No papers match these filters" in page
    assert f'<a href="{DAY}">Remove all filters</a>' in page
    assert titles(fruit.client.get(f"{DAY}?topic=No+such+topic").text) == []


def test_a_list_is_sorted_by_stars_and_has_two_views(fruit: LiveSite) -> None:
    page = fruit.client.get(f"{DAY}?order=starred").text
    assert titles(page)[:2] == ["Apples", "Pears"]
    assert "Code ★1.2k" in page
    dense = fruit.client.get(f"{DAY}?view=list").text
    assert titles(dense) == ["Pears", "Apples", "Plums", "Quinces"]
    assert '<ol class="dense">' in dense
    assert '<ol class="cards">' in page
    assert f"{DAY}?order=starred&amp;view=list" in page, "the order stays"
    assert "?view=list" in dense.partition('rel="next"')[0].rpartition("<a ")[2], "the view stays from day to day"


@pytest.mark.parametrize("path", [DAY, "/archive/2026-04", "/topics/Stone%20fruit", "/trending/month"])
def test_a_list_is_a_file_too(fruit: LiveSite, path: str) -> None:
    page = fruit.client.get(path).text
    links = {unescape(url).rpartition(".")[2]: unescape(url) for url in re.findall(r'href="([^"]+/papers\.\w+)"', page)}
    assert list(links) == ["bib", "ris", "csv", "json"]
    rows = list(csv.DictReader(io.StringIO(fruit.client.get(links["csv"]).text)))
    assert [row["title"] for row in rows][: len(titles(page))] == titles(page)
    assert fruit.client.get(links["bib"]).headers["content-type"].startswith("application/x-bibtex")


def test_a_file_has_the_filters_and_all_pages(fruit: LiveSite) -> None:
    with fruit.store() as store, store.transaction():
        for number in range(40):
            store.papers.add(make_entry(title=f"N{number}", arxiv_id=f"2604.1{number:04}", listed=TODAY), NOW)
    rows = csv.DictReader(io.StringIO(fruit.client.get(f"{DAY}/papers.csv?organization=Orchard+Lab").text))
    assert [row["title"] for row in rows] == ["Pears", "Quinces"]
    assert len(fruit.client.get("/archive/2026-05/papers.json").json()) > 60
    assert fruit.client.get("/archive/x/papers.csv").status_code == 404
    assert fruit.client.get("/topics/x/papers.csv").status_code == 404
    assert fruit.client.get("/trending/year/papers.csv").status_code == 404
    assert fruit.client.get(f"{DAY}/papers.exe").status_code == 404


def test_an_empty_day_leads_to_the_nearest_ones(fruit: LiveSite) -> None:
    page = fruit.client.get("/archive/2026-05-03").text
    assert "No paper was listed then." in page
    assert f'href="{DAY}" rel="prev"' in page
    assert 'href="/archive/2026-05-08" rel="next"' in page


def test_a_page_beyond_the_end_leads_back(fruit: LiveSite) -> None:
    page = fruit.client.get(f"{DAY}/page/9?source=huggingface").text
    assert "Remove all filters" in page
    assert f'<a href="{DAY}">Go to its first page</a>' in fruit.client.get(f"{DAY}/page/9").text


def test_the_calendar_is_darker_where_there_are_more_papers(fruit: LiveSite) -> None:
    with fruit.store() as store:
        store.papers.add(make_entry(title="Alone", arxiv_id="2604.90000", listed=TODAY.replace(month=4, day=2)), NOW)
    page = fruit.client.get("/calendar/2026-04").text
    shades = re.findall(r'class="shade-(\d)"><a href="/archive/([\d-]+)" aria-label="([^"]+)"', page)
    assert shades == [("2", "2026-04-02", "2 April 2026: 1 paper"), ("5", "2026-04-30", "30 April 2026: 4 papers")]
    assert 'href="/calendar/2026-05" rel="next"' in page
    assert "No paper was listed in this month." in fruit.client.get("/calendar/2026-01").text


def test_a_long_list_says_over_how_many_papers_its_topics_are_counted(
    fruit: LiveSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.web.archive.lists.MOST_EXAMINED", 2)
    assert "Counted over the first 2 papers of this list." in fruit.client.get(DAY).text
    monkeypatch.undo()
    assert "Counted over" not in fruit.client.get(f"{DAY}?view=list").text


def test_a_page_that_is_made_anew_shows_what_has_changed_since(fruit: LiveSite) -> None:
    first = fruit.client.get(DAY).text
    assert titles(first) == ["Pears", "Apples", "Plums", "Quinces"]
    given = {"listed": NOW.date().replace(month=4, day=30), "abstract": "Fruit.", "keywords": (), "categories": ()}
    with fruit.store() as store, store.transaction():
        pears = make_entry(**{**given, **FACTS[0], "arxiv_id": "2604.00000", "upvotes": 77, "comments": 8})
        store.papers.add(pears, NOW)
        plums = make_entry(**{**given, **FACTS[2], "arxiv_id": "2604.00002", "withdrawn": True})
        store.papers.add(plums, NOW)
        apples = make_entry(**{**given, **FACTS[1], "arxiv_id": "2604.00001", "upvotes": 49, "summary": "Apples fall."})
        store.papers.add(apples, NOW)
    anew = fruit.client.get(f"{DAY}?anew").text
    assert titles(anew) == ["Pears", "Apples", "Quinces"]
    for text in ("▲77", "8 comments", "Apples fall."):
        assert text in anew
        assert text not in first
