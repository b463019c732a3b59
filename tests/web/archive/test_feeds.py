"""Feeds, the sitemap and robots.txt."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.archive import feeds
from tests.factories import NOW, make_entry
from tests.web.live_site import SITE_URL, LiveSite


@pytest.mark.parametrize("params", [{}, {"topic": "LLM agents"}, {"q": '"in-context learning"'}], ids=str)
def test_both_feeds_have_the_same_papers(live: LiveSite, params: dict[str, str]) -> None:
    atom = feedparser.parse(live.client.get("/feed.atom", params=params).content)
    assert not atom.bozo
    assert (atom.version, bool(atom.feed.id), bool(atom.feed.updated)) == ("atom10", True, True)
    feed = live.client.get("/feed.json", params=params).json()
    assert [item["title"] for item in feed["items"]] == [entry.title for entry in atom.entries]
    assert len(atom.entries) > 0
    assert all(entry.id.startswith(f"{SITE_URL}/papers/") for entry in atom.entries)


GERMAN_PROBLEM = "Am Ende oder zwischen zwei Operatoren fehlt ein Wort oder eine Wortgruppe."


@pytest.mark.parametrize("params", [{"topic": "Nothing"}, {"q": "("}], ids=str)
def test_an_unknown_topic_or_a_malformed_query_has_no_feed(live: LiveSite, params: dict[str, str]) -> None:
    for path in ("/feed.atom", "/feed.json"):
        assert live.client.get(path, params=params).status_code == 422
    problem = live.client.get("/feed.json", params=params, headers={"Accept-Language": "de"})
    assert problem.json().keys() == {"error", "hint", "summary"}
    assert problem.json()["summary"] in ("Dieses Thema gibt es nicht.", GERMAN_PROBLEM)


def test_feeds_are_in_the_language_of_the_site(live: LiveSite) -> None:
    site = LiveSite(replace(live.config, site_language="zh"), live.server)
    english = {"Accept-Language": "en"}  # of a browser, which a feed does not ask
    assert site.client.get("/feed.json?topic=Robotics", headers=english).json()["language"] == "zh-Hans"
    assert 'xml:lang="zh-Hans"' in site.client.get("/feed.atom", headers=english).text
    assert site.client.get("/feed.json?topic=Robotics").json()["title"].endswith("机器人")


@given(text=st.text(max_size=60) | st.text("\"*^:()-ORANDNEAR +{}\x00\\%_'#a ", max_size=30))
def test_no_query_breaks_a_feed(live: LiveSite, text: str) -> None:
    assert live.client.get("/feed.atom", params={"q": text}).status_code in (200, 422)


def test_characters_that_xml_does_not_allow_do_not_break_a_feed(live: LiveSite) -> None:
    with live.store() as store:
        hostile = "Pears <b>&amp; ]]> \x0b \ufffe"
        store.papers.add(make_entry(title=hostile, abstract=hostile, arxiv_id="2605.10001"), NOW)
    assert not feedparser.parse(live.client.get("/feed.atom").content).bozo


def locations(site: LiveSite, path: str) -> list[str]:
    root = ET.fromstring(site.client.get(path).content)  # noqa: S314 - ours
    found = root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")
    return [str(loc.text).removeprefix(SITE_URL) for loc in found]


def test_a_long_sitemap_is_an_index_of_parts(with_edition: LiveSite, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = locations(with_edition, "/sitemap.xml")
    monkeypatch.setattr(feeds, "_MAX_SITEMAP_URLS", 20)
    parts = locations(with_edition, "/sitemap.xml")
    assert parts[:2] == ["/sitemap-0.xml", "/sitemap-1.xml"]
    listed = [locations(with_edition, part) for part in parts]
    assert all(1 <= len(paths) <= 20 for paths in listed[1:])
    assert sorted(path for paths in listed for path in paths) == sorted(whole)
    assert with_edition.client.get(f"/sitemap-{len(parts)}.xml").status_code == 404


def test_the_sitemap_lists_existing_pages(with_edition: LiveSite) -> None:
    paths = locations(with_edition, "/sitemap.xml")
    assert len(paths) > 40
    assert {with_edition.client.get(path).status_code for path in paths} == {200}


def test_crawlers_are_kept_away_from_subscribers_pages(live: LiveSite) -> None:
    robots = live.client.get("/robots.txt").text
    for name in ("unsubscribe", "leave", "preferences", "confirm", "feedback"):
        assert f"Disallow: /{name}/\n" in robots
