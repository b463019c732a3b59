"""JSON Feed as feedparser's entries; whole feeds are in tests/sources/test_feed.py."""

from __future__ import annotations

import json
from typing import Any

import pytest

from newsletter.errors import SourceError
from newsletter.sources.formats.jsonfeed import is_json, read_items


def items(*found: Any, **feed: Any) -> list[dict[str, Any]]:
    document = {"version": "https://jsonfeed.org/version/1.1", "items": found} | feed
    return read_items(json.dumps(document).encode(), "https://x.example/feed.json")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_json_is_recognized_in_every_encoding(encoding: str) -> None:
    assert is_json(' \n{"version": ""}'.encode(encoding))


@pytest.mark.parametrize("content", [b"", b"<rss/>", b"[]", b" hello {}"])
def test_other_content_is_not_json(content: bytes) -> None:
    assert not is_json(content)


def test_links_are_made_absolute_and_an_external_one_suffices() -> None:
    one, two = items({"url": "/a"}, {"external_url": "https://y.example/b"}, home_page_url="https://z.example/")
    assert (one["link"], two["link"]) == ("https://z.example/a", "https://y.example/b")


def test_authors_of_the_feed_are_those_of_an_item_without_any() -> None:
    own, inherited = items({"authors": [{"name": "Ada"}]}, {"author": {"name": ""}}, author={"name": "Ben"})
    assert [one["authors"] for one in (own, inherited)] == [[{"name": "Ada"}], [{"name": "Ben"}]]


def test_an_item_that_is_no_object_is_empty() -> None:
    assert items(5, None) == [{}, {}]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "not a feed: invalid JSON"),
        (b"{}", "not a feed: JSON, but not JSON Feed"),
        (b'{"version": 1}', "not a feed: JSON, but not JSON Feed"),
        (b'{"version": "https://jsonfeed.org/version/1"}', "JSON Feed without a list of items"),
    ],
)
def test_another_document_is_an_error(content: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        read_items(content, "x")
