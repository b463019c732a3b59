"""Names of papers: arXiv ids and DOIs in all their spellings."""

from __future__ import annotations

import re
from urllib.parse import unquote

# New since April 2007, old before: https://info.arxiv.org/help/arxiv_identifier.html
_ARXIV = re.compile(
    r"(?:https?://)?(?:(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/|(?:doi:|(?:https?://)?(?:dx\.)?doi\.org/)?10\.48550/arxiv\.|oai:arxiv\.org:|arxiv:\s*)?"
    r"(?P<id>\d{4}\.\d{4,5}|[a-z][a-z-]*(?:\.[a-z]{2})?/\d{7})(?:v(?P<version>[1-9]\d{0,3}))?(?:\.pdf)?/?(?:[?#].*)?",
    re.ASCII | re.IGNORECASE,
)
# A DOI is "10.", a registrant's number, "/" and anything: https://www.doi.org/doi-handbook/, 2.2.
_DOI = re.compile(
    r"(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/|doi:\s*|info:doi/)?(?P<doi>10\.\d{4,9}(?:\.\d+)*/\S+)", re.IGNORECASE
)


def arxiv_id(text: str) -> str | None:
    """Return the arXiv id that `text` is, without its version, or None: an id, an address, an arXiv DOI."""
    return arxiv_version(text)[0]


def arxiv_version(text: str) -> tuple[str | None, int | None]:
    """Return the arXiv id that `text` is and the version it names, each None where there is none."""
    match = _ARXIV.fullmatch(text.strip())
    if match is None:
        return None, None
    archive, slash, number = match["id"].lower().rpartition("/")
    area, dot, subject = archive.partition(".")  # "math.GT/0601001"
    version = match["version"]
    return f"{area}{dot}{subject.upper()}{slash}{number}", int(version) if version else None


def doi(text: str) -> str | None:
    """Return the DOI that `text` is, in lower case and without an address before it, or None.

    A DOI that arXiv gives its own papers (10.48550/arXiv.…) is none here: the arXiv id says it.
    """
    match = _DOI.fullmatch(unquote(text.strip()))
    if match is None:
        return None
    found = match["doi"].lower().rstrip(".,;")
    return None if found.startswith("10.48550/arxiv.") or not found.isprintable() else found


def paper_name(text: str) -> str | None:
    """Return the name by which the store finds the paper of an arXiv id or DOI ("arxiv:2605.01234"), or None."""
    if arxiv := arxiv_id(text):
        return f"arxiv:{arxiv}"
    named = doi(text)
    return f"doi:{named}" if named else None
