"""Identifiers of papers: arXiv ids and DOIs, in every common spelling."""

from __future__ import annotations

import re
from urllib.parse import unquote

# New since April 2007, old before: https://info.arxiv.org/help/arxiv_identifier.html
_ARXIV = re.compile(
    r"(?:https?://)?(?:(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/|(?:doi:|(?:https?://)?(?:dx\.)?doi\.org/)?10\.48550/arxiv\.|oai:arxiv\.org:|arxiv:\s*)?"
    r"(?P<id>\d{4}\.\d{4,5}|[a-z][a-z-]*(?:\.[a-z]{2})?/\d{7})(?:v(?P<version>[1-9]\d{0,3}))?(?:\.pdf)?/?(?:[?#].*)?",
    re.ASCII | re.IGNORECASE,
)
# A DOI is "10.", a registrant code, "/" and a suffix: https://www.doi.org/doi-handbook/, 2.2.
_DOI = re.compile(
    r"(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/|doi:\s*|info:doi/)?(?P<doi>10\.\d{4,9}(?:\.\d+)*/\S+)", re.IGNORECASE
)


def arxiv_id(text: str) -> str | None:
    """Return the arXiv id in `text` (an id, a URL or an arXiv DOI) without its version, or None."""
    return arxiv_version(text)[0]


def arxiv_version(text: str) -> tuple[str | None, int | None]:
    """Return the arXiv id in `text` and its version (1 or greater); each is None if absent."""
    match = _ARXIV.fullmatch(text.strip())
    if match is None:
        return None, None
    archive, slash, number = match["id"].lower().rpartition("/")
    area, dot, subject = archive.partition(".")  # "math.GT/0601001"
    version = match["version"]
    return f"{area}{dot}{subject.upper()}{slash}{number}", int(version) if version else None


def doi(text: str) -> str | None:
    """Return the DOI in `text`, lower-cased and without a resolver URL, or None.

    The DOIs that arXiv registers for its own papers (10.48550/arXiv.…) give None: see `arxiv_id`.
    """
    match = _DOI.fullmatch(unquote(text.strip()))
    if match is None:
        return None
    found = match["doi"].lower().rstrip(".,;")
    return None if found.startswith("10.48550/arxiv.") or not found.isprintable() else found


# https://shortdoi.org: "10/" and letters and digits; "10/" may be left out in a URL.
_SHORT_DOI = re.compile(
    r"(?:(?:https?://)?(?:dx\.)?(?:short)?doi\.org/(?:10/)?|(?:short ?doi:|doi:)?\s*10/)(?P<id>[a-z0-9]{3,12})/?",
    re.ASCII | re.IGNORECASE,
)


def short_doi(text: str) -> str | None:
    """Return the short DOI in `text` ("10/gf4qx9", or a URL), in lower case, or None."""
    match = _SHORT_DOI.fullmatch(text.strip())
    return f"10/{match['id'].lower()}" if match else None


# A page about a paper, of Hugging Face or of a site of this program.
_PAGE = re.compile(r"https?://[^\s/]+/(?:[^\s?#]+/)?papers/(?P<id>\S+)", re.IGNORECASE)


def paper_name(text: str) -> str | None:
    """Return the key by which the store finds the paper of an arXiv id or DOI ("arxiv:2605.01234"), or None.

    The text may be an id, or the address of a page about the paper.
    """
    if page := _PAGE.fullmatch(text.strip()):
        text = page["id"]
    if found_arxiv := arxiv_id(text):
        return f"arxiv:{found_arxiv}"
    if found_doi := doi(text):
        return f"doi:{found_doi}"
    found_short = short_doi(text) if "10/" in text else None
    return f"shortdoi:{found_short}" if found_short else None
