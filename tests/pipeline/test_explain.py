from __future__ import annotations

import json
from datetime import timedelta

import pytest

from newsletter.cli.output import print_json
from newsletter.models import Paper, SectionKind, Subscriber
from newsletter.pipeline.explain import Absence, Part, Placement, ScoreBreakdown, explain, score_breakdowns
from newsletter.pipeline.explanation_text import ENGLISH, part_text, placement_text, topic_text
from newsletter.pipeline.preview import preview_digest
from newsletter.store import Store
from tests.factories import NOW, make_entry, make_profile, make_topic

TITLES = ["Pears in Winter", "A Survey of Pears", "Kettles", "Robots That Pick Pears", "Robots"]


@pytest.fixture
def subscriber(store: Store) -> Subscriber:
    """A subscriber to pears and robots, in a store of five papers."""
    for number, title in enumerate(TITLES):
        entry = make_entry(arxiv_id=f"2605.0000{number}", title=title, abstract="On fruit.", upvotes=number)
        store.papers.add(entry, NOW - timedelta(hours=1))
    topics = (make_topic("Pears", ("pear",), ("survey",)), make_topic("Robots", ("robot",)))
    with store.transaction():
        return store.subscribers.add("ada@example.org", "Ada", make_profile(topics=topics), "cli", NOW)


def paper(store: Store, number: int) -> Paper:
    found = store.papers.find(f"arxiv:2605.0000{number}")
    assert found is not None
    return found


def explained(store: Store, subscriber: Subscriber, number: int) -> ScoreBreakdown:
    return explain(store, paper(store, number), subscriber, NOW)


def test_the_parts_add_up_to_the_score_in_the_digest(store: Store, subscriber: Subscriber) -> None:
    items = preview_digest(store, subscriber, NOW).items
    assert len(items) == 3
    for item in items:
        breakdown = explain(store, item.paper, subscriber, NOW)
        assert [one.part for one in breakdown.parts] == list(Part)
        assert sum(one.value for one in breakdown.parts) == pytest.approx(breakdown.total)
        assert breakdown.total == pytest.approx(item.score, abs=1e-3)


def test_a_paper_of_the_digest_has_a_placement_and_facts(store: Store, subscriber: Subscriber) -> None:
    breakdown = explained(store, subscriber, 0)
    assert breakdown.placement == Placement("daily-2026-05-08", SectionKind.TOPIC, "Pears", 1, 1)
    assert (breakdown.facts.topic, breakdown.facts.upvotes, breakdown.facts.is_followed) == ("Pears", 0, False)
    assert [(one.topic, [(hit.field, hit.term) for hit in one.hits]) for one in breakdown.topics] == [
        ("Pears", [("title", "pear")]),
        ("Robots", []),
    ]


def test_the_breakdowns_of_a_digest_are_in_its_order(store: Store, subscriber: Subscriber) -> None:
    digest = preview_digest(store, subscriber, NOW)
    breakdowns = list(score_breakdowns(store, digest, subscriber, None))
    assert [one.paper for one in breakdowns] == [item.paper for item in digest.items]
    assert breakdowns == [explain(store, item.paper, subscriber, NOW) for item in digest.items]


@pytest.mark.parametrize("number", [1, 2])
def test_a_paper_without_a_matching_topic_is_absent(store: Store, subscriber: Subscriber, number: int) -> None:
    assert explained(store, subscriber, number).placement is Absence.NO_MATCH


def test_an_excluded_term_keeps_a_paper_out(store: Store, subscriber: Subscriber) -> None:
    match = explained(store, subscriber, 1).topics[0]
    assert match.is_excluded
    assert topic_text(match, ENGLISH).startswith("excluded by the topic; contains title: pear")


def test_withdrawn_and_old_papers_are_absent(store: Store, subscriber: Subscriber) -> None:
    store.papers.add(make_entry(arxiv_id="2605.00000", title=TITLES[0], withdrawn=True), NOW)
    assert explained(store, subscriber, 0).placement is Absence.WITHDRAWN
    store.papers.add(make_entry(arxiv_id="2604.00001", title="Old Pears"), NOW - timedelta(days=90))
    old = store.papers.find("arxiv:2604.00001")
    assert old is not None
    assert explain(store, old, subscriber, NOW).placement is Absence.TOO_OLD


def test_a_breakdown_in_words(store: Store, subscriber: Subscriber) -> None:
    breakdown = explained(store, subscriber, 0)
    assert placement_text(breakdown) == "number 1 of 1 in daily-2026-05-08, under Pears"
    assert [part_text(part, breakdown.facts, ENGLISH) for part in Part] == [
        "matches Pears",
        "in title or keywords",
        "no model of a topic judges it",
        "no model of a topic judges it",
        "0 upvotes, 0 comments",
        f"published {ENGLISH.day(breakdown.facts.published)}, edition of 8 May 2026",
        "no author is followed",
        "learned from feedback",
    ]
    assert [topic_text(one, ENGLISH) for one in breakdown.topics] == ["title: pear 0.68 (in 60% of papers)", ""]
    assert placement_text(explained(store, subscriber, 2)) == "not in the digest: no topic matches"


def test_repetition_and_mentions_in_passing_are_explained(store: Store, subscriber: Subscriber) -> None:
    text = "A robot, and another robot. Pears."
    store.papers.add(make_entry(arxiv_id="2605.00009", title="Orchards", abstract=text, upvotes=9), NOW)
    found = store.papers.find("arxiv:2605.00009")
    assert found is not None
    breakdown = explain(store, found, subscriber, NOW)
    robots = breakdown.topics[1]
    assert (robots.hits[0].times, robots.hits[0].share) == ({"abstract": 2.0}, 0.5)
    assert topic_text(robots, ENGLISH).endswith("(2 times, in 50% of papers)")
    parts = {one.part: one.value for one in breakdown.parts}
    assert (parts[Part.OUTRIGHT], parts[Part.POPULARITY]) == (0.0, 0.5)
    assert part_text(Part.POPULARITY, breakdown.facts, ENGLISH) == "9 upvotes, 0 comments, less in passing"


def test_a_breakdown_is_json(store: Store, subscriber: Subscriber, capsys: pytest.CaptureFixture[str]) -> None:
    print_json(explained(store, subscriber, 0))
    printed = json.loads(capsys.readouterr().out)
    assert printed["placement"] == {
        "edition": "daily-2026-05-08", "section": "topic", "topic": "Pears", "position": 1, "papers": 1
    }  # fmt: skip
    assert printed["parts"][0]["part"] == "match"
    assert printed["topics"][0]["hits"][0]["field"] == "title"
