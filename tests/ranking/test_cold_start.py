from __future__ import annotations

from dataclasses import replace

from newsletter.models import Topic
from newsletter.ranking.cold_start import choose_to_rate
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from tests.factories import make_paper, make_topic
from tests.ranking.conftest import library

FRUIT = make_topic("Fruit", ("pear", "quince", "apple"))


def matcher_of(*abstracts: str) -> Matcher:
    return Matcher(PaperIndex([make_paper(id=n, title="", abstract=text) for n, text in enumerate(abstracts)]))


def test_papers_near_the_topics_are_chosen() -> None:
    matcher = Matcher(PaperIndex(library(400)))
    chosen = choose_to_rate(matcher, [FRUIT], 10)

    assert len(set(chosen)) == 10
    assert all(number % 2 == 0 for number in chosen)


def test_one_of_each_kind_is_chosen_rather_than_two_of_one() -> None:
    matcher = matcher_of("pear cellar", "pear cellar", "pear orchard", "pear orchard", "pear juice", "pear juice")
    kinds = [matcher.paper(number).abstract for number in choose_to_rate(matcher, [make_topic("P", ("pear",))], 3)]

    assert sorted(kinds) == ["pear cellar", "pear juice", "pear orchard"]


def test_many_papers_far_from_the_topics_do_not_outweigh_a_few_on_them() -> None:
    near = ["pear cellar", "pear cellar juice", "pear orchard", "pear orchard tree"]
    far = [f"kettle cellar copper spoon tray {n}" for n in range(30)]
    chosen = choose_to_rate(matcher_of(*near, *far), [make_topic("P", ("pear",))], 2)

    assert {number < len(near) for number in chosen} == {True}


def test_a_wide_topic_does_not_outweigh_a_narrow_one() -> None:
    wide = [f"apple {kind} {n}" for kind in ("cellar", "orchard", "juice", "tree", "cider", "tart") for n in range(25)]
    narrow = ["kettle copper", "kettle iron", "kettle spoon"]
    topics = [make_topic("Fruit", ("apple",)), make_topic("Kettles", ("kettle",))]
    chosen = choose_to_rate(matcher_of(*wide, *narrow), topics, 6)

    assert sum(number >= len(wide) for number in chosen) == 3
    assert sum(number < len(wide) for number in chosen) == 3


def test_nothing_that_a_topic_excludes_is_asked_about() -> None:
    matcher = matcher_of("pear cellar", "quince cellar survey", "pear survey", "apple survey", "pear orchard")
    topics = [make_topic("P", ("pear", "quince"), ("survey",)), make_topic("A", ("apple",))]

    assert sorted(choose_to_rate(matcher, topics, 10)) == [0, 3, 4]


def test_what_is_rated_or_withdrawn_is_not_chosen_nor_what_is_like_it() -> None:
    matcher = matcher_of("pear cellar", "pear cellar", "pear orchard", "pear orchard")

    assert choose_to_rate(matcher, [], 1, {0})[0] in (2, 3)
    assert sorted(choose_to_rate(matcher, [], 10, {0})) == [1, 2, 3]
    withdrawn = [replace(make_paper(id=0), withdrawn=True), make_paper(id=1)]
    assert choose_to_rate(Matcher(PaperIndex(withdrawn)), [], 10) == [1]


def test_no_topics_or_no_papers_are_no_error() -> None:
    no_topics: list[Topic] = []

    assert choose_to_rate(matcher_of(), [FRUIT], 10) == []
    assert len(choose_to_rate(matcher_of("a pear", "a spoon"), no_topics, 10)) == 2
