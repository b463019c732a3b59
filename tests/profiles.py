"""Random profiles, made from the declarations of their fields."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from newsletter.models.profile import PROFILE_FIELDS, Profile, ProfileField
from newsletter.models.value_types import (
    WEEKDAYS,
    Boolean,
    Choice,
    Integer,
    Names,
    Numbers,
    TextList,
    TimeZone,
    Topics,
    Weekday,
)
from newsletter.subscribers.profiles import make_profile


def plain_values(field: ProfileField) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one per type
    """Return the plain values that a field may have."""
    match field.type:
        case Boolean():
            return st.booleans()
        case Integer(first, last):
            return st.integers(first, last)
        case Weekday():
            return st.sampled_from(WEEKDAYS)
        case TimeZone():
            return st.sampled_from(("UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"))
        case Choice(choices):
            return st.sampled_from([str(choice) for choice in choices])
        case Topics():
            table = {"name": "A b", "query": "kettle OR title:spoon"}
            return st.lists(st.sampled_from(("LLM agents", "robot*", '"a; b" -survey', "a OR b", table)), unique_by=str)
        case Numbers():
            return st.dictionaries(st.sampled_from(("taste", "title", "freshness")), st.floats(0, 1000))
        case Names() | TextList():
            return st.lists(st.sampled_from(("Ada Example", "Bell; Labs", "-x|y", "陳", 'O"Neil\\')), unique=True)
    return st.just(field.example)


def profiles() -> st.SearchStrategy[Profile]:
    """Return profiles with any of their fields set."""
    fields = {name: plain_values(field) for name, field in PROFILE_FIELDS.items()}
    return st.fixed_dictionaries({}, optional=fields).map(lambda table: make_profile(table, {}))
