"""Previews: the message of a selection, its section sizes, and the papers left out."""

from __future__ import annotations

import shutil

import pytest
from starlette.testclient import TestClient

from newsletter.files.site import Site
from newsletter.store import open_store
from tests.factories import NOW, make_entry
from tests.web.studio.client import ADA, get_preview


def test_section_sizes_add_up_to_most_of_the_message(studio: TestClient) -> None:
    preview = get_preview(studio, **ADA)
    sizes = [section["html"] for section in preview["sections"]]

    assert len(sizes) > 3
    assert all(size > 1000 for size in sizes)
    assert 0.5 < sum(sizes) / preview["sizes"]["html"] < 1


def test_selected_topics_replace_a_subscribers(studio: TestClient) -> None:
    preview = get_preview(studio, topics='robot*; "in-context learning" ;', edition="last-30-days")

    assert [section["title"] for section in preview["sections"]][:2] == ["robot*", '"in-context learning"']
    assert preview["subscriber"]["id"] == 0


@pytest.mark.usefixtures("sent")
def test_a_past_edition_is_previewed_as_it_was_sent(studio: TestClient) -> None:
    preview = get_preview(studio, **ADA, edition="daily-2026-05-08")

    assert preview["edition"]["key"] == "daily-2026-05-08"
    assert ["daily-2026-05-08", "8 May 2026 · Daily edition"] in preview["editions"]
    assert get_preview(studio, **ADA)["warnings"] == ["Nothing to show: no new papers. Try the last 30 days."]


def test_a_new_site_is_previewed_with_sample_papers(studio: TestClient, site: Site) -> None:
    site.store.unlink()
    shutil.rmtree(site.store.with_name("newsletter.recovery"))  # else the database would be missed
    preview = get_preview(studio, subscriber="file:example")

    assert preview["papers"]
    assert "these are samples" in preview["warnings"][0]


def test_papers_left_out_of_a_large_message_are_listed(studio: TestClient, site: Site) -> None:
    with open_store(site.store) as store:
        for number in range(80):
            abstract = f"Kettles of kind {number} sing. " + "They hum about water and about steam. " * 12
            store.papers.add(make_entry(title=f"Kettle {number}", abstract=abstract, arxiv_id=f"2605.{number:05}"), NOW)
    (site.subscribers / "new.toml").write_text(
        'email = "new@example.org"\ntopics = ["kettle*"]\nmax_papers = 80\nmax_per_section = 80\n', encoding="utf-8"
    )
    preview = get_preview(studio, subscriber="file:new", edition="last-7-days")
    left_out = [paper["title"] for paper in preview["papers"] if paper["left_out"]]
    text = studio.get("/digest.txt", params={"subscriber": "file:new", "edition": "last-7-days"}).text

    assert left_out
    assert not any(f". {title}\n" in text for title in left_out)
    assert preview["warnings"] == [f"{len(left_out)} papers left out: Gmail clips longer messages."]
    assert sum(one["papers"] for one in preview["sections"]) + len(left_out) == len(preview["papers"])
