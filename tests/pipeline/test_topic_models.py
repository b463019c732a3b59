from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from newsletter.models import Item, Paper, ReasonKind, Subscriber
from newsletter.pipeline import topic_models
from newsletter.pipeline.explain import Absence, Part, explain, score_breakdowns
from newsletter.pipeline.explanation_text import placement_text
from newsletter.pipeline.preview import preview_digest
from newsletter.pipeline.topic_models import TopicLearner, hash_of, learn_topic_models, topic_scores
from newsletter.ranking import closeness, topic_model
from newsletter.ranking.embedding import make_embedding
from newsletter.ranking.index import PaperIndex
from newsletter.store import Store
from tests.factories import NOW, make_entry, make_profile, make_topic
from tests.ranking.conftest import library
from tests.stores import connection_of

LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _small_archives_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Learn from sixty papers, and let those be near that are nearer than metal is to fruit."""
    monkeypatch.setattr(topic_model, "SMALLEST_ARCHIVE", 20)
    monkeypatch.setattr(closeness, "CLOSE", 0.1)
    monkeypatch.setattr(closeness, "NEAR", 0.1)


def fill(store: Store, first: int = 0, last: int = 60) -> None:
    """Add papers on fruit (even), every third of them without a pear, and on metal (odd)."""
    entries = []
    for paper in library(last)[first:]:
        word = "apple" if paper.id % 6 == 0 else "pear"
        title, abstract = (text.replace("pear", word) for text in (paper.title, paper.abstract))
        entries.append(make_entry(arxiv_id=paper.arxiv_id, title=title, abstract=abstract, upvotes=None))
    store.papers.add_all(entries, NOW - timedelta(hours=1))


@pytest.fixture
def subscriber(store: Store) -> Subscriber:
    """A subscriber to pears, in a store of sixty papers on fruit and on metal."""
    fill(store)
    with store.transaction():
        profile = make_profile(topics=(make_topic("Pears", ("pear",)),), max_papers=60, max_per_section=60)
        return store.subscribers.add("ada@example.org", "Ada", profile, "cli", NOW)


def items_near(store: Store, subscriber: Subscriber) -> list[Item]:
    items = preview_digest(store, subscriber, NOW).items
    return [item for item in items if ReasonKind.NEAR in {reason.kind for reason in item.reasons}]


def test_papers_close_to_a_topic_are_offered_once_it_is_learned(store: Store, subscriber: Subscriber) -> None:
    assert items_near(store, subscriber) == []
    assert learn_topic_models(store, NOW) == 1
    near = items_near(store, subscriber)
    assert 1 <= len(near) <= 2
    for item in near:
        assert int(str(item.paper.arxiv_id)[-5:]) % 2 == 0
        assert "pear" not in f"{item.paper.title} {item.paper.abstract}"


def test_order_marginality_and_reach_are_in_the_explanation(store: Store, subscriber: Subscriber) -> None:
    learn_topic_models(store, NOW)
    for item in preview_digest(store, subscriber, NOW).items:
        breakdown = explain(store, item.paper, subscriber, NOW)
        values = {one.part: one.value for one in breakdown.parts}
        assert abs(breakdown.total - item.score) < 1e-3
        assert breakdown.facts.judged_by == "Pears"
        assert values[Part.CLOSENESS] != 0
        assert (values[Part.MARGINAL] < 0) == (ReasonKind.PASSING in {reason.kind for reason in item.reasons})


def test_a_mention_that_is_left_out_is_explained(
    store: Store, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers = store.papers.newest(60)
    mention = next(one for one in papers if "pear" in one.abstract.casefold() and "pear" not in one.title.casefold())
    learn_topic_models(store, NOW)
    assert explain(store, mention, subscriber, NOW).placement is not Absence.LEFT_OUT
    monkeypatch.setattr(closeness, "LEFT_OUT", 9.0)
    breakdown = explain(store, mention, subscriber, NOW)
    assert breakdown.placement is Absence.LEFT_OUT
    assert breakdown.facts.topic == "Pears"
    assert "in passing" in placement_text(breakdown)
    assert mention.id not in {item.paper.id for item in preview_digest(store, subscriber, NOW).items}


@pytest.mark.usefixtures("subscriber")
def test_a_topic_is_learned_again_when_enough_is_new(store: Store) -> None:
    assert [learn_topic_models(store, NOW), learn_topic_models(store, LATER)] == [1, 0]
    fill(store, 60, 63)
    assert learn_topic_models(store, LATER) == 0
    fill(store, 63, 70)
    assert learn_topic_models(store, LATER) == 1


@pytest.mark.usefixtures("subscriber")
def test_new_papers_are_placed_at_once_and_judged_by_the_model_there_is(store: Store) -> None:
    learn_topic_models(store, NOW)
    fill(store, 60, 62)
    index = PaperIndex(store.papers.newest(99))
    (query,) = store.topic_models.queries()
    before = topic_scores(store, index)
    learn_topic_models(store, LATER)
    after = topic_scores(store, index)
    assert before is not None and after is not None  # noqa: PT018
    first, second = before(query), after(query)
    assert first is not None and second is not None  # noqa: PT018
    assert np.isnan(first.values).sum() == 2
    assert not np.isnan(second.values).any()


@pytest.mark.usefixtures("subscriber")
def test_one_model_serves_all_who_have_the_query(store: Store) -> None:
    with store.transaction():
        profile = make_profile(topics=(make_topic("My pears", ("pear",)),))
        store.subscribers.add("ben@example.org", "Ben", profile, "cli", NOW)
    assert learn_topic_models(store, NOW) == 1


@pytest.mark.usefixtures("subscriber")
def test_the_same_store_learns_the_same_models(store: Store) -> None:
    learn_topic_models(store, NOW)
    (query,) = store.topic_models.queries()
    first = store.topic_models.model(hash_of(query))
    with store.transaction():
        store.topic_models.keep_only([])
    learn_topic_models(store, NOW)
    assert first is not None
    assert store.topic_models.model(hash_of(query)) == first


def test_a_query_that_nobody_has_any_more_is_forgotten(store: Store, subscriber: Subscriber) -> None:
    learn_topic_models(store, NOW)
    (query,) = store.topic_models.queries()
    with store.transaction():
        profile = make_profile(topics=(make_topic("Forges", ("forge",)),))
        store.subscribers.update_profile(subscriber.id, "", profile, "cli", NOW)
    learn_topic_models(store, NOW)
    assert store.topic_models.model(hash_of(query)) is None


@pytest.mark.usefixtures("subscriber")
def test_an_archive_that_has_doubled_gets_a_new_embedding(store: Store) -> None:
    learn_topic_models(store, NOW)
    fill(store, 60, 125)
    learn_topic_models(store, LATER)
    (version, made_at, _) = store.taste_models.embedding() or (0, None, b"")
    assert (version, made_at, store.taste_models.fitted_to()) == (2, LATER, 125)


def test_a_handful_of_papers_is_too_few(store: Store) -> None:
    fill(store, 0, 5)
    store.topics.put(make_topic("Pears", ("pear",)))
    assert learn_topic_models(store, NOW) == 0


def test_without_scikit_learn_everything_works_as_before(
    store: Store, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = preview_digest(store, subscriber, NOW)
    monkeypatch.setattr(topic_models, "has_scikit_learn", lambda: False)
    assert learn_topic_models(store, NOW) == 0
    assert preview_digest(store, subscriber, NOW) == before


def test_queries_that_mean_the_same_have_one_name() -> None:
    assert hash_of('"pear"  OR quince') == hash_of("pear OR (quince)")
    assert hash_of("pear quince") != hash_of('"pear quince"')


def test_breakdowns_of_a_digest_read_each_model_once(store: Store, subscriber: Subscriber) -> None:
    learn_topic_models(store, NOW)
    digest = preview_digest(store, subscriber, NOW)
    statements: list[str] = []
    connection_of(store).set_trace_callback(statements.append)
    found = list(score_breakdowns(store, digest, subscriber, None))
    connection_of(store).set_trace_callback(None)
    assert len([one for one in statements if "FROM topic_models" in one]) == 1
    assert found == [explain(store, item.paper, subscriber, NOW) for item in digest.items]


@pytest.mark.parametrize(("definition", "is_learned"), [("Pears as rounds (PR).", True), ("Pears as rounds.", False)])
def test_a_topic_is_learned_from_titles_with_its_acronym(definition: str, is_learned: bool) -> None:
    def text(paper: Paper) -> Paper:
        defined = definition if paper.id in (0, 2) else ""
        return replace(paper, title=paper.title.replace("pear", "PR"), abstract=f"{paper.abstract}. {defined}")

    papers = list(map(text, library()))
    embedding = make_embedding(papers)
    assert embedding is not None
    assert (TopicLearner(papers, embedding).learn('"pears as rounds"') is not None) == is_learned
