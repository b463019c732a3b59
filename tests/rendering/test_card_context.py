from __future__ import annotations

import pytest

from newsletter.models import Item, Paper, Reason, ReasonKind
from newsletter.rendering.card_context import byline, card_context
from newsletter.rendering.context import CardContext
from newsletter.rendering.links import FeedbackLinks
from tests.factories import make_paper
from tests.rendering.conftest import ENGLISH, SITE


def card_of(paper: Paper, *reasons: Reason) -> CardContext:
    return card_context(Item(paper, 1.0, reasons), "  1", site=SITE, language=ENGLISH, feedback=None)


@pytest.mark.parametrize(
    ("paper", "expected"),
    [
        (make_paper(authors=("A", "B")), "A, B"),
        (make_paper(authors=("A", "B", "C", "D", "E")), "A, B, C and 2 more"),
        (make_paper(authors=("A", "B", "C", "D"), author_count=64), "A, B, C and 61 more"),
        (make_paper(authors=("A",), author_count=1, organization="Pear Lab"), "A (Pear Lab)"),
        (make_paper(authors=("A",), author_count=5), "A and 4 more"),
        (make_paper(authors=(), author_count=1), "1 author"),
        (make_paper(authors=(), author_count=7, organization="Pear Lab"), "Pear Lab"),
        (make_paper(authors=(), author_count=None), ""),
    ],
)
def test_a_byline_names_authors_or_organization_or_their_number(paper: Paper, expected: str) -> None:
    assert byline(paper, ENGLISH) == expected


def test_unknown_facts_are_empty() -> None:
    card = card_of(make_paper(arxiv_id=None, authors=(), author_count=None, abstract="", published=None, upvotes=0))

    assert (card.byline, card.date, card.abstract, card.one_line, card.counts, card.reasons, card.also) == (
        "", "", (), "", (), (), (),
    )  # fmt: skip


def test_counts_have_singular_and_plural_forms() -> None:
    assert card_of(make_paper(upvotes=1, comments=2)).counts == ("1 upvote", "2 comments")
    assert card_of(make_paper(upvotes=None, comments=1)).counts == ("1 comment",)
    assert card_of(make_paper(upvotes=1234)).counts == ("1,234 upvotes",)


def test_an_abstract_is_cut_at_a_sentence_and_shorter_below_a_summary() -> None:
    sentence = "We count the clouds of a day in May. "
    alone = card_of(make_paper(abstract=sentence * 30))
    below = card_of(make_paper(abstract=sentence * 30, summary="Clouds, counted."))

    assert [piece.text for piece in alone.abstract] == [(sentence * 11).strip()]
    assert [piece.text for piece in below.abstract] == [(sentence * 7).strip()]
    assert (alone.is_summary, below.is_summary, below.one_line) == (False, True, "Clouds, counted.")


def test_matching_terms_are_highlighted_in_the_abstract() -> None:
    paper = make_paper(abstract="In-context learning of kettles.")
    card = card_of(
        paper,
        Reason(ReasonKind.ABSTRACT, "in context learning"),
        Reason(ReasonKind.TITLE, "kettl*"),
        Reason(ReasonKind.AUTHOR, "of"),
    )

    assert [(piece.text, piece.is_hit) for piece in card.abstract] == [
        ("In-context learning", True),
        (" of ", False),
        ("kettles", True),
        (".", False),
    ]


def test_feedback_links_have_the_subscribers_token() -> None:
    links = FeedbackLinks("https://x.example/feedback/", "7.abc")
    card = card_context(Item(make_paper(id=5), 1.0), "  1", site=SITE, language=ENGLISH, feedback=links)

    assert (card.more_url, card.less_url) == (
        "https://x.example/feedback/5.1.7.abc",
        "https://x.example/feedback/5.0.7.abc",
    )
    assert card_of(make_paper()).more_url == ""
