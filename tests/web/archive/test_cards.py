"""Papers as cards in a list."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from newsletter.rendering.language import language
from newsletter.web.archive.cards import card_of, path_of, source_name
from tests.factories import make_paper

ENGLISH = language("en")


def test_a_card_has_the_facts_that_are_known() -> None:
    paper = make_paper(venue="TMLR", published=date(2026, 5, 6), listed=None, upvotes=1, comments=3)
    card = card_of(paper, ENGLISH)
    assert card.facts == ("TMLR", "6 May 2026", "3 comments")
    assert card.upvotes == ("▲1", "1 upvote")
    bare = card_of(make_paper(published=date(2026, 5, 6), listed=None, upvotes=0, comments=None), ENGLISH)
    assert (bare.facts, bare.upvotes) == (("6 May 2026",), ("", ""))


def test_a_card_begins_with_the_finding_and_shows_a_snippet_only_if_it_has_hits() -> None:
    paper = make_paper(abstract="Clouds are many. We show that small models count clouds.", summary=None)
    hit = (("We ", False), ("count", True))
    assert card_of(paper, ENGLISH).finding == "We show that small models count clouds."
    assert card_of(make_paper(summary="Models count."), ENGLISH).finding == "Models count."
    assert card_of(paper, ENGLISH, hit).pieces == hit
    assert card_of(paper, ENGLISH, (("We", False),)).pieces == ()
    assert card_of(make_paper(abstract=""), ENGLISH).finding == ""


def test_code_has_its_stars_and_a_figure_is_shown_only_on_request() -> None:
    paper = make_paper(
        code_url="https://code.example/x", code_stars=1240, thumbnail_url="https://pictures.example/x.png"
    )
    assert ("Code ★1.2k", "https://code.example/x") in card_of(paper, ENGLISH).links
    assert card_of(paper, ENGLISH).figure_url == ""
    assert card_of(paper, ENGLISH, shows_figure=True).figure_url == "https://pictures.example/x.png"
    assert "Diskussion" in dict(card_of(paper, language("de")).links)
    assert source_name("huggingface") == "Hugging Face"
    assert source_name("my feed") == "my feed"


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Apples"}, {"upvotes": 4}, {"comments": 4}, {"summary": "Apples keep."}, {"abstract": "Apples keep."},
        {"withdrawn": True}, {"authors": ("Cy Other",)}, {"venue": "TMLR"}, {"code_url": "https://code.example/x"},
        {"organization": "Orchard Lab"}, {"thumbnail_url": "https://pictures.example/x.png"},
        {"key": "arxiv:2605.00009"},
    ],
)  # fmt: skip
def test_a_paper_that_has_changed_has_another_card(change: dict[str, Any]) -> None:
    paper = make_paper(id=7, abstract="Pears keep.", comments=3, upvotes=3)
    before = card_of(paper, ENGLISH, shows_figure=True)
    after = card_of(replace(paper, **change), ENGLISH, shows_figure=True)
    assert before != after
    assert card_of(paper, ENGLISH, shows_figure=True) == before
    assert card_of(paper, language("de"), shows_figure=True) != before


def test_a_card_of_a_list_of_lines_has_no_finding_though_others_do() -> None:
    paper = make_paper(abstract="Pears keep.")
    assert [card_of(paper, ENGLISH, shows_finding=one).finding for one in (True, False)] == ["Pears keep.", ""]


def test_a_path_holds_any_key() -> None:
    assert path_of("arxiv:2605.01234") == "/papers/arxiv:2605.01234"
    assert path_of("doi:10.1000/a(b)<c>?#") == "/papers/doi:10.1000/a%28b%29%3Cc%3E%3F%23"
