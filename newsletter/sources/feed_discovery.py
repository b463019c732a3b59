"""Feed autodiscovery: the feed at a URL, or the one that the page there links to.

A page links to its feed by <link rel="alternate"> in its head: https://www.rssboard.org/rss-autodiscovery.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from newsletter.errors import SourceError
from newsletter.sources.documents import Document, decode
from newsletter.sources.formats import values
from newsletter.sources.http.client import HttpClient

_ACCEPT = {
    "Accept": "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.9, text/xml;q=0.9, text/html;q=0.5, */*;q=0.1"
}
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json"})
# WordPress links to a second feed, of the comments.
_COMMENTS = re.compile(r"\bcomments?\b", re.IGNORECASE)
#: Only the head of a page is searched, in characters.
_MAX_HEAD = 2**20


def request_feed(address: str, client: HttpClient, parse: Callable[[Document], object]) -> Document | None:
    """Return the feed at a URL, or the one that the page there links to; None if it is not modified.

    Args:
        address: A URL given by the operator.
        client: The HTTP client for all requests.
        parse: A parser that raises SourceError if a document is not a feed.

    Raises:
        SourceError: The request failed, or there is no feed.
    """
    known = set(client.validators)
    response = client.get(address, conditional=True, headers=_ACCEPT)
    if response.is_unchanged:
        return None
    document = Document(response.place, response.content)
    try:
        parse(document)
    except SourceError as error:
        found = find_feed(response.content, response.place)
        if found is None:
            message = f"{address}: no feed found, neither here nor linked from this page"
            raise SourceError(message, hint="look for a link to RSS or Atom on the page, and give that URL") from error
    else:
        return document
    # A feed may change while its page does not, so the page is requested unconditionally next time.
    for place in client.validators.keys() - known:
        del client.validators[place]
    response = client.get(found, conditional=True, headers=_ACCEPT, untrusted=not is_same_server(found, address))
    if response.is_unchanged:
        return None
    document = Document(response.place, response.content)
    parse(document)
    return document


def find_feed(page: bytes, address: str) -> str | None:
    """Return the URL of the first feed that a page links to, other than of comments, or None.

    Args:
        page: The body of the response.
        address: The URL of the page, the base of relative links unless the page sets another.
    """
    links = _Links()
    with suppress(AssertionError):  # html.parser fails on "<![x", which is never in a head
        links.feed(decode(page)[:_MAX_HEAD])
    base = absolute(links.base, address) or address
    found = (absolute(href, base) for href, title in links.feeds if not _is_comment_feed(href, title))
    return next((link for link in found if link), None)


def absolute(href: object, base: str) -> str | None:
    """Return an absolute or relative http(s) URL as an absolute one, or None if it is invalid."""
    if not isinstance(href, str) or not href.strip():
        return None
    try:
        joined = urljoin(base, href.strip())
        return values.link(joined) if urlsplit(joined).port != 0 else None  # a port above 65535 is a ValueError
    except ValueError:
        return None


_PROLOG = re.compile(
    r"(?:[\s\ufeff]|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)*", re.DOTALL | re.IGNORECASE
)
_ELEMENT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")


def root_element(text: str) -> str:
    """Return the name of the root element of XML or HTML, lower-cased and without prefix, or ""."""
    prolog = _PROLOG.match(text)
    element = _ELEMENT.match(text, prolog.end() if prolog else 0)
    return element[1].lower() if element else ""


def is_same_server(one: str, other: str) -> bool:
    """Return whether two http(s) URLs have the same host and port."""
    try:
        return _server(one) == _server(other)
    except ValueError:  # an invalid port
        return False


def _server(address: str) -> tuple[str | None, int]:
    parts = urlsplit(address)
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _is_comment_feed(href: str, title: str) -> bool:
    return bool(_COMMENTS.search(title) or _COMMENTS.search(href.partition("?")[0]))


class _Links(HTMLParser):
    """Collects the feeds that a page links to, and the base URL it sets."""

    def __init__(self) -> None:
        super().__init__()
        self.base: str | None = None
        self.feeds: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in reversed(attrs)}  # the first of duplicates wins
        if tag == "base" and self.base is None:
            self.base = found.get("href")
        if tag != "link" or "alternate" not in found.get("rel", "").lower().split():
            return
        if found.get("type", "").partition(";")[0].strip().lower() in _FEED_TYPES and found.get("href"):
            self.feeds.append((found["href"], found.get("title", "")))
