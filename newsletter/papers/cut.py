"""Entries within the limits: what a source has too much of is cut before it is merged, stored and matched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from newsletter import limits
from newsletter.models import Entry
from newsletter.text import sentence_ends

_ONE_LINE = {"title": limits.TITLE, "venue": limits.FACT, "organization": limits.FACT, "summary": limits.FACT}
_LISTS = {
    "authors": (limits.AUTHORS, limits.AUTHOR),
    "keywords": (limits.TAGS, limits.TAG),
    "categories": (limits.TAGS, limits.TAG),
}
#: What is dropped if it is too long: a part of a URL leads elsewhere, and a part of an account's name is another's.
_WHOLE = {
    **dict.fromkeys(
        ("url", "pdf_url", "code_url", "project_url", "thumbnail_url", "organization_avatar_url"), limits.PAPER_URL
    ),
    **dict.fromkeys(("organization_handle", "submitter"), limits.HANDLE),
}


def within_limits(entry: Entry) -> Entry:
    """Return an entry whose fields are cut to the limits; the same object if all are within them.

    An abstract is cut after a sentence. A URL that is too long is dropped.
    """
    cut: dict[str, Any] = {}
    if (abstract := cut_abstract(entry.abstract)) != entry.abstract:
        cut["abstract"] = abstract
    for name, limit in _ONE_LINE.items():
        value = getattr(entry, name)
        if value is not None and len(value) > limit:
            cut[name] = value[:limit].rstrip()
    for name, (number, length) in _LISTS.items():
        values = getattr(entry, name)
        if len(values) > number or any(len(value) > length for value in values):
            kept = [value[:length].rstrip() for value in values[:number]]
            cut[name] = tuple(kept if name == "authors" else dict.fromkeys(kept))  # namesakes are two
    media = tuple(url for url in entry.media_urls if len(url) <= limits.PAPER_URL)[: limits.MEDIA]
    if len(media) < len(entry.media_urls):
        cut["media_urls"] = media
    cut |= {name: None for name, limit in _WHOLE.items() if len(getattr(entry, name) or "") > limit}
    return replace(entry, **_with_count(entry, cut)) if cut else entry


def _with_count(entry: Entry, cut: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keep the number of authors where some of their names are dropped."""
    return {**cut, "author_count": entry.author_count or len(entry.authors)} if "authors" in cut else cut


def cut_abstract(text: str) -> str:
    """Return an abstract; of one beyond the limit the first sentences that fit, or as many characters if none does."""
    if not _is_longer(text, limits.ABSTRACT_BYTES):
        return text
    head = text.encode("utf-8", "replace")[: limits.ABSTRACT_BYTES].decode("utf-8", "ignore")
    end = max((end for end in sentence_ends(head) if end < len(head)), default=0)
    return head[:end] if end else head.rstrip()


def _is_longer(text: str, limit: int) -> bool:
    """Return whether a text has more bytes in UTF-8; most are decided by their length."""
    return len(text) > limit or (len(text) * 4 > limit and len(text.encode("utf-8", "replace")) > limit)
