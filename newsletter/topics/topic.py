"""A topic: a name and a query, and how people write both on one line."""

from __future__ import annotations

from collections.abc import Sequence

from newsletter.errors import ProfileError, QueryError
from newsletter.models import Topic
from newsletter.text import squeeze
from newsletter.topics.query import format_query, is_plain, parse, query_of

#: Between the name and the query of a topic on one line.
_BETWEEN = " = "


def make_topic(name: str, keywords: Sequence[str] = (), excluded: Sequence[str] = (), *, query: str = "") -> Topic:
    """Make a topic of a query, or of words and phrases, any of which is wanted, and others, none of which is.

    Without any of these the name is the query, or (where it is plain words) what is looked for as it stands.

    Raises:
        ProfileError: It has no name, or nothing in it can be looked for.
    """
    name = squeeze(name)
    if not name:
        raise ProfileError("topics: a topic without a name")
    try:
        if not query and not keywords and not is_plain(name):
            query = name
        written = format_query(parse(squeeze(query))) if query else query_of([*map(squeeze, keywords)] or [name])
        if excluded:
            written = format_query(parse(f"({written}) " + " ".join(f"-{query_of([squeeze(x)])}" for x in excluded)))
        return Topic(name, written)
    except QueryError as error:
        raise ProfileError(f"topics: {name!r}: {error.message}", hint=error.hint) from error


def topic_line(topic: Topic) -> str:
    """Return a topic as people type it on one line: words, a query, or "name = query"."""
    try:
        is_its_name = make_topic(topic.name) == topic
    except ProfileError:
        is_its_name = False
    return topic.name if is_its_name else f"{topic.name}{_BETWEEN}{topic.query}"


def read_topic_line(line: str) -> str | dict[str, str]:
    """Read what `topic_line` writes: a name or a query, or the fields of a topic that has both."""
    name, between, query = line.partition(_BETWEEN)
    return {"name": name, "query": query} if between else line
