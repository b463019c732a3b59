from __future__ import annotations

import pytest

from newsletter.models import Item, Paper, Reason, ReasonKind
from newsletter.rendering.card_context import byline, card_context, informative_reasons
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
        (make_paper(authors=("נועה לוי", "A"), organization="جامعة"), "\u2068נועה לוי\u2069, A (\u2068جامعة\u2069)"),
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


SENTENCES = (
    "Kettles boil in kitchens of all kinds, and nobody knows for certain why they whistle at all.",
    "We show that 37 of 40 kettles whistle because of a small leak in the lid.",
    "Earlier studies looked at spouts, handles and the mood of whoever was making the tea that day.",
    "A year of listening in forty homes supports this, with microphones that were hidden in biscuit tins.",
)


def test_the_finding_comes_first_and_the_abstract_only_as_far_as_it_adds_something() -> None:
    alone = card_of(make_paper(title="Why kettles whistle", abstract=" ".join(SENTENCES)))
    below = card_of(make_paper(abstract=" ".join(SENTENCES), summary="Kettles leak."))
    short = card_of(make_paper(abstract="Kettles leak at the lid.", summary="Kettles leak."))

    assert (alone.one_line, "".join(piece.text for piece in alone.finding)) == (SENTENCES[1], SENTENCES[1])
    assert "".join(piece.text for piece in alone.abstract) == SENTENCES[0]
    assert "".join(piece.text for piece in below.abstract) == f"{SENTENCES[0]} {SENTENCES[1]}"
    assert (alone.is_summary, below.is_summary, below.one_line) == (False, True, "Kettles leak.")
    assert short.abstract == ()


def test_only_reasons_that_heading_title_and_byline_do_not_tell_are_shown() -> None:
    paper = make_paper(title="Pears", authors=("Ada Example",), organization="Pear Lab")
    repeated = [
        Reason(ReasonKind.TITLE, "pear"), Reason(ReasonKind.POPULARITY), Reason(ReasonKind.AUTHOR, "example"),
        Reason(ReasonKind.ORGANIZATION, "pear lab"), Reason(ReasonKind.ABSTRACT, "winter fruit"),
    ]  # fmt: skip
    informative = [
        Reason(ReasonKind.ABSTRACT, "snow"),
        Reason(ReasonKind.AUTHOR, "Ben"),
        Reason(ReasonKind.NEW_VERSION, "2"),
    ]

    assert informative_reasons(Item(paper, 1.0, (*repeated, *informative)), "Winter fruit") == tuple(informative)


def test_an_author_whom_a_reason_names_is_marked_wherever_they_stand() -> None:
    paper = make_paper(authors=("Ada A", "Ben B", "Cem C", "Dora D", "Ed E"))
    card = card_of(paper, Reason(ReasonKind.AUTHOR, "dora d"))

    assert card.byline == "Ada A, Ben B, Dora D\u00a0✓ and 2 more"
    assert card.lead == "Dora D\u00a0✓\u00a0+4"


def test_upvotes_and_stars_have_short_marks() -> None:
    card = card_of(make_paper(upvotes=58, code_url="https://code.example/x", code_stars=1240))

    assert card.marks == ("▲58", "★1.2k")
    assert [link.label for link in card.links if "Code" in link.label] == ["Code ★1.2k"]
    assert card_of(make_paper(upvotes=0, code_url="https://code.example/x")).marks == ()
    marks = [card_of(make_paper(upvotes=number)).upvotes for number in (999, 1000, 9_960, 23_456, 3_000_000)]
    assert marks == ["▲999", "▲1k", "▲10k", "▲23k", "▲3M"]


def test_matching_terms_are_highlighted_in_the_abstract() -> None:
    paper = make_paper(abstract="In-context learning of kettles.")
    card = card_of(
        paper,
        Reason(ReasonKind.ABSTRACT, "in context learning"),
        Reason(ReasonKind.TITLE, "kettl*"),
        Reason(ReasonKind.AUTHOR, "of"),
    )

    assert [(piece.text, piece.is_hit) for piece in card.finding] == [
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
