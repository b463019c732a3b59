"""Search of the archive: what a query matches, then papers with all or most of its words, then those close to it.

A text without operators may be a sentence, so its words are searched for as well. The papers that a topic of the same
text would match come first and are counted; the others are offered beside. An arXiv id, a DOI or an address with one
finds its paper, and the name of an author their papers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsletter.errors import QueryError
from newsletter.limits import QUERY, SIMILAR_PAPERS
from newsletter.models import Paper
from newsletter.pipeline.archive_space import ArchiveSpace
from newsletter.ranking.embedding import text_of
from newsletter.store import Store
from newsletter.store.filters import Limits, Order
from newsletter.store.search import Found, Hit, content_words, excerpts
from newsletter.text.tokenizer import words
from newsletter.topics.query import FIELDS, Term, parse

#: Whoever types at least so many words means a sentence, in which "and" and ":" are no mistakes.
_SENTENCE = 6
#: A text of more words is no topic: where all of them stand near each other is not looked for.
_LONG = 16
_OPERATOR = re.compile(
    rf'["\u201c\u201d\u201e\u00ab\u00bb^|]|\b(?:OR|AND|NOT)\b|(?:^|[\s(])-[^\W\d]|\b(?:{"|".join(FIELDS)}):\S|\w\*(?!\w)'
)
#: Candidates from the embedding that is stored.
_NEAR = 30
#: A text of so many words may be the name of an author.
_NAME = 4


@dataclass(frozen=True, slots=True)
class Results:
    """A page of what a search found."""

    #: What matches the query as a topic.
    found: Found
    #: Beside, on the first page: papers with most of its words, then those close to it.
    others: tuple[Hit, ...] = ()


def search_archive(
    store: Store, text: str, limits: Limits | None = None, *, limit: int = 20, offset: int = 0,
    order: Order = Order.RELEVANCE, with_traits: bool = False, with_excerpts: bool = True,
    space: ArchiveSpace | None = None,
) -> Results:  # fmt: skip
    """Return a page of results; with operators, those of the query alone.

    Raises:
        QueryError: The query is malformed, and no sentence.
    """
    if not offset and limits in (None, Limits()) and (paper := _named(store, text)):
        return Results(Found((Hit(paper),), 1))
    is_plain = len(text) <= QUERY and not has_operators(text)
    is_free = is_plain and len(content_words(text)) > 1
    is_long = is_free and len(text.split()) > _LONG
    try:
        found = Found((), 0)
        if not is_long:
            found = store.archive.search(
                parse(text), limits, limit=limit, offset=offset, order=order, with_traits=with_traits,
                with_excerpts=with_excerpts,
            )  # fmt: skip
    except QueryError:
        if not is_free or len(text.split()) < _SENTENCE:
            raise
    if not is_plain or offset or found.total >= limit or (limits and limits.within):
        return Results(found)
    others = [] if found.total else list(_by_author(store, text, limits, limit))
    if not is_free:
        return Results(found, tuple(others))
    known = {hit.paper.id for hit in (*found.hits, *others)}
    shown = limit - len(found.hits)
    sharing = [paper for paper in store.archive.sharing_words(text, limits, limit=limit) if paper.id not in known]
    others += excerpts(text, sharing[:shown]) if with_excerpts else map(Hit, sharing[:shown])
    if space is not None and limits in (None, Limits()) and len(known) + len(sharing) < limit:
        known |= {paper.id for paper in sharing}
        others += [Hit(paper) for paper in space.near(store, text, _NEAR) if paper.id not in known]
    return Results(found, tuple(others[:shown]))


def _named(store: Store, text: str) -> Paper | None:
    """Return the paper of an arXiv id, a DOI or an address with one."""
    paper = store.papers.named(text.strip()) if len(text) <= QUERY and len(text.split()) == 1 else None
    return None if paper is None or paper.withdrawn else paper


def _by_author(store: Store, text: str, limits: Limits | None, number: int) -> tuple[Hit, ...]:
    """Return papers of an author whose name a text may be, or a part of it; "Lovelace, Ada", too."""
    family, _, given = text.partition(",")
    name = f"{given} {family}".split()
    if not words(text) or len(name) > _NAME:
        return ()
    return store.archive.search(Term(" ".join(name), "author"), limits, limit=number, with_excerpts=False).hits


def has_operators(text: str) -> bool:
    """Return whether a text uses the language of topics, beyond words side by side."""
    return bool(_OPERATOR.search(text))


def similar_papers(store: Store, paper: Paper, space: ArchiveSpace | None = None) -> list[Paper]:
    """Return the papers most similar to one: by the embedding that is stored, else by the rare words of its title."""
    near = [] if space is None else space.near(store, text_of(paper), SIMILAR_PAPERS + 1)
    found = near or store.archive.sharing_words(paper.title, limit=SIMILAR_PAPERS + 1)
    return [other for other in found if other.id != paper.id][:SIMILAR_PAPERS]
