"""Identity of papers: which entries describe the same one, and by which keys the store finds it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from newsletter.models import Entry, Facts, StatedDate
from newsletter.text import normalize, title_hash, title_key


def key_of(arxiv_id: str | None, doi: str | None, title: str, authors: tuple[str, ...] = (), issue: str = "") -> str:
    """Return the identity key of a paper: arXiv id, else DOI, else a hash of normalised title and first author.

    For a title that every journal has, the hash is of its `issue` too; see `issue_of`.
    """
    if arxiv_id:
        return f"arxiv:{arxiv_id}"
    if doi:
        return f"doi:{doi}"
    words = " ".join(sorted(_name_words(authors))) + (issue if is_generic(title) else "")
    return f"title:{title_hash(title + words)}"


def issue_of(venue: str | None, published: StatedDate | None) -> str:
    """Return where and when something was published, to tell one editorial from another."""
    return f" {venue or ''} {published or ''}"


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
        yield f"entry:{_entry_key(entry).removeprefix('title:')}"
    yield f"title:{title_hash(entry.title)}"


def _entry_key(entry: Entry) -> str:
    return key_of(None, None, entry.title, entry.authors, issue_of(entry.venue, entry.published))


def may_be_same(one: Facts, other: Facts) -> bool:
    """Return whether two records of the same title may be one paper: no identifier and no first author contradicts.

    A title that every journal has, such as "Editorial", says nothing: there venue and date have to agree, too.
    """
    pairs = ((one.arxiv_id, other.arxiv_id), (one.doi, other.doi))
    if not all(a is None or b is None or a == b for a, b in pairs):
        return False
    if is_generic(one.title):
        return _is_of_same_issue(one, other) and _may_share_author(one.authors, other.authors)
    return _may_share_author(one.authors, other.authors)


#: As `text.title_key` writes them.
_GENERIC_TITLES = frozenset({
    "editorial", "editorialboard", "editorialnote", "editorsnote", "guesteditorial", "preface", "foreword",
    "introduction", "erratum", "errata", "corrigendum", "corrigenda", "correction", "corrections", "authorcorrection",
    "publishercorrection", "retraction", "retractionnote", "inthisissue", "issueinformation", "contents",
    "tableofcontents", "frontmatter", "backmatter", "frontcover", "backcover", "cover", "coverimage", "masthead",
    "announcement", "announcements", "news", "newsinbrief", "obituary", "inmemoriam", "lettertotheeditor", "letters",
    "lettertoeditor", "bookreview", "bookreviews", "index", "authorindex", "subjectindex", "acknowledgements",
    "acknowledgments", "acknowledgementtoreviewers", "calendar", "commentary", "comment", "reply", "response",
    "highlights", "callforpapers",
})  # fmt: skip


def is_generic(title: str) -> bool:
    """Return whether a title names a kind of item, not a paper."""
    return title_key(title) in _GENERIC_TITLES


def _is_of_same_issue(one: Facts, other: Facts) -> bool:
    is_stated = one.venue is not None and one.published is not None
    return is_stated and (one.venue, one.published) == (other.venue, other.published)


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
