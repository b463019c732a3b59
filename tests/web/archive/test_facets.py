"""Facets: by what a list may be narrowed, and how much of it would stay."""

from __future__ import annotations

from newsletter.models import Topic
from newsletter.rendering.language import language
from newsletter.store.filters import Order
from newsletter.store.search import Traits
from newsletter.web.archive.choices import Choice
from newsletter.web.archive.facets import chips_of, facets_of

ENGLISH = language("en")
ALL = Choice("/", (Order.UPVOTED,), {}, Order.UPVOTED)
AGENTS, ROBOTS = Topic("LLM agents", "agents"), Topic("Robotics", "robot*")
TRAITS = [
    Traits(1, ("arxiv", "huggingface"), ("cs.CL",), "Lab", True),
    Traits(2, ("arxiv",), ("cs.CL", "cs.RO"), None, False),
    Traits(3, ("arxiv",), (), "Lab", False),
]
TOPICS = {1: (AGENTS,), 2: (AGENTS, ROBOTS), 3: ()}


def test_values_are_counted_and_those_of_all_papers_left_out() -> None:
    found = {facet.name: [(one.label, one.papers) for one in facet.values] for facet in facets_of(
        ALL, TRAITS, TOPICS, ENGLISH)}  # fmt: skip
    assert found == {
        "topic": [("LLM agents", 2), ("Robotics", 1)],
        "source": [("Hugging Face", 1)],
        "category": [("cs.CL", 2), ("cs.RO", 1)],
        "organization": [("Lab", 2)],
        "code": [("With code", 1)],
    }


def test_what_is_set_is_a_chip_and_no_facet() -> None:
    choice = ALL.with_filter("source", "huggingface").with_filter("code", "1")
    assert {"source", "code"}.isdisjoint(facet.name for facet in facets_of(choice, TRAITS, TOPICS, ENGLISH))
    chips = chips_of(choice, ENGLISH)
    assert [(one.label, one.value, one.url) for one in chips] == [
        ("Source", "Hugging Face", "/?code=1"), ("Code", "With code", "/?source=huggingface"),
    ]  # fmt: skip


def test_a_value_adds_to_the_filters() -> None:
    facets = {facet.name: facet for facet in facets_of(ALL.with_filter("code", "1"), TRAITS, TOPICS, ENGLISH)}
    assert facets["topic"].values[1].url == "/?code=1&topic=Robotics"
    assert facets_of(ALL, [], {}, ENGLISH) == []
