"""Profiles as form fields, and posted forms as preferences."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Cadence, Profile, Style, Topic
from newsletter.models.languages import LANGUAGES
from newsletter.subscribers.profiles import make_profile
from newsletter.web.http.forms import Form
from newsletter.web.subscribers.profile_form import Fields, fields_of, fields_of_form, read_profile_form
from tests.factories import make_topic

AGENTS = Topic("LLM agents", "agent*")
ROBOTS = Topic("Robotics", "robot*")
CATALOGUE = {AGENTS: 3, ROBOTS: 0}


def submitted(fields: Fields) -> Form:
    """Return what a browser posts if nothing is changed in the form."""
    ticked = tuple(topic.topic.name for topic in fields.topics if topic.is_chosen)
    return Form(
        {name: (value,) for name, value in fields.selected.items()} | {"topic": ticked, "queries": (fields.queries,)}
    )


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
    preferences = read_profile_form(submitted(fields_of(profile, CATALOGUE)))
    catalogue = {topic.name.casefold(): topic for topic in CATALOGUE}
    again = make_profile(preferences, catalogue, profile)
    assert set(again.topics) == set(profile.topics)
    assert again == Profile(topics=again.topics, **settings)  # type: ignore[arg-type]


def test_fields_that_a_form_lacks_are_not_changed() -> None:
    assert read_profile_form(Form({"hour": ("7",)})) == {"hour": 7}
    assert read_profile_form(Form({"queries": ("",)})) == {"topics": []}


def test_every_selected_value_is_an_option() -> None:
    fields = fields_of(Profile(topics=(ROBOTS,)), CATALOGUE)
    for name, value in fields.selected.items():
        if name in fields.options:
            assert value in {option for option, _ in fields.options[name]}
    assert [(topic.topic.name, topic.count, topic.is_chosen) for topic in fields.topics] == [
        ("LLM agents", 3, False),
        ("Robotics", 0, True),
    ]


def test_an_invalid_form_is_shown_as_it_was_filled_in() -> None:
    fields = fields_of_form(Form({"hour": ("99",), "queries": ("(",), "topic": ("Robotics", "Unknown")}), CATALOGUE)
    assert (fields.selected["hour"], fields.queries) == ("99", "(")
    assert [topic.topic.name for topic in fields.topics if topic.is_chosen] == ["Robotics"]
    assert fields.selected["cadence"] == "daily"
