"""The topics of a form: rows in their order, each a topic of the catalogue, or a name and a query of one's own.

A field `order` says what each row is: the name of a catalogue topic, which counts if its checkbox is ticked, or
nothing, and then the next `own_name` and `own_query` belong to it. Topics that are ticked elsewhere follow. So the
buttons that move a row need no script: they send the form, and get it back with the row moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import Any

from newsletter.models import Topic
from newsletter.models.tokens import is_id
from newsletter.topics.topic import is_its_name, read_topic_line
from newsletter.web.http.forms import Form


@dataclass(frozen=True, slots=True)
class TopicChoice:
    """A topic of the catalogue."""

    topic: Topic
    #: Number of papers of the last week that match.
    count: int


@dataclass(frozen=True, slots=True)
class TopicRow:
    """One row; blank, if both name and query are."""

    #: Empty if the query is its name.
    name: str = ""
    query: str = ""
    #: The topic of the catalogue that it is, or None for one of their own.
    choice: TopicChoice | None = None
    #: Whether its checkbox is ticked.
    is_kept: bool = True

    @property
    def is_blank(self) -> bool:
        """Whether the row is no topic."""
        return not (self.name or self.query) or not self.is_kept

    @property
    def plain(self) -> Any:
        """The topic as a profile's file has it."""
        if self.choice is None and self.name and self.query:
            return {"name": self.name, "query": self.query}
        return self.name or self.query


class Move(StrEnum):
    """What a button does to the row that it names by its number."""

    UP = "up"
    DOWN = "down"
    REMOVE = "remove"
    #: Add a blank row at the end.
    ADD = "add"


def rows_of(topics: Sequence[Topic], counts: Mapping[Topic, int]) -> list[TopicRow]:
    """Return the rows of topics; `counts` has all of the catalogue."""
    catalogue = {topic: TopicChoice(topic, count) for topic, count in counts.items()}
    return [TopicRow(one.name, choice=catalogue[one]) if one in catalogue else _own_row(one) for one in topics]


def _own_row(topic: Topic) -> TopicRow:
    return TopicRow(query=topic.name) if is_its_name(topic) else TopicRow(topic.name, topic.query)


def rows_of_form(form: Form, counts: Mapping[Topic, int]) -> list[TopicRow]:
    """Return the rows of a form in their order, blank ones and what is not ticked any more included.

    `queries` has topics of their own by line, as "name = query": links and forms of other sites may have it.
    """
    known = {topic.name: TopicChoice(topic, count) for topic, count in counts.items()}
    ticked = dict.fromkeys(form.all("topic"))
    own = [
        TopicRow(name.strip(), query.strip())
        for name, query in zip_longest(_raw(form, "own_name"), _raw(form, "own_query"), fillvalue="")
    ]
    rows: list[TopicRow] = []
    for name in map(str.strip, _raw(form, "order")):
        if not name:
            rows += own[:1]
            own = own[1:]
        elif name in known:
            rows.append(TopicRow(name, choice=known[name], is_kept=name in ticked))
    rows += own
    listed = {row.name for row in rows if row.choice is not None}
    rows += [TopicRow(name, choice=known.get(name)) for name in ticked if name not in listed]
    lines = filter(None, map(str.strip, form.one("queries").splitlines()))
    return rows + [_row_of_line(line) for line in lines]


def has_topics(form: Form) -> bool:
    """Whether a form has topics at all; one that has none changes none."""
    return any(name in form.fields for name in ("topic", "order", "own_name", "own_query", "queries"))


def moved(rows: Sequence[TopicRow], form: Form) -> list[TopicRow]:
    """Return rows as the button says by which the form was sent; unknown numbers change nothing."""
    changed = list(rows)
    for move in Move:
        text = form.one(move)
        number = int(text) if is_id(text) and len(text) < 4 else 0
        if move is Move.ADD and text:
            changed.append(TopicRow())
        elif 1 <= number <= len(changed):
            row = changed.pop(number - 1)
            if move is not Move.REMOVE:
                changed.insert(max(0, number - 2) if move is Move.UP else number, row)
    return changed


def _raw(form: Form, name: str) -> tuple[str, ...]:
    """Return all values of a field, blank ones included: their places count."""
    return form.fields.get(name, ())


def _row_of_line(line: str) -> TopicRow:
    topic = read_topic_line(line)
    return TopicRow(query=topic) if isinstance(topic, str) else TopicRow(topic["name"].strip(), topic["query"].strip())
