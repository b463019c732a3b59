from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from tests.cli.conftest import Newsletter


def test_papers_are_found_by_words_with_the_right_fields(newsletter: Newsletter, page: Path) -> None:
    newsletter("pull", "page", str(page))

    (paper,) = json.loads(newsletter("papers", "pears", "--json").stdout)

    facts = ("title", "organization", "published", "comments", "sources")
    assert {fact: paper[fact] for fact in facts} == {
        "title": "A Gentle Robot for Orchards",
        "organization": "Pear Laboratory",
        "published": "2025-10-21",
        "comments": 2,
        "sources": ["page"],
    }


def test_one_paper_is_shown_with_its_fields_and_mentions(newsletter: Newsletter, tmp_path: Path) -> None:
    rows = [{"paper": {"id": "2605.99001v2", "title": "Quiet Kettles", "summary": "They boil.", "upvotes": 3}}]
    (tmp_path / "2026-05-08.json").write_text(json.dumps(rows), encoding="utf-8")
    newsletter("pull", "huggingface", "2026-05-08.json")

    shown = newsletter("papers", "arXiv:2605.99001").stdout
    paper = json.loads(newsletter("papers", "2605.99001", "--json").stdout)

    assert all(words in shown for words in ("Quiet Kettles", "They boil.", "upvotes", "huggingface", "2026-05-08.json"))
    assert (paper["version"], paper["withdrawn"], paper["mentions"][0]["place"]) == (2, False, "2026-05-08.json")


def test_an_unknown_id_is_searched_for_as_words(newsletter: Newsletter, page: Path) -> None:
    newsletter("pull", "page", str(page))
    assert "none of 2 papers matches '2605.99999'" in newsletter("papers", "2605.99999").stderr


def test_trending_papers_are_listed_by_upvotes(newsletter: Newsletter, tmp_path: Path) -> None:
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    rows = [{"paper": {"id": f"2605.9900{n}", "title": f"Kettle {n}", "upvotes": n}} for n in range(3)]
    (tmp_path / f"{today}.json").write_text(json.dumps(rows), encoding="utf-8")
    newsletter("pull", "huggingface", f"{today}.json")
    found = json.loads(newsletter("papers", "--trending", "week", "--json").stdout)
    assert [paper["title"] for paper in found] == ["Kettle 2", "Kettle 1"]
    assert newsletter("papers", "--velocity").exit_code == 2
    assert newsletter("papers", "kettle", "--trending", "day").exit_code == 2
