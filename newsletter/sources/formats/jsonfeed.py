"""JSON Feed, which feedparser does not support, as feedparser's dictionaries.

Format: https://www.jsonfeed.org/version/1.1/; version 1 has one `author` where 1.1 has `authors`.
"""

from __future__ import annotations

import json
from typing import Any

from newsletter.errors import SourceError
from newsletter.sources.feed_discovery import absolute
from newsletter.sources.formats import values

_VERSION = "https://jsonfeed.org/version/"
# Bytes that may precede JSON: byte-order marks, the zeros of UTF-16 and UTF-32, and white space.
_PREFIX = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"


def is_json(content: bytes) -> bool:
    """Return whether bytes start like a JSON object, in any Unicode encoding."""
    return content[:64].lstrip(_PREFIX).startswith(b"{")


def read_items(content: bytes, place: str) -> list[dict[str, Any]]:
    """Return the items of a JSON Feed with the keys of feedparser's entries.

    Raises:
        SourceError: The content is not a JSON Feed.
    """
    try:
        feed = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{place}: not a feed: invalid JSON ({error})") from error
    version = feed.get("version") if isinstance(feed, dict) else None
    if not isinstance(version, str) or not version.startswith(_VERSION):
        raise SourceError(f"{place}: not a feed: JSON, but not JSON Feed")
    if not isinstance(feed.get("items"), list):
        raise SourceError(f"{place}: not a feed: JSON Feed without a list of items")
    base = values.link(feed.get("feed_url")) or values.link(feed.get("home_page_url")) or place
    return [_item(item, feed, base) if isinstance(item, dict) else {} for item in feed["items"]]


def _item(item: dict[str, Any], feed: dict[str, Any], base: str) -> dict[str, Any]:
    return {
        "title": item.get("title"),
        "link": absolute(item.get("url"), base) or absolute(item.get("external_url"), base),
        "id": item.get("id"),
        "published": item.get("date_published"),
        "updated": item.get("date_modified"),
        "summary": item.get("summary"),
        "content": [
            {"type": "text/html", "value": item.get("content_html")},
            {"type": "text/plain", "value": item.get("content_text")},
        ],
        # "If not specified in an item, then the top-level authors are the authors of the item."
        "authors": _authors(item) or _authors(feed),
        "tags": [{"term": tag} for tag in values.texts(item.get("tags"))],
    }


def _authors(record: dict[str, Any]) -> list[dict[str, Any]]:
    authors = values.objects(record.get("authors")) or values.objects([record.get("author")])
    return [author for author in authors if values.text(author.get("name"))]
