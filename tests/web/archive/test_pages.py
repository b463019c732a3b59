"""The archive: what is found on its pages, in its feeds, and in the files that are made of it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.web.app import make_archive
from newsletter.web.archive.export import write_archive
from newsletter.web.archive.periods import after, before, day_of, month_of, read_period, week_of
from tests.factories import NOW, make_entry, make_profile
from tests.web.site import ADA, SITE_URL, Asked

DAY = "2026-05-08"
PATHS = (
    "/", f"/archive/{DAY}", "/archive/2026-W19", "/archive/2026-05", "/archive/2026-05/page/2", "/calendar/2026-05",
    "/trending/day", "/trending/week", "/trending/month", "/topics", "/topics/LLM%20agents", "/editions", "/search",
    "/search?q=in-context+learning", "/papers/arxiv:2605.99001", "/feed.atom", "/feed.json", "/sitemap.xml",
    "/robots.txt",
)  # fmt: skip


def titles(page: str) -> list[str]:
    return re.findall(r'<h2 dir="auto"><a href="[^"]+">([^<]+)</a>', page)


@pytest.fixture
def sent(asked: Asked) -> Asked:
    with asked.store() as store, store.transaction():
        store.subscribers.add(ADA, "Ada", make_profile(hour=0), "web", NOW)
    asked.send()
    return asked


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_there_and_may_be_kept_for_a_while(asked: Asked, path: str) -> None:
    answer = asked.client.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"].startswith("public, max-age=")
    again = asked.client.get(path, headers={"If-None-Match": f'"x", {answer.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert asked.client.head(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/archive/2026-02-30", "/archive/2026-W60", "/archive/x", "/archive/0000-01", "/calendar/2026-13",
        "/calendar/x",
        "/calendar/2026-05-08", "/trending/year", "/topics/Nothing", "/editions/none", "/papers/arxiv:1", "/papers/%00",
        "/archive/0001-01-01", "/archive/9999-12-31", "/archive/9999-12", "/archive/9999-W52", "/calendar/0001-01",
    ],
)  # fmt: skip
def test_what_is_not_there_is_told(asked: Asked, path: str) -> None:
    answer = asked.client.get(path)
    assert answer.status_code == 404
    assert "Search all papers" in answer.text


def test_a_day_shows_its_papers_and_leads_to_its_neighbours(asked: Asked) -> None:
    with asked.store() as store:
        for number, day in enumerate((date(2026, 5, 1), date(2026, 5, 20))):
            facts = {"listed": day, "title": f"Of another day, {number}", "arxiv_id": f"2605.1000{number}"}
            store.papers.add(make_entry(**facts), NOW)
    page = asked.client.get(f"/archive/{DAY}").text
    assert len(titles(page)) == 30
    assert '/archive/2026-05-07" rel="prev"' in page
    assert '/archive/2026-05-09" rel="next"' in page
    second = asked.client.get(f"/archive/{DAY}/page/2").text
    assert len(titles(second)) == 6
    assert not set(titles(page)) & set(titles(second))
    assert titles(asked.client.get("/").text) == ["Of another day, 1"]
    assert titles(asked.client.get("/archive/2026-04").text) == []


def test_an_edition_shows_what_was_new_and_nobody(sent: Asked) -> None:
    (key,) = re.findall(r"/editions/([\w-]+)", sent.client.get("/editions").text)
    page = sent.client.get(f"/editions/{key}")
    assert "36 papers were new" in page.text
    assert ADA not in page.text
    shown = re.findall(r'href="(/papers/[^"]+)"', page.text)
    assert any(key in sent.client.get(path).text for path in shown)


def test_a_paper_is_found_by_all_its_names(asked: Asked) -> None:
    with asked.store() as store:
        store.papers.add(make_entry(title="Pears", arxiv_id="2605.10001", doi="10.1000/a(b)<c>"), NOW)
    assert asked.client.get("/papers/doi:10.1000/a(b)<c>").headers["location"] == "/papers/arxiv:2605.10001"
    page = asked.client.get("/papers/arxiv:2605.10001").text
    assert '<meta property="og:title" content="Pears">' in page
    assert f'<link rel="canonical" href="{SITE_URL}/papers/arxiv:2605.10001">' in page


def test_search_finds_filters_and_leads_on(asked: Asked) -> None:
    page = asked.client.get("/search", params={"q": '"in-context learning"'}).text
    assert titles(page)
    assert "<mark>" in page
    assert titles(asked.client.get("/search", params={"q": '"in-context learning"', "since": "2027-01-01"}).text) == []
    assert titles(asked.client.get("/search", params={"q": "the", "source": "nobody"}).text) == []
    assert 'rel="next"' in asked.client.get("/search", params={"q": "a OR the", "order": "new"}).text
    wrong = asked.client.get("/search", params={"q": "author:("})
    assert (wrong.status_code, "column" in wrong.text) == (422, True)


@given(text=st.text(max_size=60) | st.text("\"*^:()-ORANDNEAR +{}\x00\\%_'#a ", max_size=30), page=st.text(max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
def test_no_words_break_the_search(asked: Asked, text: str, page: str) -> None:
    asked_for = {"q": text, "page": page, "since": text, "source": text, "order": text}
    assert asked.client.get("/search", params=asked_for).status_code in (200, 422)
    assert asked.client.get("/feed.atom", params={"q": text}).status_code in (200, 422)


def test_feeds_are_of_all_of_a_topic_or_of_a_query(asked: Asked) -> None:
    for params in ({}, {"topic": "LLM agents"}, {"q": '"in-context learning"'}):
        atom = feedparser.parse(asked.client.get("/feed.atom", params=params).content)
        assert not atom.bozo
        assert (atom.version, bool(atom.feed.id), bool(atom.feed.updated)) == ("atom10", True, True)
        told = asked.client.get("/feed.json", params=params).json()
        assert [item["title"] for item in told["items"]] == [entry.title for entry in atom.entries]
        assert len(atom.entries) > 0
        assert all(entry.id.startswith(f"{SITE_URL}/papers/") for entry in atom.entries)
    assert asked.client.get("/feed.atom", params={"topic": "Nothing"}).status_code == 422


def test_strange_characters_do_not_break_a_feed(asked: Asked) -> None:
    with asked.store() as store:
        hostile = "Pears <b>&amp; ]]> \x0b \ufffe"
        store.papers.add(make_entry(title=hostile, abstract=hostile, arxiv_id="2605.10001"), NOW)
    assert not feedparser.parse(asked.client.get("/feed.atom").content).bozo


def test_the_map_names_pages_that_are_there(sent: Asked) -> None:
    root = ET.fromstring(sent.client.get("/sitemap.xml").content)  # noqa: S314 - ours
    paths = [
        str(loc.text).removeprefix(SITE_URL) for loc in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")
    ]
    assert len(paths) > 40
    assert {sent.client.get(path).status_code for path in paths} == {200}
    assert "/unsubscribe/" in sent.client.get("/robots.txt").text


def test_the_archive_is_written_into_files(sent: Asked, tmp_path: Path) -> None:
    folder = tmp_path / "public"
    number = write_archive(make_archive(sent.config, lambda: sent.now), "", folder)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == number > 50
    for file in files:
        content = file.read_text(encoding="utf-8")
        assert ADA not in content
        if file.suffix != ".html":
            continue
        for link in re.findall(r'(?:href|src)="(/[^"#?]*)"', content):
            there = folder / link.strip("/").replace("%20", " ")
            assert there.is_file() or (there / "index.html").is_file(), (file, link)


@given(day=st.dates(min_value=date(1900, 1, 1), max_value=date(2900, 1, 1)))
def test_periods_have_neighbours_without_gaps(day: date) -> None:
    for period in (day_of(day), week_of(day), month_of(day)):
        assert read_period(period.name) == period
        assert period.first <= day <= period.last
        assert before(period).last + timedelta(days=1) == period.first
        assert after(period).first - timedelta(days=1) == period.last
        assert after(before(period)) == period
