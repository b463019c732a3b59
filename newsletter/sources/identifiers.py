"""Names of papers: arXiv ids in all their spellings."""

from __future__ import annotations

import re

# New since April 2007, old before: https://info.arxiv.org/help/arxiv_identifier.html
_ARXIV = re.compile(r"(?P<id>\d{4}\.\d{4,5}|[a-z][a-z-]*(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?", re.ASCII)


def arxiv_id(text: str) -> str | None:
    """Return the arXiv id in `text` without its version, or None if `text` is not one."""
    match = _ARXIV.fullmatch(text.strip().removeprefix("arXiv:"))
    return match["id"] if match else None
