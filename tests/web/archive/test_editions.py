"""Editions: a list with the most upvoted papers of each, and a page by topic."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import count

import pytest

from newsletter.models import Cadence, Edition, Topic
from tests.factories import NOW, make_entry
from tests.web.live_site import LiveSite


@pytest.fixture
def editions(live: LiveSite) -> LiveSite:
    """Three daily editions, the second of which has papers on two topics, and a weekly one."""
    with live.store() as store, store.transaction():
        for topic in store.topics.catalogue():
            store.topics.remove(topic.name)
        store.topics.put(Topic("Pears", "pear*"))
        store.topics.put(Topic("Fruit", "fruit OR pear*"))
        for number in range(12):
            title = f"{'Pear' if number % 4 == 0 else 'Fruit' if number % 4 < 3 else 'Stone'} number {number}"
            entry = make_entry(
                title=title, abstract="", keywords=(), upvotes=50 - number, arxiv_id=f"2605.2{number:04}"
            )
            store.papers.add(entry, NOW + timedelta(days=1, hours=1))
        for day in range(3):
            at = NOW + timedelta(days=day)
            until = at + timedelta(days=1)
            store.editions.put(
                Edition(key=f"daily-{day}", cadence=Cadence.DAILY, day=at.date(), since=at, created_at=until)
            )
        at = NOW + timedelta(days=2)
        store.editions.put(
            Edition(key="weekly-1", cadence=Cadence.WEEKLY, day=at.date(), since=NOW - timedelta(days=5), created_at=at)
        )
    return live


def headings(page: str) -> list[str]:
    return re.findall(r'<h2 id="group[^>]*>(?:<a[^>]*>)?([^<]+)<', page)


def test_the_list_has_number_days_and_the_most_upvoted_papers(editions: LiveSite) -> None:
    page = editions.client.get("/editions").text
    issues = re.findall(r'<li class="issue">(.*?)</ol>|<li class="issue">(.*?)(?=<li class="issue">)', page, re.DOTALL)
    texts = [first or second for first, second in issues]
    assert re.findall(r"(\w+ edition no\. \d+) · ([^·]+) ·", page) == [
        ("Daily edition no. 3", "10 May 2026"), ("Daily edition no. 2", "9 May 2026"),
        ("Weekly edition no. 1", "4–10 May 2026"), ("Daily edition no. 1", "8 May 2026"),
    ]  # fmt: skip
    second = next(text for text in texts if "no. 2" in text)
    assert re.findall(r">([^<]* number \d+)<", second) == ["Pear number 0", "Fruit number 1", "Fruit number 2"]
    assert "12 papers" in second
    assert 'action="/subscribe"' in page


def test_the_list_knows_papers_that_come_at_once_and_their_upvotes_after_five_minutes(editions: LiveSite) -> None:
    asked = count()

    def top() -> str:
        page = editions.client.get(f"/editions?n={next(asked)}").text
        return str(re.findall(r">([^<]* number \d+)<", page.partition("Daily edition no. 2")[2])[0])

    def add(title: str, arxiv_id: str, upvotes: int, hours: int) -> None:
        entry = make_entry(title=title, abstract="", keywords=(), upvotes=upvotes, arxiv_id=arxiv_id)
        with editions.store() as store:
            store.papers.add(entry, NOW + timedelta(days=1, hours=hours))

    assert top() == "Pear number 0"
    add("Stone number 3", "2605.20003", 80, 1)
    assert top() == "Pear number 0"
    editions.now += timedelta(minutes=5)
    assert top() == "Stone number 3"
    add("Plum number 99", "2605.20099", 90, 2)
    assert top() == "Plum number 99"


def test_an_edition_is_grouped_by_topic_and_each_paper_is_there_once(editions: LiveSite) -> None:
    page = editions.client.get("/editions/daily-1").text
    assert headings(page) == ["Fruit", "Pears", "Other papers"]
    titles = re.findall(r'href="/papers/[^"]+">([^<]+)</a></h', page)
    assert titles[:3] == ["Pear number 0", "Fruit number 1", "Fruit number 2"]
    assert len(titles) == len(set(titles)) == 12
    assert "/editions/daily-0" in page.partition('rel="prev"')[0]
    assert "/editions/daily-2" in page.partition('rel="next"')[0]


def test_all_of_a_topic_leads_to_exactly_those(editions: LiveSite) -> None:
    page = editions.client.get("/editions/daily-1").text
    (path, number), *_ = re.findall(r'href="(/editions/[^"]+)">All (\d+) papers of this edition on Fruit<', page)
    listed = editions.client.get(path).text
    assert len(re.findall(r'<h2 dir="auto">', listed)) == int(number) == 9
    assert "Topic: Fruit" in listed


def test_an_edition_without_papers_says_so(editions: LiveSite) -> None:
    page = editions.client.get("/editions/daily-2")
    assert page.status_code == 200
    assert "The papers of this edition are no longer stored." in page.text


@pytest.mark.parametrize(
    "path", ["/editions/none/all", "/editions/none/all/papers.csv", "/editions/daily-1/all/papers.x"]
)
def test_there_is_no_other_edition(editions: LiveSite, path: str) -> None:
    assert editions.client.get(path).status_code == 404


def test_the_list_has_pages(live: LiveSite) -> None:
    with live.store() as store, store.transaction():
        for day in range(25):
            at = NOW + timedelta(days=day)
            store.editions.put(
                Edition(key=f"daily-{day}", cadence=Cadence.DAILY, day=at.date(), since=at, created_at=at)
            )
    first, second = (live.client.get(path).text for path in ("/editions", "/editions/page/2"))
    assert (first.count('<li class="issue">'), second.count('<li class="issue">')) == (20, 5)
    assert 'href="/editions/page/2" rel="next"' in first
    assert 'href="/editions" rel="prev"' in second
