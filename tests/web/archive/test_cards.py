"""Papers as cards in a list."""

from __future__ import annotations

from datetime import date

from newsletter.web.archive.cards import card_of, facts_of, path_of
from tests.factories import make_paper


def test_a_card_has_the_facts_that_are_known() -> None:
    paper = make_paper(venue="TMLR", published=date(2026, 5, 6), listed=None, upvotes=1, comments=3)
    assert facts_of(paper) == ("TMLR", "6 May 2026", "1 upvote", "3 comments")
    assert facts_of(make_paper(published=date(2026, 5, 6), listed=None, upvotes=0, comments=None)) == ("6 May 2026",)


def test_a_snippet_replaces_the_abstract_only_if_it_has_hits() -> None:
    paper = make_paper(abstract="We count clouds.")
    hit = (("We ", False), ("count", True))
    assert card_of(paper).pieces == (("We count clouds.", False),)
    assert card_of(paper, hit).pieces == hit
    assert card_of(paper, (("We", False),)).pieces == (("We count clouds.", False),)
    assert card_of(make_paper(abstract="")).pieces == ()


def test_a_path_holds_any_key() -> None:
    assert path_of("arxiv:2605.01234") == "/papers/arxiv:2605.01234"
    assert path_of("doi:10.1000/a(b)<c>?#") == "/papers/doi:10.1000/a%28b%29%3Cc%3E%3F%23"
