from __future__ import annotations

from dataclasses import fields

import pytest

from newsletter.errors import ProfileError
from newsletter.models.weights import FORMER_NAMES, Weights, check_weights


def test_numbers_are_returned_as_floats() -> None:
    assert check_weights({"title": 4, "popularity": 0, "k1": 0.5}) == {"title": 4.0, "popularity": 0.0, "k1": 0.5}


def test_a_former_name_is_read_and_the_present_one_wins() -> None:
    assert check_weights({"doubt": 1}) == {"marginal": 1.0}
    assert check_weights({"marginal": 2, "doubt": 1}) == {"marginal": 2.0}


def test_every_former_name_has_become_a_weight() -> None:
    assert {present for _, present in FORMER_NAMES} <= {field.name for field in fields(Weights)}


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        (1, "ranking: a table is expected, as in [ranking]"),
        ({"tast": 1}, "ranking.tast: no such setting (did you mean ranking.taste?)"),
        ({"title": 1000.5}, "ranking.title: a number from 0 to 1000 is expected, not 1000.5"),
        ({"title": float("nan")}, "ranking.title: a number from 0 to 1000 is expected, not nan"),
        ({"title": False}, "ranking.title: a number from 0 to 1000 is expected, not False"),
        ({"k1": 0}, "ranking.k1: more than 0 is expected"),
    ],
)
def test_an_invalid_table_is_refused_with_the_name_of_the_setting(table: object, complaint: str) -> None:
    with pytest.raises(ProfileError) as caught:
        check_weights(table)
    assert str(caught.value) == complaint
