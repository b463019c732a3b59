"""The table of limits: complete, documented, and used."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from newsletter import limits
from newsletter.text import normalize, squeeze, stream_safe

ROOT = Path(__file__).parent.parent.parent
_MARKS = "\u0301\u0316\uff9e\uff9f\u0f73\u0344"


def test_every_limit_says_what_it_bounds_and_why() -> None:
    assert len(limits.TABLE) > 40
    for name, limit in limits.TABLE.items():
        assert all((limit.subject, limit.beyond, limit.reason)), name


def test_every_limit_is_used() -> None:
    code = (path.read_text() for path in (ROOT / "newsletter").rglob("*.py") if path.parent.name != "limits")
    words = {word for text in code for word in re.findall(r"\w+", text)}
    assert [name for name in limits.TABLE if name not in words] == []


def test_text_is_normalized_in_one_place_only() -> None:
    allowed = ("text/__init__.py",)
    found = [
        path.name
        for path in (ROOT / "newsletter").rglob("*.py")
        if "unicodedata.normalize(" in path.read_text()
        and not path.as_posix().endswith(allowed)
        and "migrations" not in path.parts
    ]
    assert found == []


@given(st.text(alphabet=f"aé。 か{_MARKS}", max_size=200))
def test_stream_safe_text_has_at_most_thirty_marks_on_a_character(text: str) -> None:
    decomposed = unicodedata.normalize("NFKD", stream_safe("a" + text * 3))
    runs = "".join("m" if unicodedata.combining(character) else " " for character in decomposed).split()
    assert all(len(run) <= limits.COMBINING_MARKS + 1 for run in runs)  # one is the base's own, as in "é"


@given(st.text(max_size=100))
def test_text_with_fewer_marks_is_normalized_as_ever(text: str) -> None:
    assert normalize("NFKC", text) == unicodedata.normalize("NFKC", text)


def test_dropping_marks_leaves_the_rest() -> None:
    assert stream_safe("x" + "\u0301" * 1000 + "y") == "x" + "\u0301" * 30 + "y"
    assert squeeze("Nguye\u0302\u0303n") == "Nguyễn"
