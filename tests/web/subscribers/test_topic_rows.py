"""Rows of topics: their order, and the buttons that change it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Topic
from newsletter.web.http.forms import Form
from newsletter.web.subscribers.topic_rows import Move, TopicRow, moved, rows_of, rows_of_form

AGENTS, ROBOTS = Topic("LLM agents", "agent*"), Topic("Robotics", "robot*")
CATALOGUE = {AGENTS: 3, ROBOTS: 0}
#: Robotics, a topic of their own, LLM agents; then what is ticked in the catalogue.
FORM = {
    "order": ("Robotics", "", "LLM agents"),
    "topic": ("Robotics", "LLM agents"),
    "own_name": ("Mine",),
    "own_query": ("pears",),
}


def names(rows: list[TopicRow]) -> list[str]:
    return [row.name or row.query for row in rows if not row.is_blank]


@pytest.mark.parametrize(
    ("button", "order"),
    [
        ({}, ["Robotics", "Mine", "LLM agents"]),
        ({"up": ("2",)}, ["Mine", "Robotics", "LLM agents"]),
        ({"up": ("1",)}, ["Robotics", "Mine", "LLM agents"]),
        ({"down": ("2",)}, ["Robotics", "LLM agents", "Mine"]),
        ({"down": ("3",)}, ["Robotics", "Mine", "LLM agents"]),
        ({"remove": ("2",)}, ["Robotics", "LLM agents"]),
        ({"up": ("99",)}, ["Robotics", "Mine", "LLM agents"]),
        ({"up": ("9" * 5000,)}, ["Robotics", "Mine", "LLM agents"]),
        ({"up": ("-1",), "down": ("x",), "remove": ("٣",)}, ["Robotics", "Mine", "LLM agents"]),
        ({"topic": ("LLM agents",)}, ["Mine", "LLM agents"]),
        ({"queries": ("A = b\nc",)}, ["Robotics", "Mine", "LLM agents", "A", "c"]),
    ],
)
def test_buttons_move_and_remove_rows(button: dict[str, tuple[str, ...]], order: list[str]) -> None:
    form = Form(FORM | button)
    assert names(moved(rows_of_form(form, CATALOGUE), form)) == order


def test_a_blank_row_is_added() -> None:
    form = Form(FORM | {"add": ("1",)})
    rows = moved(rows_of_form(form, CATALOGUE), form)
    assert (len(rows), rows[-1]) == (4, TopicRow())


def test_topics_that_are_ticked_beside_the_rows_come_last_and_once() -> None:
    form = Form({"order": ("LLM agents",), "topic": ("LLM agents", "Robotics", "Robotics", "Unknown")})
    rows = rows_of_form(form, CATALOGUE)
    assert names(rows) == ["LLM agents", "Robotics", "Unknown"]
    assert [row.choice is not None for row in rows] == [True, True, False]


@given(st.lists(st.sampled_from([AGENTS, ROBOTS, Topic("Mine", "pears"), Topic("pears", "pears")]), unique=True))
def test_rows_show_topics_in_their_order(topics: list[Topic]) -> None:
    assert names(rows_of(topics, CATALOGUE)) == [topic.name for topic in topics]


@given(st.dictionaries(st.sampled_from([*FORM, *Move, "queries"]), st.lists(st.text(), min_size=1).map(tuple)))
def test_no_form_is_too_odd(fields: dict[str, tuple[str, ...]]) -> None:
    form = Form(fields)
    for row in moved(rows_of_form(form, CATALOGUE), form):
        assert row.is_blank or row.plain
