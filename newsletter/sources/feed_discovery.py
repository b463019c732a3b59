"""The feed at an address, or the one that the page there names: autodiscovery.

A page names it in its head, by <link rel="alternate">: https://www.rssboard.org/rss-autodiscovery.
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
from newsletter.sources.http.client import Web

_ACCEPT = {
    "Accept": "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.9, text/xml;q=0.9, text/html;q=0.5, */*;q=0.1"
}
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json"})
# WordPress names a second feed, of what readers said below the articles.
_COMMENTS = re.compile(r"\bcomments?\b", re.IGNORECASE)
#: Links are in a page's head; nobody's head is longer.
_LONGEST_HEAD = 2**20


def ask(address: str, web: Web, read: Callable[[Document], object]) -> Document | None:
    """Get the feed at an address, or the one that the page there names; None if nothing changed since.

    Args:
        address: Given by the operator.
        web: Where to ask.
        read: Raises SourceError for what is no feed.

    Raises:
        SourceError: No answer, or no feed to be found in it.
    """
    known = set(web.validators)
    response = web.get(address, conditional=True, headers=_ACCEPT)
    if response.is_unchanged:
        return None
    document = Document(response.place, response.content)
    try:
        read(document)
    except SourceError as error:
        found = find_feed(response.content, response.place)
        if found is None:
            message = f"{address}: neither a feed nor a page that names one"
            raise SourceError(message, hint="look for a link to RSS or Atom there, and give that address") from error
    else:
        return document
    # A page may stay as it is while its feed does not: it is asked for in full the next time too.
    for place in web.validators.keys() - known:
        del web.validators[place]
    response = web.get(found, conditional=True, headers=_ACCEPT, from_outside=not is_same_server(found, address))
    if response.is_unchanged:
        return None
    document = Document(response.place, response.content)
    read(document)
    return document


def find_feed(page: bytes, address: str) -> str | None:
    """Return the address of the first feed that a page names and that is not one of comments, or None.

    Args:
        page: What a server sent.
        address: Where it was; what relative links are relative to, unless the page says otherwise.
    """
    links = _Links()
    with suppress(AssertionError):  # what html.parser gives up at ("<![x") is no head any more
        links.feed(decode(page)[:_LONGEST_HEAD])
    base = absolute(links.base, address) or address
    found = (absolute(href, base) for href, title in links.feeds if not _is_of_comments(href, title))
    return next((link for link in found if link), None)


def absolute(href: object, base: str) -> str | None:
    """Return an http(s) address, relative to another one or not; None for what is none."""
    if not isinstance(href, str) or not href.strip():
        return None
    try:
        joined = urljoin(base, href.strip())
        return values.link(joined) if urlsplit(joined).port != 0 else None  # no port above 65535 either
    except ValueError:
        return None


_PROLOG = re.compile(
    r"(?:[\s\ufeff]|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)*", re.DOTALL | re.IGNORECASE
)
_ELEMENT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")


def top_element(text: str) -> str:
    """Return the name of the element that XML or HTML begins with, in lower case and without prefix; "" for neither."""
    prolog = _PROLOG.match(text)
    element = _ELEMENT.match(text, prolog.end() if prolog else 0)
    return element[1].lower() if element else ""


def is_same_server(one: str, other: str) -> bool:
    """Tell whether two http(s) addresses are of the same host and port."""
    try:
        return _server(one) == _server(other)
    except ValueError:  # a port that none is
        return False


def _server(address: str) -> tuple[str | None, int]:
    parts = urlsplit(address)
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _is_of_comments(href: str, title: str) -> bool:
    return bool(_COMMENTS.search(title) or _COMMENTS.search(href.partition("?")[0]))


class _Links(HTMLParser):
    """Collects the feeds that a page names, and what its links are relative to."""

    def __init__(self) -> None:
        super().__init__()
        self.base: str | None = None
        self.feeds: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in reversed(attrs)}  # of two the first counts
        if tag == "base" and self.base is None:
            self.base = said.get("href")
        if tag != "link" or "alternate" not in said.get("rel", "").lower().split():
            return
        if said.get("type", "").partition(";")[0].strip().lower() in _FEED_TYPES and said.get("href"):
            self.feeds.append((said["href"], said.get("title", "")))
