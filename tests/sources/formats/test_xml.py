"""Untrusted XML: what is read, and what is refused before it is parsed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SourceError
from newsletter.sources.documents import Document
from newsletter.sources.formats.xml import read_xml, text_of


def test_tags_have_no_namespaces_and_text_includes_descendants() -> None:
    root = read_xml(Document("x", b'<a xmlns="urn:a"><t>H<sub>2</sub>O</t></a>'))
    assert (root.tag, text_of(root, "t"), text_of(root, "gone")) == ("a", "H2O", "")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_are_detected(encoding: str) -> None:
    assert read_xml(Document("x", "<a>ü</a>".encode(encoding))).text == "ü"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_entities_are_refused(encoding: str) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    with pytest.raises(SourceError, match="entity declarations are not allowed"):
        read_xml(Document("x", (mark + bomb).encode(encoding)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"Rate exceeded.", "x: not XML: 'Rate exceeded.'"),
        (b"", "x: not XML"),
        (b"<a>\n<b></a>", "x: not well-formed XML: line 2, column"),
        (b"<a>" * 101, "x: unsupported XML: nested more than 100 deep"),
        (b'<?xml version="1.0" encoding="pears"?><a/>', "XML"),
    ],
)
def test_an_error_names_the_place_and_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_xml(Document("x", content))
    assert reason in caught.value.message


@given(st.binary(max_size=80) | st.text(alphabet="<>/a&;!\"' ", max_size=80).map(str.encode))
def test_any_bytes_are_an_element_or_one_error(content: bytes) -> None:
    try:
        assert read_xml(Document("x", content)).tag
    except SourceError as error:
        assert error.message.startswith("x: ")  # noqa: PT017 - either outcome is right
