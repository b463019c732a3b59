"""Search: one box, filters, and the newest papers where nothing is searched for."""

from __future__ import annotations

import re

import pytest

from newsletter.web.archive.search_page import _before
from tests.factories import TODAY
from tests.web.archive.test_lists import facets, titles
from tests.web.live_site import LiveSite


def test_without_a_text_the_newest_papers_are_there(live: LiveSite) -> None:
    page = live.client.get("/search").text
    assert "Newest papers" in page
    assert len(titles(page)) == 30
    assert "Relevance" not in page
    assert titles(live.client.get("/search?until=2026-05-07").text) == []


@pytest.mark.parametrize("until", ["0001-01-01", "9999-12-31", "2026-05-08", "x"])
def test_any_day_may_be_asked_for(live: LiveSite, until: str) -> None:
    for params in ({"until": until}, {"since": until}, {"since": until, "until": until, "q": "model"}):
        assert live.client.get("/search", params=params).status_code == 200


def test_a_search_is_narrowed_by_facets_and_days_are_chips(live: LiveSite) -> None:
    page = live.client.get("/search", params={"q": "a OR the", "since": "2026-05-01"}).text
    name, url = next(iter(facets(page).items()))
    narrowed = live.client.get(url).text
    assert name in narrowed
    assert 0 < len(titles(narrowed)) <= len(titles(page))
    assert "From: 2026-05-01" in narrowed
    assert "q=a+OR+the" in url
    assert 'name="topic"' in narrowed, "the form keeps the filter"


def test_a_search_has_pages_and_a_file(live: LiveSite) -> None:
    page = live.client.get("/search", params={"q": "a OR the"}).text
    (following,) = re.findall(r'href="([^"]+)" rel="next"', page)
    assert following == "/search/page/2?q=a+OR+the"
    assert not set(titles(page)) & set(titles(live.client.get(following).text))
    assert titles(live.client.get("/search?q=a+OR+the&page=2").text) == titles(live.client.get(following).text)
    found = live.client.get("/search/papers.json?q=a+OR+the").json()
    assert [one["title"] for one in found][:30] == titles(page)
    assert live.client.get("/search/papers.json?q=author:(").json() == []


def test_a_mistake_is_shown_where_it_can_be_corrected(live: LiveSite) -> None:
    page = live.client.get("/search", params={"q": "author:("})
    assert page.status_code == 422
    assert 'aria-describedby="error"' in page.text
    assert 'value="author:("' in page.text


def test_nothing_found_says_what_to_do(live: LiveSite) -> None:
    assert "Try fewer or different words" in live.client.get("/search?q=zyzzyva").text


def test_days_end_at_the_first_one() -> None:
    assert _before(TODAY, 10**7).toordinal() == 1
