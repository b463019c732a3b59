"""JSON bodies: what is nested too deeply or has lone surrogates is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.limits import JSON_DEPTH
from newsletter.web.http.json_body import read_json

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(_VALUES, st.booleans())
def test_every_value_that_is_not_too_deep_is_read(value: Any, ensure_ascii: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ensure_ascii).encode()) == value


@pytest.mark.parametrize(
    "body",
    [
        b"[" * (JSON_DEPTH + 1) + b"]" * (JSON_DEPTH + 1), b"[" * 60_000, b'{"a":' * 10_000, b'{"email": "\\ud800"}',
        b'{"\\udc00": 1}', b"\xff", b"", b"{",
    ],
)  # fmt: skip
def test_others_are_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the reasons of three parsers
        read_json(body)


def test_brackets_in_strings_and_pairs_of_surrogates_do_not_count() -> None:
    assert read_json(b'["' + b"[" * 100 + b'\\"[", "\\ud83d\\ude00"]') == ["[" * 100 + '"[', "\U0001f600"]
