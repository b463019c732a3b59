"""A preview as JSON: headers, sizes, papers with their score breakdowns, and checks."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from newsletter.rendering.spam_score import Scorer
from newsletter.web.studio import preview_json
from tests.web.studio.client import ADA, get_preview


def test_it_has_headers_sizes_and_checks(studio: TestClient) -> None:
    preview = get_preview(studio, **ADA)

    assert preview["error"] is None
    assert preview["to"] == "Ada Example <ada@example.org>"
    assert preview["edition"]["key"] == "daily-2026-05-10"
    assert preview["sizes"]["html"] == len(studio.get("/digest.html", params=ADA).content)
    assert preview["sizes"]["text"] == len(studio.get("/digest.txt", params=ADA).content)
    assert preview["sizes"]["whole"] == len(studio.get("/digest.eml", params=ADA).content)
    assert {check["about"] for check in preview["checks"]} >= {"size", "headers", "links"}
    assert preview["warnings"] == []


def test_every_paper_has_its_rank_and_score_breakdown(studio: TestClient) -> None:
    papers = get_preview(studio, **ADA)["papers"]

    assert [paper["rank"] for paper in papers] == list(range(1, len(papers) + 1))
    assert (papers[0]["section"], papers[0]["position"]) == ("In-context learning", 1)
    for paper in papers:
        assert [part["name"] for part in paper["parts"]] == [
            "match",
            "outright",
            "closeness",
            "marginal",
            "popularity",
            "freshness",
            "followed",
            "taste",
        ]
        assert all(part["detail"] for part in paper["parts"])
        assert sum(part["value"] for part in paper["parts"]) == pytest.approx(paper["total"], abs=0.001)
        assert paper["total"] == pytest.approx(paper["score"], abs=0.001)


def test_the_spam_score_is_only_computed_on_request(studio: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    scored: list[bytes] = []

    def scorer(content: bytes) -> tuple[float, str]:
        scored.append(content)
        return 0.5, "SOME_RULE"

    def find_one() -> Scorer:
        return scorer

    monkeypatch.setattr(preview_json, "find_scorer", find_one)
    quick = get_preview(studio, **ADA)["checks"]
    assert not scored
    full = studio.get("/checks.json", params=ADA).json()

    assert len(scored) == 1
    assert [check["level"] for check in quick if check["about"] == "spam"] == ["unknown"]
    assert ["SOME_RULE" in check["detail"] for check in full if check["about"] == "spam"] == [True]


def test_names_and_texts_are_in_the_language_of_the_page(studio: TestClient) -> None:
    german, english = (
        studio.get("/digest.json", params=ADA, headers={"Accept-Language": code}).json() for code in ("de", "en")
    )

    def texts(preview: dict[str, Any]) -> list[str]:
        parts = [text for one in preview["papers"] for part in one["parts"] for text in (part["label"], part["detail"])]
        found = [topic["found"] for one in preview["papers"] for topic in one["topics"] if topic["found"]]
        checks = [text for one in preview["checks"] for text in (one["name"], one["is"], one["detail"])]
        return [*parts, *found, *checks, *(one["section"] for one in preview["papers"])]

    pairs = zip(texts(german), texts(english), strict=True)
    # The subject of the message, names of programs, topics of their own, and words that German has, too.
    alike = {one for one, other in pairs if one == other}
    assert alike <= {german["subject"], "Outlook", "Links", "Spam", "in-context learning", "Tool use", "Unlearning"}
    assert studio.get("/checks.json", params=ADA, headers={"Accept-Language": "de"}).json()[0]["name"] == "Größe"
