from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import Cadence, Digest, Item, Paper, Reason, Section, Style, Subscriber
from newsletter.rendering.colours import ACCENT, make_palette
from newsletter.rendering.context import CardContext, DigestContext, SiteContext
from newsletter.rendering.digest import Look
from newsletter.rendering.digest_context import byline, card_context, digest_context, subject_context
from newsletter.rendering.environment import make_environment
from newsletter.rendering.language import language
from newsletter.rendering.links import FeedbackLinks, paper_links, paper_url
from newsletter.text import squeeze
from tests.factories import make_paper, make_profile, make_subscriber, make_topic
from tests.rendering.conftest import interval, make_digest, make_edition

ENGLISH = language("en")
SITE = SiteContext(
    name="Daily Papers", url="", sender_name="Example Lab", postal_address="", palette=make_palette(ACCENT),
    logo_url="", thumbnails=False,
)  # fmt: skip
LOOK = Look(make_environment(), SITE, Style.CARDS, ENGLISH)


def context_of(digest: Digest | None = None, subscriber: Subscriber | None = None, code: str = "en") -> DigestContext:
    digest = digest or make_digest()
    subscriber = subscriber or make_subscriber()
    return digest_context(
        digest, subscriber, site=SITE, language=language(code), unsubscribe_url="https://x.example/unsubscribe/1.abc"
    )


def card_of(paper: Paper, *reasons: Reason, code: str = "en") -> CardContext:
    return card_context(Item(paper, 1.0, reasons), "  1", site=SITE, language=language(code), feedback=None)


def subject_of(digest: Digest) -> str:
    return LOOK.subject(subject_context(digest, ENGLISH))


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
    assert byline(paper, ENGLISH) == expected


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


def test_sections_are_numbered_and_say_how_many_more_there_are() -> None:
    sections = context_of().sections

    assert [(section.number, section.title, section.shown, section.more) for section in sections] == [
        ("1", "Fruit", "2", "5 more matched; the highest ranked are shown."),
        ("2", "Also trending", "1", ""),
    ]


@pytest.mark.parametrize(
    ("cadence", "kind", "day"),
    [
        (Cadence.DAILY, "Daily edition", "Friday, 8 May 2026"),
        (Cadence.WEEKDAYS, "Daily edition", "Friday, 8 May 2026"),
        (Cadence.WEEKLY, "Weekly edition", "2–8 May 2026"),
        (Cadence.MONTHLY, "Monthly edition", "8 Apr–8 May 2026"),
    ],
)
def test_the_masthead_says_which_edition_of_which_days_it_is(cadence: Cadence, kind: str, day: str) -> None:
    context = context_of(make_digest(edition=make_edition(cadence)))

    assert (context.kind, interval(context.date)) == (kind, day)
    assert context.summary == "3 papers for you, out of 40 new."


def test_what_leads_a_digest_of_several_is_said_in_one_line() -> None:
    best, liked, other = (
        make_paper(id=n, title=title, upvotes=n) for n, title in ((1, "Best"), (9, "Liked"), (2, "x"))
    )

    assert context_of(digest_of(best, liked, other)).brief == "In front: Best. Most liked: Liked"
    assert context_of(digest_of(liked, best, other)).brief == "In front: Liked"
    assert context_of(digest_of(best, liked)).brief == ""


def test_a_reader_is_told_why_the_digest_comes() -> None:
    topics = (make_topic("Pears"), make_topic("Robots"))

    assert [
        context_of(subscriber=make_subscriber(profile=make_profile(topics=chosen, cadence=Cadence.WEEKLY))).why
        for chosen in (topics, ())
    ] == [
        f"You get this digest at ada@example.org, weekly, subscribed since 8 May 2026, for: {reason}."
        for reason in ("Pears, Robots", "the trending papers, whatever they are about")
    ]


def test_a_card_says_only_what_is_known() -> None:
    card = card_of(make_paper(arxiv_id=None, authors=(), author_count=None, abstract="", published=None, upvotes=0))

    assert (card.byline, card.date, card.abstract, card.one_line, card.counts, card.reasons, card.also) == (
        "", "", (), "", (), (), (),
    )  # fmt: skip


def test_a_card_counts_in_the_singular_and_the_plural() -> None:
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


def test_what_a_paper_was_found_by_is_marked_in_its_abstract() -> None:
    paper = make_paper(abstract="In-context learning of kettles.")
    card = card_of(paper, Reason("abstract", "in context learning"), Reason("title", "kettl*"), Reason("author", "of"))

    assert [(piece.text, piece.is_hit) for piece in card.abstract] == [
        ("In-context learning", True),
        (" of ", False),
        ("kettles", True),
        (".", False),
    ]


def test_a_reader_says_more_or_less_by_links_of_their_own() -> None:
    links = FeedbackLinks("https://x.example/feedback/", "7.abc")
    card = card_context(Item(make_paper(id=5), 1.0), "  1", site=SITE, language=ENGLISH, feedback=links)

    assert (card.more_url, card.less_url) == (
        "https://x.example/feedback/5.1.7.abc",
        "https://x.example/feedback/5.0.7.abc",
    )
    assert card_of(make_paper()).more_url == ""


def test_an_empty_digest_has_a_subject_and_no_preheader() -> None:
    digest = make_digest(sections=(), considered=0)

    assert subject_of(digest) == "8 May: nothing new for you"
    assert LOOK.preheader(subject_context(digest, ENGLISH)) == ""
    assert context_of(digest).summary == "0 papers for you, out of 0 new."


def test_the_subject_is_of_the_highest_score_wherever_it_stands() -> None:
    low, high = make_paper(id=1, title="Kettles"), make_paper(id=2, title="Pears")
    sections = (Section("A", (Item(low, 1.0),), 1), Section("B", (Item(high, 9.0),), 1))
    digest = make_digest(sections=sections)

    assert subject_of(digest) == "8 May: Pears (+1 more)"
    assert LOOK.preheader(subject_context(digest, ENGLISH)) == "Kettles"


titles = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200).map(squeeze).filter(bool)


@given(titles, st.integers(1, 120), st.sampled_from(Cadence), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
@settings(max_examples=100, deadline=None)
def test_a_subject_fits_on_one_line(title: str, papers: int, cadence: Cadence, day: date) -> None:
    digest = digest_of(*(make_paper(id=n, title=title) for n in range(papers)), cadence=cadence)

    subject = subject_of(replace(digest, edition=replace(digest.edition, day=day)))

    assert len(subject) <= 69
    assert subject == squeeze(subject)
    assert subject.endswith(f" (+{papers - 1} more)" if papers > 1 else "")
