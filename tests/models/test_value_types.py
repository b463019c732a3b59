"""Each type's notations agree: the value inside, plain values, texts and columns."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from newsletter.models import Cadence
from newsletter.models.value_types import (
    Boolean,
    Choice,
    Integer,
    LanguageCode,
    Names,
    Numbers,
    Text,
    TextList,
    TimeZone,
    Weekday,
    type_of,
)

VALUES: list[tuple[Text, Any]] = [
    (Text(), "Daily Papers"),
    (Integer(0, 23), 0),
    (Integer(0, 23), 23),
    (Boolean(), True),
    (Boolean(), False),
    (Choice(tuple(Cadence)), Cadence.WEEKLY),
    (LanguageCode(("en", "de")), "de"),
    (Weekday(), 6),
    (TimeZone(), "Europe/Berlin"),
    (TextList(), ("one", "two, three")),
    (TextList(), ()),
    (Names(), ("Ada Example", "李明")),
    (Numbers(), (("recency", 0.5), ("upvotes", 2.0))),
]
REFUSED: list[tuple[Text, Any]] = [
    (Text(), 7),
    (Integer(0, 23), 24),
    (Integer(0, 23), -1),
    (Integer(0, 23), True),
    (Integer(0, 23), "7"),
    (Boolean(), "yes"),
    (Boolean(), 1),
    (Choice(tuple(Cadence)), "hourly"),
    (Choice(tuple(Cadence)), ["daily"]),
    (Weekday(), "Freitag"),
    (Weekday(), 4),
    (TimeZone(), "Mars/Olympus"),
    (TimeZone(), "../etc/passwd"),
    (TimeZone(), None),
    (TextList(), ["one", " "]),
    (TextList(("one", "two")), ["three"]),
    (Names(), "Ada Example"),
    (Names(), ["…"]),
]


@pytest.mark.parametrize(("kind", "value"), VALUES, ids=repr)
def test_every_notation_gives_the_value_back(kind: Text, value: Any) -> None:
    plain = kind.plain(value)
    if not isinstance(kind, Numbers):  # the ranking knows which there may be, and checks them
        assert kind.check(json.loads(json.dumps(plain))) == value
        assert kind.check(kind.read(kind.write(value))) == value
    assert kind.read(kind.write(value)) == (json.loads(json.dumps(plain)))
    assert kind.from_column(kind.to_column(value)) == value
    jsonschema_rs.validate(kind.schema(), plain)


@pytest.mark.parametrize(("kind", "value"), REFUSED, ids=repr)
def test_a_value_of_another_type_is_refused_with_what_is_expected(kind: Text, value: Any) -> None:
    with pytest.raises(ValueError, match=r"expected|not a (time zone|name)"):
        kind.check(value)


@pytest.mark.parametrize("text", ["x", "-", "1" * 5000, "٣", "1e3", ""])
def test_a_text_that_is_no_number_is_refused_by_the_check(text: str) -> None:
    with pytest.raises(ValueError, match="a whole number from 0 to 23 is expected"):
        Integer(0, 23).take(text)


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ((True,), Boolean()),
        ((5, (), 1, 9), Integer(1, 9)),
        ((("a",), ("a", "b")), TextList(("a", "b"))),
        (("a", ("a", "b")), Choice(("a", "b"))),
        (("a",), Text()),
    ],
    ids=repr,
)
def test_the_type_of_a_setting_follows_from_its_declaration(declared: tuple[Any, ...], kind: Text) -> None:
    assert type_of(*declared) == kind


def test_a_stored_number_has_its_present_name() -> None:
    kind = Numbers(renamed=(("recency", "freshness"),))
    assert kind.from_column('{"recency": 0.5, "upvotes": 2.0}') == (("freshness", 0.5), ("upvotes", 2.0))
