"""JSON responses: values, and errors that name the place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SourceError
from newsletter.sources.documents import Document
from newsletter.sources.formats.json_response import read_json, read_object


def test_a_value_is_read() -> None:
    assert read_json(Document("x", b'[1, {"a": null}]')) == [1, {"a": None}]
    assert read_object(Document("x", b'{"a": 1}'), "Pears") == {"a": 1}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"Rate exceeded.", "x: invalid JSON ('Rate exceeded.')"),
        (b"<html>busy</html>", "x: invalid JSON: a web page"),
        (b"", "x: invalid JSON (Expecting value: line 1 column 1 (char 0))"),
        (b"[" * 100_000, "x: invalid JSON (maximum recursion depth exceeded"),
    ],
)
def test_other_content_is_an_error_with_the_place_and_a_short_message_of_the_server(
    content: bytes, reason: str
) -> None:
    with pytest.raises(SourceError) as caught:
        read_json(Document("x", content))
    assert caught.value.message.startswith(reason)


def test_another_value_than_an_object_is_an_error_that_names_the_api() -> None:
    with pytest.raises(SourceError, match="x: unexpected response from Pears: expected an object, not list"):
        read_object(Document("x", b"[]"), "Pears")


@given(st.binary(max_size=80))
def test_any_bytes_are_a_value_or_one_error(content: bytes) -> None:
    try:
        read_json(Document("x", content))
    except SourceError as error:
        assert error.message.startswith(("x: invalid JSON", "x: corrupt gzip file"))  # noqa: PT017 - either outcome is right
