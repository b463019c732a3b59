"""Models with sensible defaults, so that a test gives only what it is about. All titles and abstracts are invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from newsletter.models import Entry, Paper, Profile, Subscriber, Topic
from newsletter.papers.identity import key_of
from newsletter.store import Store
from newsletter.topics.query import parse, query_of

#: A Friday morning.
NOW = datetime(2026, 5, 8, 9, 30, tzinfo=UTC)
TODAY = NOW.date()


def make_entry(**changes: Any) -> Entry:
    """Return an entry with the fields that most sources have."""
    entry = Entry(
        source="huggingface",
        title="Counting Clouds with Small Language Models",
        abstract="We teach a small language model to count clouds. It counts well on clear days.",
        authors=("Ada Example", "Ben Sample"),
        arxiv_id="2605.01234",
        published=date(2026, 5, 6),
        listed=TODAY,
        upvotes=12,
    )
    return replace(entry, **changes)


def make_paper(**changes: Any) -> Paper:
    """Return a stored paper; its key follows from its ids and title."""
    paper = Paper(
        id=1,
        key="",
        title="Counting Clouds with Small Language Models",
        abstract="We teach a small language model to count clouds. It counts well on clear days.",
        authors=("Ada Example", "Ben Sample"),
        author_count=2,
        arxiv_id="2605.01234",
        published=date(2026, 5, 6),
        listed=TODAY,
        upvotes=12,
        text_source="huggingface",
        sources=("huggingface",),
        seen_at=NOW,
    )
    paper = replace(paper, **changes)
    return paper if paper.key else replace(paper, key=key_of(paper.arxiv_id, paper.doi, paper.title, paper.authors))


def make_topic(
    name: str = "In-context learning",
    keywords: tuple[str, ...] = ("in-context learning", "few-shot prompting"),
    excluded: tuple[str, ...] = (),
) -> Topic:
    """Return a topic."""
    return Topic(name, query_of(keywords, excluded))


def make_profile(**changes: Any) -> Profile:
    """Return a daily profile with one topic, and nothing else."""
    return replace(Profile(topics=(make_topic(),), serendipity=False), **changes)


def make_subscriber(**changes: Any) -> Subscriber:
    """Return an active subscriber with the profile of `make_profile`."""
    subscriber = Subscriber(
        id=1, email="ada@example.org", name="Ada Example", profile=make_profile(), subscribed_at=NOW, status_at=NOW
    )
    return replace(subscriber, **changes)


def search(store: Store, query: str) -> list[Paper]:
    """Return the papers that a query finds, the best match first."""
    return [hit.paper for hit in store.archive.search(parse(query)).hits]
