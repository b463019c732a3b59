"""Identity of papers: which entries describe the same one, and by which keys the store finds it."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.models import Entry, Facts, StatedDate
from newsletter.papers.preprint_servers import is_preprint
from newsletter.text import fold, title_hash, title_key


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


def key_for(facts: Facts) -> str:
    """Return the identity key of a paper with these facts."""
    issue = issue_of(facts.venue, facts.published, facts.url)
    return key_of(facts.arxiv_id, facts.doi, facts.title, facts.authors, issue)


def issue_of(venue: str | None, published: StatedDate | None, url: str | None) -> str:
    """Return where and when something was published, to tell one editorial from another; else its address."""
    return f" {venue or ''} {published or ''} {'' if venue and published else url or ''}"


def names_of(entry: Entry) -> Iterator[str]:
    """Yield every key by which the paper of this entry can be found: arXiv id, DOI, short DOI, title.

    An entry without identifiers has one more, made of title and first author, so that the same entry always matches
    the paper it was first merged into, even if that paper has gained identifiers since.
    """
    if entry.arxiv_id:
        yield f"arxiv:{entry.arxiv_id}"
    if entry.doi:
        yield f"doi:{entry.doi}"
    if entry.short_doi:
        yield f"shortdoi:{entry.short_doi}"
    if not entry.arxiv_id and not entry.doi:
        yield f"entry:{key_for(entry).removeprefix('title:')}"
    yield f"title:{title_hash(entry.title)}"


def may_be_same(one: Facts, other: Facts) -> bool:
    """Return whether two records of the same title may be one paper: no identifier and no first author contradicts.

    The DOI of a preprint contradicts no other DOI: what a server has is published in a journal later, under another
    one. A title that every journal has, such as "Editorial", says nothing: there venue and date have to agree, too.
    """
    pairs = (
        (one.arxiv_id, other.arxiv_id),
        (_published_doi(one), _published_doi(other)),
        (one.short_doi, other.short_doi),
    )
    if not all(a is None or b is None or a == b for a, b in pairs):
        return False
    if is_generic(one.title):
        return _is_of_same_issue(one, other) and _may_share_author(one.authors, other.authors)
    return _may_share_author(one.authors, other.authors)


_GENERIC_TITLES = frozenset(map(title_key, """
    Editorial; Editorials; Editorial board; Editorial note; Editorial comment; Editor's note; Editors' note; Editorship
    Editor's choice; From the editor; From the editors; Guest editorial; Guest editors' introduction; Editoriale
    Preface; Foreword; Introduction; Welcome; Prologue; Epilogue; Afterword; Vorwort; Geleitwort; Avant-propos
    Prefacio; Prefazione; Prólogo; Presentación; Apresentação; Inhalt; Inhaltsverzeichnis; Sommaire; Índice
    Introduction to the special issue; Message from the chairs; Message from the editor
    Erratum; Errata; Corrigendum; Corrigenda; Correction; Corrections; Author correction; Publisher correction
    Publisher's note; Addendum; Retraction; Retraction note; Retraction notice; Retracted article; Withdrawn
    Expression of concern; Clarification; In this issue; Issue information; Contents; Table of contents; Title page
    Front matter; Back matter; Front cover; Back cover; Inside front cover; Inside back cover; Cover; Cover image
    Cover picture; Graphical abstract; Masthead; Copyright page; Publication information; Information for authors
    Instructions for authors; Guide for authors; Instructions to authors; Subscription information; Organization
    Announcement; Announcements; News; News in brief; News & views; Research highlights; Highlights; Obituary
    In memoriam; Letter; Letters; Letter to the editor; Letters to the editor; Letter to editor; Correspondence
    Book review; Book reviews; Books received; Index; Author index; Subject index; Contributors; Abstract; Abstracts
    Acknowledgements; Acknowledgments; Acknowledgement; Acknowledgment; Acknowledgement to reviewers
    Acknowledgment of reviewers; List of reviewers; Reviewers; Calendar; Commentary; Comment; Comments; Reply
    Author reply; Authors' reply; In reply; Reply to comment; Response; Author response; Authors' response; Discussion
    Perspective; Viewpoint; Opinion; Interview; Call for papers; Committees; Program committee; Organizing committee
    Poster abstracts; Meeting abstracts; Untitled; No title; Title not available
""".replace("\n", ";").split(";"))) - {""}  # fmt: skip


def is_generic(title: str) -> bool:
    """Return whether a title names a kind of item, with a number or without ("Editorial 12(3)"), not a paper."""
    return title_key(title).rstrip("0123456789") in _GENERIC_TITLES


def _published_doi(facts: Facts) -> str | None:
    return None if facts.doi is None or is_preprint(facts.doi) else facts.doi


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
    return {word for word in "".join(c if c.isalnum() else " " for c in fold(authors[0])).split() if len(word) > 1}
