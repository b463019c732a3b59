from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Cadence, Digest, Edition, Paper, Profile, Reason, ReasonKind
from newsletter.pipeline.compose import compose, find_edition, make_matcher, without_withdrawn
from newsletter.pipeline.notes import Notes
from newsletter.pipeline.schedule import NO_LOOKS, MailHistory, next_edition
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from newsletter.store import Store
from tests.factories import NOW, TODAY, make_entry, make_paper, make_profile, make_topic

EDITION = Edition(key="daily-2026-05-08", cadence=Cadence.DAILY, day=TODAY, since=NOW, created_at=NOW)
PEARS = make_profile(topics=(make_topic("Pears", ("pear",)),))


def paper(number: int, title: str) -> Paper:
    return make_paper(id=number, title=title, abstract="", arxiv_id=f"2605.{number:05}")


def found(store: Store, profile: Profile, after: timedelta = timedelta(), note: str = "") -> Edition:
    now = NOW + after
    due = next_edition(profile, MailHistory(active_since=now), now, NO_LOOKS)
    return find_edition(store, due, profile.cadence, now, Notes(opening=note))


def test_a_digest_is_an_edition_as_one_profile_sees_it() -> None:
    papers = [paper(1, "Pears in Winter"), paper(2, "Kettles"), paper(3, "Pears in Spring")]

    digest = compose(Matcher(PaperIndex(papers)), EDITION, PEARS, {3: NOW})

    assert (digest.edition, digest.considered) == (EDITION, 2)
    assert [(section.topic, [item.paper.id for item in section.items]) for section in digest.sections] == [
        ("Pears", [1])
    ]


def test_a_paper_ages_by_the_day_of_the_edition() -> None:
    index = Matcher(PaperIndex([paper(1, "Pears")]))
    later = replace(EDITION, day=TODAY + timedelta(days=14))

    (fresh,) = compose(index, EDITION, PEARS, {}).items
    (old,) = compose(index, later, PEARS, {}).items

    assert fresh.score > old.score


ASKED = ["pear", "LLM", '"in-context learning"', "kettle model", "keyword:wine", "author:müller", "cat:cs.CL", "mod*"]


@pytest.mark.parametrize("query", ASKED)
def test_stored_papers_are_found_by_their_words_as_papers_are(store: Store, query: str) -> None:
    facts = {"keywords": ("Red | Wine", "LLMs"), "authors": ("Jörg Müller", "A. O'Pear"), "categories": ("cs.CL",)}
    store.papers.add(make_entry(title="Pears: LLMs | In-Context", abstract="Learning of C++ models.", **facts), NOW)
    store.papers.add(
        make_entry(title="A Model", abstract="A model of kettles, in-context learning.", arxiv_id="2605.00007"), NOW
    )
    papers = store.papers.newest(2)

    stored, plain = (matcher.evaluate(query) for matcher in (make_matcher(store, papers), Matcher(PaperIndex(papers))))

    assert stored.bits == plain.bits != 0
    assert stored.strength.tolist() == plain.strength.tolist()


# -- new versions, and what was withdrawn --------------------------------------------------------------

YESTERDAY = NOW - timedelta(days=1)
BEFORE = replace(EDITION, since=YESTERDAY)
WANTS_UPDATES = replace(PEARS, updates=True)


def revised(seen_at: datetime, revised_at: datetime | None, version: int = 2) -> Matcher:
    return Matcher(PaperIndex([replace(paper(1, "Pears"), seen_at=seen_at, revised_at=revised_at, version=version)]))


@pytest.mark.parametrize(
    ("seen_at", "revised_at", "sent_at", "shown", "shown_with_updates"),
    [
        (NOW, None, None, True, True),
        (NOW, None, NOW, False, False),
        (NOW, NOW, None, True, True),  # new, and revised on the same day
        (YESTERDAY, NOW, None, False, True),  # seen before this window
        (YESTERDAY, NOW, YESTERDAY, False, True),
        (YESTERDAY, NOW, NOW, False, False),  # sent since
        (YESTERDAY, YESTERDAY, YESTERDAY, False, False),  # revised before this edition's window
    ],
)
def test_a_new_version_is_shown_only_to_subscribers_who_want_updates(
    seen_at: datetime, revised_at: datetime | None, sent_at: datetime | None, shown: bool, shown_with_updates: bool
) -> None:
    index, sent = revised(seen_at, revised_at), {1: sent_at} if sent_at else {}
    digests = [compose(index, BEFORE, profile, sent) for profile in (PEARS, WANTS_UPDATES)]
    assert [bool(digest.items) for digest in digests] == [shown, shown_with_updates]
    assert [digest.considered for digest in digests] == [shown, shown_with_updates]


