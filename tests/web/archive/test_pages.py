"""The archive's pages: days, topics, editions, papers and search."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Cadence, Edition
from tests.factories import NOW, make_entry
from tests.web.live_site import ADA, SITE_URL, LiveSite

DAY = "2026-05-08"
PATHS = (
    "/", f"/archive/{DAY}", "/archive/2026-W19", "/archive/2026-05", "/archive/2026-05/page/2", "/calendar/2026-05",
    "/trending/day", "/trending/week", "/trending/month", "/topics", "/topics/LLM%20agents", "/editions", "/search",
    "/search?q=in-context+learning", "/papers/arxiv:2605.99001", "/feed.atom", "/feed.json", "/sitemap.xml",
    "/robots.txt",
)  # fmt: skip
MISSING = (
    "/archive/2026-02-30", "/archive/2026-W60", "/archive/x", "/archive/0000-01", "/calendar/2026-13", "/calendar/x",
    "/calendar/2026-05-08", "/trending/year", "/topics/Nothing", "/editions/none", "/papers/arxiv:1", "/papers/%00",
    "/archive/0001-01-01", "/archive/9999-12-31", "/archive/9999-12", "/archive/9999-W52", "/calendar/0001-01",
)  # fmt: skip


def titles(page: str) -> list[str]:
    return re.findall(r'<h2 dir="auto"><a href="[^"]+">([^<]+)</a>', page)


@pytest.mark.parametrize("path", PATHS)
def test_pages_may_be_cached(live: LiveSite, path: str) -> None:
    response = live.client.get(path)
    assert response.status_code == 200
    assert response.headers["cache-control"].startswith("public, max-age=")
    again = live.client.get(path, headers={"If-None-Match": f'"x", {response.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert live.client.head(path).status_code == 200


@pytest.mark.parametrize("path", MISSING)
def test_a_missing_page_offers_a_search(live: LiveSite, path: str) -> None:
    response = live.client.get(path)
    assert response.status_code == 404
    assert "Search all papers" in response.text


def test_a_day_shows_its_papers_and_links_to_its_neighbours(live: LiveSite) -> None:
    with live.store() as store:
        for number, day in enumerate((date(2026, 5, 1), date(2026, 5, 20))):
            facts = {"listed": day, "title": f"Of another day, {number}", "arxiv_id": f"2605.1000{number}"}
            store.papers.add(make_entry(**facts), NOW)
    page = live.client.get(f"/archive/{DAY}").text
    assert "Papers for 8 May 2026" in page
    assert len(titles(page)) == 30
    assert '/archive/2026-05-01" rel="prev"' in page, "days without papers are passed over"
    assert '/archive/2026-05-20" rel="next"' in page
    second = live.client.get(f"/archive/{DAY}/page/2").text
    assert len(titles(second)) == 6
    assert not set(titles(page)) & set(titles(second))
    assert titles(live.client.get("/").text) == ["Of another day, 1"]
    assert titles(live.client.get("/archive/2026-04").text) == []


def test_an_edition_shows_its_papers_and_no_subscriber(with_edition: LiveSite) -> None:
    (key,) = re.findall(r"/editions/([\w-]+)", with_edition.client.get("/editions").text)
    page = with_edition.client.get(f"/editions/{key}")
    assert "36 papers</a> were new" in page.text
    assert ADA not in page.text
    papers = re.findall(r'href="(/papers/[^"]+)"', page.text)
    assert any(key in with_edition.client.get(path).text for path in papers)


def test_a_special_edition_is_for_its_audience_only(live: LiveSite) -> None:
    edition = Edition(
        key="special-2026-05-08-secret", cadence=Cadence.DAILY, day=NOW.date(), since=NOW, created_at=NOW, note="Come.",
        subject="Secret", audience="tag:lab",
    )  # fmt: skip
    with live.store() as store:
        store.editions.put(edition)
    assert live.client.get(f"/editions/{edition.key}").status_code == 404
    assert edition.key not in live.client.get("/editions").text + live.client.get("/sitemap.xml").text


def test_a_paper_is_found_by_each_of_its_identifiers(live: LiveSite) -> None:
    with live.store() as store:
        store.papers.add(make_entry(title="Pears", arxiv_id="2605.10001", doi="10.1000/a(b)<c>"), NOW)
    assert live.client.get("/papers/doi:10.1000/a(b)<c>").headers["location"] == "/papers/arxiv:2605.10001"
    page = live.client.get("/papers/arxiv:2605.10001").text
    assert '<meta property="og:title" content="Pears">' in page
    assert f'<link rel="canonical" href="{SITE_URL}/papers/arxiv:2605.10001">' in page


def test_search_finds_filters_sorts_and_paginates(live: LiveSite) -> None:
    page = live.client.get("/search", params={"q": '"in-context learning"'}).text
    assert titles(page)
    assert "<mark>" in page
    assert titles(live.client.get("/search", params={"q": '"in-context learning"', "since": "2027-01-01"}).text) == []
    assert titles(live.client.get("/search", params={"q": "the", "source": "nobody"}).text) == []
    newest = live.client.get("/search", params={"q": "a OR the", "order": "new"}).text
    assert 'rel="next"' in newest
    assert re.search(r'order=newest[^>]*aria-current="true">Newest<', newest)
    malformed = live.client.get("/search", params={"q": "author:("})
    assert malformed.status_code == 422
    assert 'role="alert"' in malformed.text


@given(text=st.text(max_size=60) | st.text("\"*^:()-ORANDNEAR +{}\x00\\%_'#a ", max_size=30), page=st.text(max_size=6))
def test_no_query_breaks_the_search(live: LiveSite, text: str, page: str) -> None:
    params = {"q": text, "page": page, "since": text, "source": text, "order": text}
    assert live.client.get("/search", params=params).status_code in (200, 422)


def test_the_topics_of_the_starter_catalogue_are_named_in_the_language_of_the_page(live: LiveSite) -> None:
    german = {"Accept-Language": "de"}

    topics = live.client.get("/topics", headers=german).text
    one = live.client.get("/topics/Robotics", headers=german).text

    assert [text for text in (">Robotik<", "<h2>Informatik</h2>", "Auktionen, Märkte") if text not in topics] == []
    assert [text for text in (">Robotik</h1>", "Vision-Language-Action-Modelle") if text not in one] == []
