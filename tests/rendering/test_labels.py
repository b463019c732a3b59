from __future__ import annotations

import pytest

from newsletter.models import DeliveryStatus, Message, Reason, ReasonKind, Section, SectionKind, Status
from newsletter.models.languages import LANGUAGES
from newsletter.operations.source_health import Health
from newsletter.rendering.labels import count_labels, link_label, reason_label, section_title, status_label
from newsletter.rendering.language import language
from tests.factories import make_paper, make_profile, make_subscriber
from tests.rendering.conftest import ENGLISH, Write, make_digest

GERMAN = language("de")
OWN_SECTIONS = [kind for kind in SectionKind if kind is not SectionKind.TOPIC]


def test_sections_of_the_program_are_translated() -> None:
    titles = {kind: section_title(Section("", (), 0, kind), GERMAN) for kind in OWN_SECTIONS}

    assert titles == {
        SectionKind.FOLLOWED: "Personen, denen du folgst",
        SectionKind.TRENDING: "Im Trend",
        SectionKind.ALSO_TRENDING: "Auch im Trend",
        SectionKind.SERENDIPITY: "Jenseits deiner Themen",
    }


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("kind", OWN_SECTIONS)
def test_a_topic_called_like_a_section_of_the_program_keeps_its_name(code: str, kind: SectionKind) -> None:
    name = section_title(Section("", (), 0, kind), ENGLISH)

    assert section_title(Section(name, (), 0), language(code)) == name


def test_a_topic_of_the_starter_catalogue_is_headed_in_the_language_and_one_of_their_own_keeps_its_name() -> None:
    titles = [section_title(Section(name, (), 0), GERMAN) for name in ("Robotics", "Robots that cook", "robotics")]

    assert titles == ["Robotik", "Robots that cook", "robotics"]


def test_both_parts_of_a_german_message_keep_the_name_of_a_topic(write: Write) -> None:
    topic, other = make_digest().sections
    digest = make_digest(sections=(Section("Trending", topic.items, topic.matched), other))

    message: Message = write(digest, make_subscriber(profile=make_profile(language="de")))

    assert "\nTrending\n--------\n" in message.text
    assert "\nAuch im Trend\n-------------\n" in message.text
    assert '">Trending' in (message.html or "")
    assert ">Auch im Trend</h2>" in (message.html or "")


def test_a_reason_names_its_kind_in_the_language_and_its_detail_as_it_is() -> None:
    paper = make_paper(upvotes=12, comments=1)

    labels = {kind: reason_label(Reason(kind, "x*"), paper, GERMAN) for kind in ReasonKind}

    assert labels == {
        ReasonKind.TITLE: "Titel: x*",
        ReasonKind.KEYWORDS: "Schlagwörter: x*",
        ReasonKind.ABSTRACT: "Abstract: x*",
        ReasonKind.AUTHOR: "verfasst von: x*",
        ReasonKind.ORGANIZATION: "Organisation: x*",
        ReasonKind.CATEGORY: "Kategorie: x*",
        ReasonKind.SOURCE: "Quelle: x*",
        ReasonKind.POPULARITY: "im Trend: 12 Stimmen, 1 Kommentar",
        ReasonKind.NEW_VERSION: "neue Version: x*",
        ReasonKind.NEAR: "nah an diesem Thema",
        ReasonKind.PASSING: "nur am Rande erwähnt",
    }


def test_unknown_and_zero_counts_are_left_out() -> None:
    assert count_labels(make_paper(upvotes=0, comments=None), ENGLISH) == ()
    assert count_labels(make_paper(upvotes=1, comments=2), ENGLISH) == ("1 upvote", "2 comments")


def test_labels_of_links_are_translated_and_names_are_not() -> None:
    assert [link_label(label, GERMAN) for label in ("Discussion", "arXiv")] == ["Diskussion", "arXiv"]


@pytest.mark.parametrize("status", [*Status, *DeliveryStatus, *Health])
def test_every_status_has_a_label(status: str) -> None:
    assert status_label(status, GERMAN) != status


def test_a_status_without_a_label_is_shown_as_it_is() -> None:
    assert status_label("open", GERMAN) == "open"
