"""The page of a paper."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from html import unescape

import pytest
from starlette.testclient import TestClient

from newsletter.rendering.language import language
from newsletter.web.app import make_app
from newsletter.web.archive.paper_page import citation_meta, json_ld, shares, sparkline
from tests.factories import NOW, TODAY, make_entry, make_paper
from tests.web.live_site import SITE_URL, LiveSite

TITLE = 'Pears & "plums" </script>'
PATH = "/papers/arxiv:2605.10001"


@pytest.fixture
def pears(live: LiveSite) -> LiveSite:
    with live.store() as store:
        for hours, upvotes in ((0, 3), (24, 9)):
            entry = make_entry(title=TITLE, arxiv_id="2605.10001", doi="10.1000/a(b)<c>", upvotes=upvotes, venue="TMLR")
            store.papers.add(entry, NOW + timedelta(hours=hours))
    return live


def test_reference_managers_and_search_engines_know_the_paper(pears: LiveSite) -> None:
    page = pears.client.get(PATH).text
    tags = {
        name: unescape(content) for name, content in re.findall(r'<meta name="(citation_\w+)" content="([^"]*)"', page)
    }
    assert tags["citation_title"] == TITLE
    assert tags["citation_publication_date"] == "2026/05/06"
    assert tags["citation_doi"] == "10.1000/a(b)<c>"
    assert tags["citation_pdf_url"] == "https://arxiv.org/pdf/2605.10001"
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert found is not None
    article = json.loads(found[1])
    assert (article["@type"], article["headline"], article["url"]) == ("ScholarlyArticle", TITLE, f"{SITE_URL}{PATH}")


def test_it_can_be_cited_and_shared_without_a_script(pears: LiveSite) -> None:
    page = pears.client.get(PATH).text
    assert re.findall(r'href="(/papers/[^"]+/cite\.\w+)"', page) == [
        f"{PATH}/cite.{suffix}" for suffix in ("bib", "ris", "csv", "json")
    ]
    file = pears.client.get(f"{PATH}/cite.bib")
    assert file.text.startswith("@article{example2026pears,")
    assert file.headers["content-disposition"] == 'attachment; filename="paper.bib"'
    moved = pears.client.get("/papers/doi:10.1000/a(b)<c>/cite.ris")
    assert moved.headers["location"] == f"{PATH}/cite.ris"
    assert pears.client.get("/papers/arxiv:1/cite.bib").status_code == 404
    assert all(url.startswith(("mailto:", "https://")) for _, url in shares(TITLE, f"{SITE_URL}{PATH}", language("de")))
    assert 'href="mailto:?subject=Pears%20%26' in page


def test_its_upvotes_are_a_line_with_a_description(pears: LiveSite) -> None:
    page = pears.client.get(PATH).text
    assert "From 3 on 8 May 2026 to 9 on 9 May 2026" in page
    assert "<polyline" in page


def test_a_line_needs_two_days_and_stays_in_its_box() -> None:
    assert sparkline([]) is None
    assert sparkline([(TODAY, 3)]) is None
    line = sparkline([(TODAY, 0), (TODAY + timedelta(days=1), 0), (TODAY + timedelta(days=9), 40)])
    assert line is not None
    points = [tuple(map(float, point.split(","))) for point in line.points.split()]
    assert all(0 <= x <= line.width and 0 <= y <= line.height for x, y in points)
    assert points[-1] == line.end
    assert points[0][1] == points[1][1] > points[2][1]


def test_unknown_facts_have_no_tags() -> None:
    bare = make_paper(arxiv_id=None, published=None, authors=(), abstract="", venue=None)
    assert dict(citation_meta(bare, "https://x.example")).keys() == {
        "citation_title", "citation_publication_date", "citation_abstract_html_url",
    }  # fmt: skip
    assert {"author", "abstract", "isPartOf", "identifier"}.isdisjoint(json_ld(bare, "https://x.example"))
    assert json_ld(make_paper(published=date(2026, 5, 6)), "")["datePublished"] == "2026-05-06"


def test_a_figure_is_shown_only_if_the_site_shows_thumbnails(pears: LiveSite) -> None:
    with pears.store() as store:
        entry = make_entry(
            arxiv_id="2605.10001", title=TITLE, upvotes=999, thumbnail_url="https://pictures.example/x.png"
        )
        store.papers.add(entry, NOW)
    assert "pictures.example" not in pears.client.get(PATH).text
    config = replace(pears.config, design=replace(pears.config.design, thumbnails=True))
    client = TestClient(make_app(config, lambda: pears.now), base_url=SITE_URL)
    page = client.get(PATH)
    assert re.search(r'<img class="figure[^>]+referrerpolicy="no-referrer"', page.text)
    assert "img-src 'self' https: data:" in page.headers["content-security-policy"]
    assert re.search(
        r'<img class="figure" src="https://pictures.example/x.png"[^>]+loading="lazy"', client.get("/").text
    )
