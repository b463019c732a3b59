from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Cadence, Digest, Item, Paper, Section, Style, Subscriber
from newsletter.rendering.context import DigestContext
from newsletter.rendering.digest import Look
from newsletter.rendering.digest_context import digest_context, subject_context
from newsletter.rendering.environment import make_environment
from newsletter.rendering.language import language
from newsletter.text import squeeze
from tests.factories import make_paper, make_profile, make_subscriber, make_topic
from tests.rendering.conftest import ENGLISH, SITE, make_digest, make_edition

LOOK = Look(make_environment(), SITE, Style.CARDS, ENGLISH)


def context_of(digest: Digest | None = None, subscriber: Subscriber | None = None, code: str = "en") -> DigestContext:
    digest = digest or make_digest()
    subscriber = subscriber or make_subscriber()
    return digest_context(
        digest, subscriber, site=SITE, language=language(code), unsubscribe_url="https://x.example/unsubscribe/1.abc"
    )


def subject_of(digest: Digest) -> str:
    return LOOK.subject(subject_context(digest, ENGLISH))


def digest_of(*papers: Paper, cadence: Cadence = Cadence.DAILY) -> Digest:
    items = tuple(Item(paper, float(len(papers) - place)) for place, paper in enumerate(papers))
    return make_digest(edition=make_edition(cadence), sections=(Section("Fruit", items, matched=len(items)),))


def test_sections_are_numbered_and_count_the_papers_that_are_not_shown() -> None:
    sections = context_of().sections

    assert [(section.number, section.title, section.shown, section.more) for section in sections] == [
        ("1", "Fruit", "2", "5 more papers matched. Only the highest ranked are shown."),
        ("2", "Also trending", "1", ""),
    ]


@pytest.mark.parametrize(
    ("cadence", "kind", "day"),
    [
        (Cadence.DAILY, "Daily edition", "Friday, 8 May 2026"),
        (Cadence.WEEKDAYS, "Daily edition", "Friday, 8 May 2026"),
        (Cadence.WEEKLY, "Weekly edition", "2–8 May 2026"),
        (Cadence.MONTHLY, "Monthly edition", "9 April – 8 May 2026"),
    ],
)
def test_the_masthead_names_cadence_and_dates(cadence: Cadence, kind: str, day: str) -> None:
    context = context_of(make_digest(edition=make_edition(cadence)))

    assert (context.kind, context.date) == (kind, day)
    assert context.summary == "3 papers for you, out of 40 new."


@pytest.mark.parametrize(
    ("cadence", "since", "days"),
    [
        (Cadence.DAILY, date(2026, 5, 7), "Friday, 8 May 2026"),
        (Cadence.DAILY, date(2026, 5, 8), "Friday, 8 May 2026"),  # two editions within a day, by two time zones
        (Cadence.WEEKDAYS, date(2026, 5, 5), "6–8 May 2026"),
        (Cadence.WEEKLY, date(2026, 4, 28), "29 April – 8 May 2026"),  # caught up, or the day was changed
        (Cadence.MONTHLY, date(2026, 4, 30), "1–8 May 2026"),
    ],
)
def test_the_dates_are_the_days_since_the_previous_edition(cadence: Cadence, since: date, days: str) -> None:
    digest = make_digest(edition=make_edition(cadence), since=since)

    assert context_of(digest).date == days
    assert subject_context(digest, ENGLISH).day == ("8 May" if days.startswith("Friday") else days)


@pytest.mark.parametrize("cadence", Cadence)
def test_a_first_edition_says_so_with_its_real_days(cadence: Cadence) -> None:
    digest = make_digest(edition=make_edition(cadence), since=date(2026, 5, 1), is_first=True)

    assert (context_of(digest).kind, context_of(digest).date) == ("Your first edition", "2–8 May 2026")
    assert context_of(digest, code="de").kind == "Deine erste Ausgabe"


def test_the_brief_names_the_top_paper_and_the_most_upvoted() -> None:
    best, liked, other = (
        make_paper(id=n, title=title, upvotes=n) for n, title in ((1, "Best"), (9, "Liked"), (2, "x"))
    )

    assert context_of(digest_of(best, liked, other)).brief == "Best match: Best · Most upvoted: Liked"
    assert context_of(digest_of(liked, best, other)).brief == "Best match: Liked"
    assert context_of(digest_of(best, liked)).brief == ""


def test_the_footer_states_why_the_subscriber_gets_the_digest() -> None:
    topics = (make_topic("Pears"), make_topic("Robots"))

    assert [
        context_of(subscriber=make_subscriber(profile=make_profile(topics=chosen, cadence=Cadence.WEEKLY))).why
        for chosen in (topics, ())
    ] == [
        f"You’re receiving this weekly digest at ada@example.org because you subscribed on 8 May 2026. {reason}."
        for reason in ("Your topics: Pears, Robots", "You haven’t chosen any topics, so you get what’s trending")
    ]


def test_an_empty_digest_has_a_subject_and_no_preheader() -> None:
    digest = make_digest(sections=(), considered=0)

    assert subject_of(digest) == "No new papers for you"
    assert LOOK.preheader(subject_context(digest, ENGLISH)) == ""
    assert context_of(digest).summary == ""


def test_the_subject_names_the_paper_with_the_highest_score_of_all_sections() -> None:
    low, high = make_paper(id=1, title="Kettles"), make_paper(id=2, title="Pears")
    sections = (Section("A", (Item(low, 1.0),), 1), Section("B", (Item(high, 9.0),), 1))
    digest = make_digest(sections=sections)

    assert subject_of(digest) == "2 papers: Pears"
    assert LOOK.preheader(subject_context(digest, ENGLISH)) == "Kettles"


titles = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200).map(squeeze).filter(bool)


@given(titles, st.integers(1, 120), st.sampled_from(Cadence), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_a_subject_fits_on_one_line(title: str, papers: int, cadence: Cadence, day: date) -> None:
    digest = digest_of(*(make_paper(id=n, title=title) for n in range(papers)), cadence=cadence)

    subject = subject_of(replace(digest, edition=replace(digest.edition, day=day)))

    assert len(subject) <= 69
    assert subject == squeeze(subject)
    assert subject.startswith(f"{papers} papers: " if papers > 1 else "1 paper: ")
