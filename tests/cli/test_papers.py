from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.cli.conftest import PAGE, Newsletter


def test_pulling_a_page_stores_its_papers_and_a_second_pull_none(newsletter: Newsletter, page: Path) -> None:
    first = json.loads(newsletter("pull", "page", str(page), "--json").stdout)
    second = json.loads(newsletter("pull", "page", str(page), "--json").stdout)

    assert [(r["fetched"], r["new"], r["updated"]) for r in first + second] == [(2, 2, 0), (2, 0, 0)]


def test_the_table_says_that_nothing_was_new(newsletter: Newsletter, page: Path) -> None:
    newsletter("pull", "page", str(page))

    assert "nothing new: all were known" in newsletter("pull", "page", str(page)).stdout


def test_a_page_may_come_from_standard_input(newsletter: Newsletter) -> None:
    assert newsletter("pull", "page", "-", stdin=PAGE).exit_code == 0
    assert "2 of 2 papers" in newsletter("papers").stdout


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


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("pull", "page", "gone.txt"), "gone.txt: no such file"),
        (("pull", "page", "newsletter.toml"), "newsletter.toml: not the text of a Daily Papers page"),
        (("pull", "page", "subscribers"), "subscribers: no .txt or .text file in this folder"),
        (("pull", "page"), "page: nothing to read"),
        (("pull", "gopher"), "unknown source 'gopher'"),
        (("pull", "huggingface", "newsletter.toml"), "newsletter.toml: invalid JSON"),
        (("papers",), "the store holds no papers yet"),
        (("papers", "pears"), "the store holds no papers yet"),
    ],
)
def test_invalid_input_is_a_one_line_error_and_changes_nothing(
    newsletter: Newsletter, arguments: tuple[str, ...], complaint: str
) -> None:
    result = newsletter(*arguments)

    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert complaint in result.stderr
    assert json.loads(newsletter("papers", "--json").stdout) == []


def test_one_bad_file_in_a_folder_does_not_stop_the_good_one(newsletter: Newsletter, tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "a.txt").write_text("a shopping list", encoding="utf-8")
    (folder / "b.txt").write_text(PAGE, encoding="utf-8")

    result = newsletter("pull", "page", str(folder), "--json")

    (report,) = json.loads(result.stdout)
    assert (result.exit_code, report["new"], len(report["refusals"])) == (1, 2, 1)


def test_a_pull_without_names_asks_the_configured_sources(
    newsletter: Newsletter, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = {"id": "2605.99001", "title": "Quiet Kettles", "summary": "They boil.", "authors": [{"name": "Ada"}]}
    httpserver.expect_request("/api/daily_papers", query_string={"date": "2026-05-08", "limit": "100", "p": "0"}) \
        .respond_with_json([{"paper": paper, "title": "Quiet Kettles"}])  # fmt: skip
    monkeypatch.setenv("HF_ENDPOINT", httpserver.url_for(""))

    result = newsletter("pull", "huggingface", "--date", "2026-05-08", "--json")

    (report,) = json.loads(result.stdout)
    assert (result.exit_code, report["new"], report["error"]) == (0, 1, None)


def test_an_unreachable_network_is_reported_with_an_alternative(
    newsletter: Newsletter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    result = newsletter("pull")

    assert result.exit_code == 1
    assert "connection failed" in result.stderr
    assert "pull from a saved file" in result.stderr


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
    assert "none of 2 papers contains '2605.99999'" in newsletter("papers", "2605.99999").stderr


def test_trending_papers_are_listed_by_upvotes(newsletter: Newsletter, tmp_path: Path) -> None:
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    rows = [{"paper": {"id": f"2605.9900{n}", "title": f"Kettle {n}", "upvotes": n}} for n in range(3)]
    (tmp_path / f"{today}.json").write_text(json.dumps(rows), encoding="utf-8")
    newsletter("pull", "huggingface", f"{today}.json")
    found = json.loads(newsletter("papers", "--trending", "week", "--json").stdout)
    assert [paper["title"] for paper in found] == ["Kettle 2", "Kettle 1"]
    assert newsletter("papers", "--velocity").exit_code == 2
    assert newsletter("papers", "kettle", "--trending", "day").exit_code == 2
