"""Which entries are the same paper: identity keys and the names that find them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from newsletter.models import Entry, Facts
from newsletter.text import title_hash


def key_of(arxiv_id: str | None, doi: str | None, title: str, authors: tuple[str, ...] = ()) -> str:
    """Return the identity of a paper in words: arXiv id, else DOI, else a hash of normalised title and first author."""
    if arxiv_id:
        return f"arxiv:{arxiv_id}"
    return f"doi:{doi}" if doi else f"title:{title_hash(title + ' '.join(sorted(_name_words(authors))))}"


def names_of(entry: Entry) -> Iterator[str]:
    """Yield every name that finds this entry's paper: its arXiv id, its DOI, its title.

    An entry without ids has one more, of title and first author together: what was once taken for a paper's is so
    again, whatever else was told of that paper since.
    """
    if entry.arxiv_id:
        yield f"arxiv:{entry.arxiv_id}"
    if entry.doi:
        yield f"doi:{entry.doi}"
    if not entry.arxiv_id and not entry.doi:
        yield f"entry:{key_of(None, None, entry.title, entry.authors).removeprefix('title:')}"
    yield f"title:{title_hash(entry.title)}"


def may_be_same(one: Facts, other: Facts) -> bool:
    """Tell whether two with the same title may be one paper: no id and no first author says otherwise."""
    pairs = ((one.arxiv_id, other.arxiv_id), (one.doi, other.doi))
    return all(a is None or b is None or a == b for a, b in pairs) and _may_share_author(one.authors, other.authors)


def _may_share_author(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    ours, theirs = _name_words(one), _name_words(other)
    return not ours or not theirs or not ours.isdisjoint(theirs)


def _name_words(authors: tuple[str, ...]) -> set[str]:
    """Return the words of the first author's name, but accents and initials: "J. Smith" and "Smith, John" share one."""
    if not authors:
        return set()
    plain = "".join(c for c in unicodedata.normalize("NFKD", authors[0]) if not unicodedata.combining(c)).casefold()
    return {word for word in "".join(c if c.isalnum() else " " for c in plain).split() if len(word) > 1}
