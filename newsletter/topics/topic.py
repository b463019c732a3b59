"""Topics: a name and a query, and the notation for both on one line."""

from __future__ import annotations

from collections.abc import Sequence

from newsletter.errors import ProfileError, QueryError
from newsletter.models import Topic
from newsletter.text import squeeze
from newsletter.topics.query import format_query, parse, query_of

#: Separates the name from the query of a topic on one line.
_SEPARATOR = " = "


def make_topic(name: str, keywords: Sequence[str] = (), excluded: Sequence[str] = (), *, query: str = "") -> Topic:
    """Return a topic, from a query or from keywords (any of them must match) and excluded ones (none may match).

    Without a query and keywords the name itself is the query.

    Raises:
        ProfileError: The name is empty, or the query is invalid.
    """
    name = squeeze(name)
    if not name:
        raise ProfileError("topics: a topic has no name")
    try:
        typed = squeeze(query) or ("" if keywords else name)
        written = format_query(parse(typed)) if typed else query_of([*map(squeeze, keywords)])
        if excluded:
            written = format_query(parse(f"({written}) " + " ".join(f"-{query_of([squeeze(x)])}" for x in excluded)))
        return Topic(name, written)
    except QueryError as error:
        raise ProfileError(f"topics: {name!r}: {error.message}", hint=error.hint) from error


def is_its_name(topic: Topic) -> bool:
    """Whether the name of a topic alone says what it is: its query is that name."""
    try:
        return make_topic(topic.name) == topic
    except ProfileError:
        return False


def topic_line(topic: Topic) -> str:
    """Return a topic on one line, as people type it: words, a query, or "name = query"."""
    return topic.name if is_its_name(topic) else f"{topic.name}{_SEPARATOR}{topic.query}"


def read_topic_line(line: str) -> str | dict[str, str]:
    """Parse what `topic_line` returns: a name or a query, or the fields of a topic that has both."""
    name, separator, query = line.partition(_SEPARATOR)
    return {"name": name, "query": query} if separator else line
