"""Identity of papers: which entries describe the same one, and by which keys the store finds it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from newsletter.models import Entry, Facts
from newsletter.text import normalize, title_hash


def key_of(arxiv_id: str | None, doi: str | None, title: str, authors: tuple[str, ...] = ()) -> str:
    """Return the identity key of a paper: arXiv id, else DOI, else a hash of normalised title and first author."""
    if arxiv_id:
        return f"arxiv:{arxiv_id}"
    return f"doi:{doi}" if doi else f"title:{title_hash(title + ' '.join(sorted(_name_words(authors))))}"


def names_of(entry: Entry) -> Iterator[str]:
    """Yield every key by which the paper of this entry can be found: arXiv id, DOI, title.

    An entry without identifiers has one more, made of title and first author, so that the same entry always matches
    the paper it was first merged into, even if that paper has gained identifiers since.
    """
    if entry.arxiv_id:
        yield f"arxiv:{entry.arxiv_id}"
    if entry.doi:
        yield f"doi:{entry.doi}"
    if not entry.arxiv_id and not entry.doi:
        yield f"entry:{key_of(None, None, entry.title, entry.authors).removeprefix('title:')}"
    yield f"title:{title_hash(entry.title)}"


def may_be_same(one: Facts, other: Facts) -> bool:
    """Return whether two records of the same title may be one paper: no identifier and no first author contradicts."""
    pairs = ((one.arxiv_id, other.arxiv_id), (one.doi, other.doi))
    return all(a is None or b is None or a == b for a, b in pairs) and _may_share_author(one.authors, other.authors)


def _may_share_author(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    left, right = _name_words(one), _name_words(other)
    return not left or not right or not left.isdisjoint(right)


def _name_words(authors: tuple[str, ...]) -> set[str]:
    """Return the words of the first author's name without accents and initials.

    "J. Smith" and "Smith, John" share "smith".
    """
    if not authors:
        return set()
    plain = "".join(c for c in normalize("NFKD", authors[0]) if not unicodedata.combining(c)).casefold()
    return {word for word in "".join(c if c.isalnum() else " " for c in plain).split() if len(word) > 1}
