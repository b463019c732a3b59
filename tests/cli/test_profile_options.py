from __future__ import annotations

import re
from dataclasses import fields

from newsletter.cli.profile_options import default_text, given, schedule, topic_names
from newsletter.models import Cadence, Profile, Topic
from newsletter.models.profile import PROFILE_FIELDS
from tests.reference import profile_parameters


def test_every_field_of_a_profile_has_an_option() -> None:
    options = {option.name for option in profile_parameters()}

    assert options == {field.name for field in fields(Profile)} | {"name"}


def test_the_defaults_in_help_are_those_of_a_profile() -> None:
    for option in profile_parameters():
        if found := re.search(r"Default: (\S+)\.$", option.help or ""):
            assert found[1] == default_text(PROFILE_FIELDS[str(option.name)])


def test_weights_are_typed_as_pairs() -> None:
    assert given({"ranking": ("freshness=2", "taste = 0.5")}) == {"ranking": {"freshness": 2.0, "taste": 0.5}}


def test_options_that_were_not_typed_are_left_out() -> None:
    assert given({"hour": 0, "topics": (), "style": None, "updates": False}) == {"hour": 0, "updates": False}


def test_a_schedule_in_words() -> None:
    assert schedule(Profile()) == "daily, from 08:00 UTC"
    assert schedule(Profile(cadence=Cadence.WEEKLY, weekday=4, hour=16, time_zone="America/New_York")) == (
        "weekly on friday, from 16:00 America/New_York"
    )
    assert schedule(Profile(cadence=Cadence.MONTHLY, month_day=28)) == "monthly on day 28, from 08:00 UTC"


def test_a_profile_without_topics_is_a_trending_one() -> None:
    assert topic_names(Profile()) == "(trending)"
    assert topic_names(Profile(topics=(Topic("Pears", "pear"), Topic("Figs", "fig")))) == "Pears, Figs"
