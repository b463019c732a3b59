from __future__ import annotations

import pytest

from newsletter.ranking.names import KnownNames

NAMES = ("Ada Example", "Ada Sample", "Jan Müller", "Wei Zhang", "Example, Cleo")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Exmaple", "Example"),
        ("mulelr", "Müller"),
        ("Exampel Ada", "Example Ada"),
        ("Sample, Ada", "Ada Sample"),
        ("Ada Zhnag", "Ada Zhang"),
        ("Qqq", None),
        ("", None),
    ],
)
def test_a_name_resembles_known_ones(typed: str, meant: str | None) -> None:
    assert KnownNames(NAMES).meant(typed, lambda name: name != typed) == meant


def test_only_what_finds_papers_is_meant() -> None:
    assert KnownNames(NAMES).meant("Ada Exmaple", lambda _: False) is None
    assert KnownNames(()).meant("Ada", lambda _: True) is None
