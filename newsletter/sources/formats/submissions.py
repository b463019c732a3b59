"""Submissions in the feeds of Reddit, Lemmy and Hacker News: the page that somebody links to, not that of its comments.

Reddit links to the comments, and to the page by "[link]" in the text (https://www.reddit.com/wiki/rss/). Lemmy
(github.com/LemmyNet/lemmy, the feeds of its API) and Hacker News (https://hnrss.github.io/) link to the page, and name
the comments beside; older ones of Lemmy have the page in the text.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from newsletter.sources.formats import values

_LINK = re.compile(r'<a\s[^<>]{0,200}?href="(?P<href>[^"<>]{1,2048})"[^<>]{0,200}>\s*(?P<text>[^<>]{1,2048})</a>')
_HOSTS = {"reddit": "reddit.com", "hackernews": "news.ycombinator.com"}
#: How Lemmy begins a text: "submitted by Ada to Clouds, 7 points | 2 comments".
_LEMMY = re.compile(r"\s*submitted by <a\b.{1,2000}?\bpoints? \| <a\b", re.DOTALL)
#: Flairs of Reddit: "[R] Counting Clouds".
_FLAIR = re.compile(r"\[[A-Z]{1,3}\]\s*")
#: What the person who submits it, and not the paper, has.
_OWN = ("authors", "author", "author_detail", "summary", "content")


def is_submission(item: dict[str, Any]) -> bool:
    """Return whether an entry of a feed is a submission of one of these sites."""
    return _comments_of(item) is not None


def paper_in(item: dict[str, Any]) -> dict[str, Any] | None:
    """Return a submission as an entry about the page it links to, or None if it links to none."""
    comments, text = _comments_of(item), _text_of(item)
    target = values.link(item.get("link"))
    if target is None or comments is None or _is_same(target, comments):
        target = _target_in(text, comments or "")
    if target is None:
        return None
    title = _FLAIR.sub("", values.text(item.get("title")), count=1) if _is_on(comments, "reddit") else item.get("title")
    return {
        **{name: value for name, value in item.items() if name not in _OWN},
        "title": title,
        "link": target,
        "links": [],
    }


def _comments_of(item: dict[str, Any]) -> str | None:
    """Return the page of a submission's comments, or None if it is no submission."""
    places = [found for name in ("comments", "id", "link") if (found := values.link(item.get(name)))]
    known = next((one for one in places if any(_is_on(one, site) for site in _HOSTS)), None)
    return known or (places[0] if places and _LEMMY.match(_text_of(item)) else None)


def _text_of(item: dict[str, Any]) -> str:
    contents = [part.get("value") for part in values.objects(item.get("content"))]
    return next((one for one in (item.get("summary"), *contents) if isinstance(one, str) and one), "")


def _target_in(text: str, comments: str) -> str | None:
    """Return the link of a text that is called "[link]" or by its own address, unless it leads to the comments."""
    links = ((match["href"].replace("&amp;", "&"), match["text"].strip()) for match in _LINK.finditer(text))
    named = (href for href, name in links if name in ("[link]", href, href.replace("&", "&amp;")))
    found = next((one for one in map(values.link, named) if one and not _is_same(one, comments)), None)
    return None if found and _is_on(found, "reddit") and "/comments/" in found else found


def _is_on(address: str | None, site: str) -> bool:
    host = urlsplit(address or "").hostname or ""
    return host == _HOSTS[site] or host.endswith(f".{_HOSTS[site]}")


def _is_same(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")
