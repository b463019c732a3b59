from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import Cadence, Digest, Item, Paper, Section, Subscriber
from newsletter.rendering.context import DigestContext, byline, digest_context
from newsletter.rendering.links import paper_links, paper_url
from newsletter.text import squeeze
from tests.factories import make_paper, make_profile, make_subscriber, make_topic
from tests.rendering.conftest import make_digest, make_edition


def context_of(digest: Digest | None = None, subscriber: Subscriber | None = None) -> DigestContext:
    return digest_context(
        digest or make_digest(),
        subscriber or make_subscriber(),
        site_name="Daily Papers",
        site_url="https://papers.example.org",
        leave_url="https://papers.example.org/leave/1.abc",
        sender_name="Example Lab",
        postal_address=None,
    )


def digest_of(*papers: Paper, cadence: Cadence = Cadence.DAILY) -> Digest:
    items = tuple(Item(paper, float(len(papers) - place)) for place, paper in enumerate(papers))
    return make_digest(edition=make_edition(cadence), sections=(Section("Fruit", items, matched=len(items)),))


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
def test_a_byline_says_what_is_known(paper: Paper, expected: str) -> None:
    assert byline(paper) == expected


def test_a_paper_is_linked_to_its_own_page_or_to_a_search_for_its_title() -> None:
    assert paper_url(make_paper(arxiv_id="math/0601001")) == "https://arxiv.org/abs/math/0601001"
    assert paper_url(make_paper(arxiv_id=None, doi="10.1000/a<b>")) == "https://doi.org/10.1000/a%3Cb%3E"
    assert (
        paper_url(make_paper(arxiv_id=None, title="Pears & Kin?")) == "https://huggingface.co/papers?q=Pears+%26+Kin%3F"
    )


def test_all_there_is_about_a_paper_is_linked() -> None:
    paper = make_paper(arxiv_id="2605.00001", code_url="https://x.example/c", project_url="https://x.example/p")

    assert paper_links(paper) == (
        ("arXiv", "https://arxiv.org/abs/2605.00001"),
        ("PDF", "https://arxiv.org/pdf/2605.00001"),
        ("Discussion", "https://huggingface.co/papers/2605.00001"),
        ("Code", "https://x.example/c"),
        ("Project", "https://x.example/p"),
    )
    assert [label for label, _ in paper_links(make_paper(arxiv_id=None, doi="10.1/x"))] == ["Publisher"]
    assert [label for label, _ in paper_links(make_paper(arxiv_id=None))] == ["Search Hugging Face"]


def test_cards_are_numbered_through_the_whole_digest() -> None:
    sections = context_of().sections

    assert [[(card.number, card.title) for card in section.cards] for section in sections] == [
        [(1, "Pears in Winter"), (2, "Robots in Spring")],
        [(3, "Kettles & Kin")],
    ]
    assert [(section.title, section.more) for section in sections] == [("Fruit", 5), ("Also trending", 0)]


@pytest.mark.parametrize(
    ("cadence", "kind"),
    [
        (Cadence.DAILY, "Daily edition"),
        (Cadence.WEEKDAYS, "Daily edition"),
        (Cadence.WEEKLY, "Weekly edition"),
        (Cadence.MONTHLY, "Monthly edition"),
    ],
)
def test_the_masthead_says_which_edition_of_which_day_it_is(cadence: Cadence, kind: str) -> None:
    context = context_of(make_digest(edition=make_edition(cadence)))

    assert (context.kind, context.date, context.summary) == (
        kind,
        "Friday, 8 May 2026",
        "3 papers for you, out of 40 new.",
    )


def test_a_reader_is_told_why_the_digest_comes() -> None:
    topics = (make_topic("Pears"), make_topic("Robots"))

    assert [
        context_of(subscriber=make_subscriber(profile=make_profile(topics=chosen, cadence=Cadence.WEEKLY))).why
        for chosen in (topics, ())
    ] == [
        f"You get this weekly digest at ada@example.org, subscribed since 8 May 2026, for: {reason}."
        for reason in ("Pears, Robots", "the trending papers, whatever they are about")
    ]


def test_a_card_says_only_what_is_known() -> None:
    bare = make_paper(arxiv_id=None, authors=(), author_count=None, abstract="", published=None, upvotes=0)

    (card,) = context_of(digest_of(bare)).sections[0].cards

    assert (card.byline, card.date, card.abstract, card.summary, card.counts, card.reasons, card.also) == (
        "", "", "", "", (), (), (),
    )  # fmt: skip


def test_a_card_counts_in_the_singular_and_the_plural() -> None:
    papers = (make_paper(id=1, upvotes=1, comments=2), make_paper(id=2, upvotes=None, comments=1))

    assert [card.counts for card in context_of(digest_of(*papers)).sections[0].cards] == [
        ("1 upvote", "2 comments"),
        ("1 comment",),
    ]


def test_an_abstract_is_cut_at_a_sentence_and_shorter_below_a_summary() -> None:
    sentence = "We count the clouds of a day in May. "
    alone, below = make_paper(abstract=sentence * 30), make_paper(abstract=sentence * 30, summary="Clouds, counted.")

    cards = context_of(digest_of(alone, below)).sections[0].cards

    assert [card.abstract for card in cards] == [(sentence * 11).strip(), (sentence * 7).strip()]


def test_an_empty_digest_has_a_subject_and_no_preheader() -> None:
    context = context_of(make_digest(sections=(), considered=0))

    assert (context.subject, context.preheader, context.summary, context.sections) == (
        "8 May: nothing new for you",
        "",
        "0 papers for you, out of 0 new.",
        (),
    )


def test_the_subject_is_of_the_highest_score_wherever_it_stands() -> None:
    low, high = make_paper(id=1, title="Kettles"), make_paper(id=2, title="Pears")
    sections = (Section("A", (Item(low, 1.0),), 1), Section("B", (Item(high, 9.0),), 1))

    context = context_of(make_digest(sections=sections))

    assert (context.subject, context.preheader) == ("8 May: Pears (+1 more)", "Kettles")


titles = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200).map(squeeze).filter(bool)


@given(titles, st.integers(1, 120), st.sampled_from(Cadence), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
@settings(max_examples=100, deadline=None)
def test_a_subject_fits_on_one_line(title: str, papers: int, cadence: Cadence, day: date) -> None:
    digest = digest_of(*(make_paper(id=n, title=title) for n in range(papers)), cadence=cadence)

    subject = context_of(replace(digest, edition=replace(digest.edition, day=day))).subject

    assert len(subject) <= 69
    assert subject == squeeze(subject)
    assert subject.endswith(f" (+{papers - 1} more)" if papers > 1 else "")
