"""What readers say of papers: more like this, less like this; by id, by a link's token, or a whole library at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from newsletter import tokens
from newsletter.errors import StoreError
from newsletter.models import Entry, Example, Paper, Refusal, Subscriber
from newsletter.papers.identifiers import paper_name
from newsletter.papers.identity import key_of, names_of
from newsletter.store import Store


@dataclass(frozen=True, slots=True)
class LibraryReport:
    """What was taken from a library."""

    #: How many of its papers the store holds.
    known: int
    #: How many it does not: they are learned from, and sent to nobody.
    others: int
    refusals: tuple[Refusal, ...]


def give_feedback(store: Store, subscriber: Subscriber, paper: str, liked: bool | None, now: datetime) -> None:
    """Remember that a reader wants more (True) or less (False) like a paper, or (None) forget that they did.

    Raises:
        StoreError: No paper is known by this arXiv id or DOI.
    """
    with store.transaction():
        _give(store, subscriber.id, find_paper(store, paper), liked, now)


def give_feedback_by_token(store: Store, token: str, now: datetime) -> tuple[Subscriber, Paper, bool]:
    """Do what the link of a mail says; return who said it, of what, and whether they want more.

    Raises:
        StoreError: It was not signed by this site, or what it names is gone.
    """
    said = tokens.read_feedback(store.secret(), token)
    subscriber = store.subscribers.find_by_id(said[0]) if said else None
    paper = store.papers.get_many([said[1]]).get(said[1]) if said else None
    if said is None or subscriber is None or paper is None:
        raise StoreError(f"{token!r} is no word of a reader", hint="copy it whole from the subject of their mail")
    with store.transaction():
        _give(store, subscriber.id, paper, said[2], now)
    return subscriber, paper, said[2]


def give_feedback_on_library(
    store: Store, subscriber: Subscriber, told: Iterable[Entry | Refusal], liked: bool | None, now: datetime
) -> LibraryReport:
    """Remember the same of every paper of a library; those that the store does not hold are kept as examples."""
    known = others = 0
    refusals = []
    with store.transaction():
        for entry in told:
            if isinstance(entry, Refusal):
                refusals.append(entry)
            elif paper := next(filter(None, map(store.papers.find, names_of(entry))), None):
                _give(store, subscriber.id, paper, liked, now)
                known += 1
            else:
                _give_on_unknown_paper(store, subscriber.id, entry, liked, now)
                others += 1
    return LibraryReport(known, others, tuple(refusals))


def _give(store: Store, subscriber_id: int, paper: Paper, liked: bool | None, now: datetime) -> None:
    if liked is None:
        store.feedback.withdraw(subscriber_id, paper.id)
    else:
        store.feedback.put(subscriber_id, paper.id, liked=liked, now=now)


def _give_on_unknown_paper(store: Store, subscriber_id: int, entry: Entry, liked: bool | None, now: datetime) -> None:
    key = key_of(entry.arxiv_id, entry.doi, entry.title, entry.authors)
    if liked is None:
        store.feedback.forget_example(subscriber_id, key)
    else:
        store.feedback.put_example(subscriber_id, Example(key, entry.title, entry.abstract, liked), now)


def find_paper(store: Store, name: str) -> Paper:
    """Return the paper of an arXiv id or DOI, in any of their spellings.

    Raises:
        StoreError: There is none.
    """
    known_as = paper_name(name)
    known = store.papers.find(known_as) if known_as else None
    if known is None:
        raise StoreError(f"no paper is known as {name!r}", hint="newsletter papers WORDS finds its id")
    return known