def test_a_new_version_is_a_reason() -> None:
    (again,) = compose(revised(YESTERDAY, NOW, version=3), BEFORE, WANTS_UPDATES, {1: YESTERDAY}).items
    (first,) = compose(revised(NOW, NOW, version=3), BEFORE, WANTS_UPDATES, {}).items
    assert again.reasons == (Reason(ReasonKind.NEW_VERSION, "v3"), Reason(ReasonKind.TITLE, "pear"))
    assert first.reasons == (Reason(ReasonKind.TITLE, "pear"),)


def test_papers_withdrawn_after_planning_are_removed_with_empty_sections() -> None:
    papers = [paper(1, "Pears"), paper(2, "Pears and Robots"), paper(3, "Robots")]
    profile = make_profile(topics=(make_topic("Pears", ("pear",)), make_topic("Robots", ("robot",))))
    digest = compose(Matcher(PaperIndex(papers)), EDITION, profile, {})
    assert without_withdrawn(digest) is digest

    sections = [
        replace(
            one,
            items=tuple(replace(item, paper=replace(item.paper, withdrawn=item.paper.id > 1)) for item in one.items),
        )
        for one in digest.sections
    ]
    left = without_withdrawn(replace(digest, sections=tuple(sections)))
    assert [(section.topic, [item.paper.id for item in section.items]) for section in left.sections] == [("Pears", [1])]


# -- editions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cadence", "days"), [(Cadence.DAILY, 7), (Cadence.WEEKDAYS, 7), (Cadence.WEEKLY, 7), (Cadence.MONTHLY, 31)]
)
def test_the_first_edition_of_a_site_reaches_back(store: Store, cadence: Cadence, days: int) -> None:
    first = found(store, make_profile(cadence=cadence), note="Hello")

    assert (first.since, first.created_at, first.note) == (NOW - timedelta(days=days), NOW, "Hello")


def test_the_next_edition_begins_where_the_previous_one_ended(store: Store) -> None:
    store.editions.put(found(store, make_profile()))
    store.editions.put(found(store, make_profile(cadence=Cadence.WEEKLY), timedelta(hours=5)))

    assert found(store, make_profile(), timedelta(days=3)).since == NOW


def test_a_stored_edition_does_not_change(store: Store) -> None:
    first = found(store, make_profile(), note="First note")
    store.editions.put(first)

    assert found(store, make_profile(), timedelta(hours=1), note="Other note") == first


def test_finding_an_edition_stores_nothing(store: Store) -> None:
    edition = found(store, make_profile())

    assert store.editions.find(edition.key) is None


# -- histories ----------------------------------------------------------------------------------------

TITLES = ["Pears", "Robots", "Pears for Robots", "Kettles"]
days = st.lists(st.lists(st.sampled_from(TITLES), max_size=6), min_size=1, max_size=8)
profiles = st.builds(
    make_profile,
    topics=st.sampled_from(
        [(), PEARS.topics, (*PEARS.topics, make_topic("Robots", ("robot",))), (make_topic("All", ("pear", "robot")),)]
    ),
    max_papers=st.integers(1, 5),
    max_per_section=st.integers(1, 4),
    trending=st.integers(0, 3),
)


@given(days, profiles)
def test_no_history_of_pulls_shows_a_subscriber_a_paper_twice(history: list[list[str]], profile: Profile) -> None:
    papers: list[Paper] = []
    digests: list[Digest] = []
    for titles in history:
        papers += [paper(len(papers) + offset, title) for offset, title in enumerate(titles, start=1)]
        sent = {item.paper.id: NOW for digest in digests for item in digest.items}
        digests.append(compose(Matcher(PaperIndex(papers)), EDITION, profile, sent))

    ids = [item.paper.id for digest in digests for item in digest.items]
    assert len(ids) == len(set(ids))
    assert [digest.considered for digest in digests] == [
        sum(map(len, history[: day + 1])) - sum(len(digest.items) for digest in digests[:day])
        for day in range(len(history))
    ]
