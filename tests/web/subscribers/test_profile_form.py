"""Profiles as form fields, and posted forms as preferences."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.limits import TOPICS
from newsletter.models import Cadence, Profile, Style, Topic
from newsletter.models.languages import LANGUAGES
from newsletter.models.profile import PROFILE_FIELDS
from newsletter.rendering.language import language
from newsletter.subscribers.profiles import make_profile
from newsletter.web.http.forms import Form
from newsletter.web.subscribers.profile_form import (
    ONLY_AT_SIGNUP,
    Fields,
    fields_of,
    fields_of_form,
    read_profile_form,
    shown_rows,
)
from tests.factories import make_topic

ENGLISH = language("en")
AGENTS = Topic("LLM agents", "agent*")
ROBOTS = Topic("Robotics", "robot*")
CATALOGUE = {AGENTS: 3, ROBOTS: 0}


def submitted(fields: Fields) -> Form:
    """Return what a browser posts if nothing is changed in the form."""
    own = [row for row in fields.rows if row.choice is None]
    values: dict[str, tuple[str, ...]] = {name: (value,) for name, value in fields.selected.items()}
    values |= {
        "order": tuple(row.name if row.choice else "" for row in fields.rows),
        "topic": tuple(row.name for row in fields.rows if row.choice),
        "own_name": tuple(row.name for row in own),
        "own_query": tuple(row.query for row in own),
    }
    return Form(values)


@given(
    topics=st.lists(st.sampled_from([AGENTS, ROBOTS, make_topic(), Topic("Mine", "retrieval -survey")]), unique=True),
    cadence=st.sampled_from(Cadence),
    weekday=st.integers(0, 6),
    month_day=st.integers(1, 28),
    hour=st.integers(0, 23),
    style=st.sampled_from(Style),
    language=st.sampled_from(list(LANGUAGES)),
    time_zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Tokyo"]),
)
def test_a_form_that_is_submitted_unchanged_changes_nothing(topics: list[Topic], **settings: object) -> None:
    profile = Profile(topics=tuple(topics), **settings)  # type: ignore[arg-type]
    read = read_profile_form(submitted(fields_of(profile, CATALOGUE, ENGLISH)), CATALOGUE, ENGLISH)
    catalogue = {topic.name.casefold(): topic for topic in CATALOGUE}
    assert read.is_valid
    assert make_profile(read.preferences, catalogue, profile) == profile  # the order of topics included


def test_fields_that_a_form_lacks_are_not_changed() -> None:
    assert preferences({"hour": ("7",)}) == {"hour": 7}
    assert preferences({"queries": ("",)}) == preferences({"own_query": ("",)}) == {"topics": []}
    assert preferences({"name": ("Ada",)}) == {}


def preferences(form: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    return dict(read_profile_form(Form(form), CATALOGUE, ENGLISH).preferences)


def test_every_selected_value_is_an_option() -> None:
    fields = fields_of(Profile(topics=(ROBOTS,)), CATALOGUE, ENGLISH)
    for name, value in fields.selected.items():
        if name in fields.options:
            assert value in {option for option, _ in fields.options[name]}
    assert [row.choice and row.choice.topic for row in fields.rows] == [ROBOTS, None]
    assert [(one.topic, one.count) for one in fields.topics] == [(AGENTS, 3)]


def test_options_are_in_the_language_of_the_page_and_languages_in_their_own() -> None:
    options = fields_of(Profile(), {}, language("de")).options
    assert options["weekday"][0] == ("monday", "Montag")
    assert dict(options["language"])["fr"] == "Français"
    assert options["hour"][8] == ("8", "08:00")


def test_an_invalid_form_is_shown_as_it_was_filled_in() -> None:
    form = Form({"hour": ("99",), "own_query": ("(",), "own_name": ("Mine",), "topic": ("Robotics", "Unknown")})
    read = read_profile_form(form, CATALOGUE, ENGLISH)
    fields = fields_of_form(form, shown_rows(form, CATALOGUE), Profile(), CATALOGUE, ENGLISH, read=read)
    assert fields.selected["hour"] == "99"
    assert fields.selected["cadence"] == "daily"
    assert [(row.name, row.query) for row in fields.rows] == [
        ("Mine", "("), ("Robotics", ""), ("Unknown", ""), ("", ""),
    ]  # fmt: skip
    assert (list(fields.errors), list(fields.row_errors)) == (["hour"], [0])
    assert [place for place, _, _ in (*fields.mistakes, *fields.topic_mistakes)] == ["hour", "row-1"]
    assert read.preferences["topics"] == ["Robotics", "Unknown"]  # what is valid can be previewed


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ([("A", "pears"), ("a", "kettles")], [1]),  # the headings of a digest
        ([("A", "pears"), ("A", "pears")], []),
        ([("Robotics", "pears"), ("", "Robotics")], [1]),
        ([("", "  "), ("", "pears")], []),
        ([("x" * 201, "pears")], [0]),
        ([("A", "x" * 2001)], [0]),
        ([("", "!!!"), ("", "-survey"), ("Über", "größe OR 大規模言語モデル")], [0, 1]),
        ([("A", "pears"), ("B", "pears")], []),
    ],
)
def test_topics_of_ones_own_are_checked_each(rows: list[tuple[str, str]], wrong: list[int]) -> None:
    form = Form({"own_name": tuple(name for name, _ in rows), "own_query": tuple(query for _, query in rows)})
    read = read_profile_form(form, CATALOGUE, ENGLISH)
    assert list(read.row_errors) == wrong
    assert read.is_valid == (not wrong)


def test_too_many_topics_are_a_mistake() -> None:
    form = Form({"own_query": tuple(f"topic {number}" for number in range(TOPICS + 1))})
    read = read_profile_form(form, CATALOGUE, ENGLISH)
    assert read.errors == {"topics": "Please choose at most 50 topics."}


def test_what_is_left_out_has_a_reason_and_is_declared() -> None:
    assert ONLY_AT_SIGNUP.keys() <= PROFILE_FIELDS.keys()
    assert all(ONLY_AT_SIGNUP.values())
    shown = fields_of(Profile(), {}, ENGLISH, ONLY_AT_SIGNUP).groups
    names = {one.name for members in shown.values() for one in members} | {"topics"}
    assert names | ONLY_AT_SIGNUP.keys() == PROFILE_FIELDS.keys()
    assert not names & ONLY_AT_SIGNUP.keys()
