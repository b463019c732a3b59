"""Feedback on papers, more or less like this: by id, by the token of a link, or for a whole library at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from newsletter.errors import RequestError
from newsletter.models import Entry, Example, Paper, Refusal, Subscriber, tokens
from newsletter.papers.identity import key_for, names_of
from newsletter.store import Store


@dataclass(frozen=True, slots=True)
class LibraryReport:
    """What became of the entries of a library."""

    #: How many of its papers are in the store.
    known: int
    #: How many are not: they are kept as examples to learn from, and sent to nobody.
    others: int
    refusals: tuple[Refusal, ...]


def give_feedback(store: Store, subscriber: Subscriber, paper: str, liked: bool | None, now: datetime) -> None:
    """Store that a subscriber wants more (True) or less (False) like a paper, or delete their feedback on it (None).

    Raises:
        RequestError: There is no paper with this arXiv id or DOI.
    """
    with store.transaction():
        _give(store, subscriber.id, find_paper(store, paper), liked, now)


def give_feedback_by_token(store: Store, token: str, now: datetime) -> tuple[Subscriber, Paper, bool]:
    """Store the feedback of a link's token; return the subscriber, the paper and whether they want more like it.

    Raises:
        RequestError: The token was not signed by this site, or its subscriber or paper is gone.
    """
    subscriber_id, paper_id, liked = tokens.read_feedback(store.accepted_keys(now), token) or (0, 0, False)
    subscriber = store.subscribers.find_by_id(subscriber_id)
    paper = store.papers.get_many([paper_id]).get(paper_id)
    if subscriber is None or paper is None:
        raise RequestError(
            f"{token!r} is not a valid feedback token", hint="copy all of it from the subject of their email"
        )
    with store.transaction():
        _give(store, subscriber.id, paper, liked, now)
    return subscriber, paper, liked


def give_feedback_on_library(
    store: Store, subscriber: Subscriber, entries: Iterable[Entry | Refusal], liked: bool | None, now: datetime
) -> LibraryReport:
    """Give the same feedback on every paper of a library; papers that are not in the store are kept as examples."""
    known = others = 0
    refusals = []
    with store.transaction():
        for entry in entries:
            if isinstance(entry, Refusal):
                if not entry.is_left_out:
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
    key = key_for(entry)
    if liked is None:
        store.feedback.forget_example(subscriber_id, key)
    else:
        store.feedback.put_example(subscriber_id, Example(key, entry.title, entry.abstract, liked), now)


def find_paper(store: Store, name: str) -> Paper:
    """Return the paper with an arXiv id or DOI, in any spelling.

    Raises:
        RequestError: There is none.
    """
    paper = store.papers.named(name)
    if paper is None:
        raise RequestError(f"no paper with the id {name!r}", hint="find its id with: newsletter papers WORDS")
    return paper
