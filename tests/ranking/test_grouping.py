from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Paper, Reason, ReasonKind, Section, SectionKind
from newsletter.ranking.closeness import TopicScores
from newsletter.ranking.grouping import all_matching, best_topics, group
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from tests.factories import TODAY, make_paper, make_profile, make_topic

PEARS = make_topic("Pears", ("pear",), ("survey",))
ROBOTS = make_topic("Robots", ("robot",))
WORDS = ("pear", "robot", "kettle", "orchard")


def paper(number: int, title: str, abstract: str = "", **facts: object) -> Paper:
    return make_paper(id=number, title=title, abstract=abstract, arxiv_id=f"2605.{number:05}", **facts)


def grouped(papers: list[Paper], *, sent: frozenset[int] = frozenset(), **preferences: object) -> tuple[Section, ...]:
    return group(Matcher(PaperIndex(papers)), make_profile(**({"topics": (PEARS, ROBOTS)} | preferences)), sent, TODAY)


def shown(sections: tuple[Section, ...]) -> dict[str, list[int]]:
    return {section.topic or section.kind.value: [item.paper.id for item in section.items] for section in sections}


def test_sections_follow_the_profiles_order_and_are_never_empty() -> None:
    papers = [paper(1, "Robots"), paper(2, "Pears"), paper(3, "Kettles")]

    assert shown(grouped(papers)) == {"Pears": [2], "Robots": [1]}
    assert list(shown(grouped(papers, topics=(ROBOTS, PEARS)))) == ["Robots", "Pears"]
    assert grouped([paper(3, "Kettles")]) == ()


def test_a_paper_appears_once_in_its_best_topic_and_names_the_others() -> None:
    (section,) = grouped([paper(1, "A Robot for Orchards", "It picks a pear.")])

    (item,) = section.items
    assert (section.kind, section.topic, item.also) == (SectionKind.TOPIC, "Robots", ("Pears",))
    assert item.reasons == (Reason(ReasonKind.TITLE, "robot"),)


def test_between_equal_topics_the_first_wins() -> None:
    assert shown(grouped([paper(1, "Pears for Robots")])) == {"Pears": [1]}


@given(
    st.lists(st.sets(st.sampled_from(["pear", "robot", "kettle", "orchard"])), max_size=6), st.permutations(range(4))
)
def test_each_paper_goes_to_the_topic_that_has_the_best_claim(found: list[set[str]], order: list[int]) -> None:
    topics = [make_topic(word.title(), (word,)) for word in WORDS]
    papers = [
        paper(number, " ".join(sorted(words)[number % 3 :]), " ".join(sorted(words)))
        for number, words in enumerate(found)
    ]
    profile = make_profile(topics=tuple(topics[one] for one in order), trending=0, serendipity=False)
    matcher = Matcher(PaperIndex(papers))
    best = best_topics([matcher.judged(topic.query) for topic in profile.topics], range(len(papers)))
    by_topic = all_matching(matcher, profile, frozenset(), TODAY)
    for number, topic in enumerate(profile.topics):
        assert {one.id for one in by_topic.get(topic.name, [])} == {*np.flatnonzero(best == number).tolist()}


def test_papers_are_ranked_by_match_then_popularity() -> None:
    papers = [
        paper(1, "Kettles", "Of pears.", upvotes=0),
        paper(2, "Pears", upvotes=1),
        paper(3, "Pears Again", upvotes=50),
    ]

    assert shown(grouped(papers)) == {"Pears": [3, 2, 1]}


def test_a_paper_goes_to_the_narrowest_topic_that_it_matches_outright() -> None:
    agents = make_topic("Agents", ("agent", "tool", "planner"))
    tools = make_topic("Tools", ("tool",))
    both = paper(1, "A planner and a tool for agents", "Agents, agents, planners.")
    papers = [both, *(paper(n, f"Agents {n}") for n in range(2, 5)), paper(6, "Planners", "With a tool.")]

    assert shown(grouped(papers, topics=(agents, tools)))["Tools"] == [1]
    # In its abstract alone it mentions tools in passing.
    assert 6 in shown(grouped(papers, topics=(agents, tools)))["Agents"]


def test_no_upvotes_lift_a_mention_in_passing_above_a_title() -> None:
    papers = [
        paper(1, "Pears", upvotes=0),
        paper(2, "Kettles", "Of pears, pears, pears and pears.", upvotes=5000),
        paper(3, "Teapots", "Of pears.", keywords=("pears",)),
        paper(4, "Teacups", "Of pears.", upvotes=100),
    ]

    assert shown(grouped(papers)) == {"Pears": [3, 1, 2, 4]}


def test_equal_matches_are_in_the_order_of_how_dense_they_are() -> None:
    texts = ("Of pears and of all things that pots boil.", "Pears here.", "It boils pears in a kettle.")
    papers = [
        paper(n, title, text) for n, (title, text) in enumerate(zip(("Kettles", "Cups", "Pots"), texts, strict=True))
    ]

    assert shown(grouped(papers)) == {"Pears": [1, 2, 0]}


def test_maximum_lengths_are_kept_and_all_matches_counted() -> None:
    papers = [paper(n, f"Pears {n}") for n in range(10)] + [paper(n, f"Robots {n}") for n in range(10, 20)]

    assert [len(s.items) for s in grouped(papers, max_per_section=3)] == [3, 3]
    assert [s.matched for s in grouped(papers, max_per_section=3)] == [10, 10]
    assert [len(s.items) for s in grouped(papers, max_papers=5)] == [3, 2]
    assert [len(s.items) for s in grouped(papers, max_papers=1)] == [1]


def test_no_topic_crowds_out_another() -> None:
    loud = [paper(n, f"Robots {n}", upvotes=1000) for n in range(20)]

    assert {t: len(ids) for t, ids in shown(grouped([*loud, paper(99, "Pears")], max_papers=6)).items()} == {
        "Pears": 1,
        "Robots": 5,
    }


def test_trending_adds_the_most_popular_papers_outside_of_the_topics() -> None:
    papers = [paper(1, "Pears"), *(paper(n, f"Kettles {n}", upvotes=n) for n in range(2, 9))]

    assert shown(grouped(papers, trending=2)) == {"Pears": [1], "also_trending": [8, 7]}
    assert shown(grouped(papers, trending=0)) == {"Pears": [1]}
    assert shown(grouped(papers, trending=9, max_papers=3)) == {"Pears": [1], "also_trending": [8, 7]}


def test_trending_reserves_its_places_up_to_half_of_the_digest() -> None:
    papers = [paper(n, f"Pears {n}") for n in range(9)] + [paper(n, f"Kettles {n}") for n in range(10, 19)]

    assert [len(s.items) for s in grouped(papers, max_papers=6, trending=2)] == [4, 2]
    assert [len(s.items) for s in grouped(papers, max_papers=6, trending=6)] == [3, 3]


def test_without_topics_everything_is_trending() -> None:
    papers = [paper(1, "Pears", upvotes=1), paper(2, "Kettles", upvotes=9)]

    (section,) = grouped(papers, topics=())
    assert (section.kind, section.topic, [item.paper.id for item in section.items]) == (
        SectionKind.TRENDING,
        "",
        [2, 1],
    )
    assert section.items[0].reasons == (Reason(ReasonKind.POPULARITY),)


def test_an_excluded_paper_is_neither_in_its_topic_nor_trending() -> None:
    papers = [paper(1, "A Survey of Pears", upvotes=500), paper(2, "A Survey of Kettles")]

    assert shown(grouped(papers, trending=5)) == {"also_trending": [2]}


def test_a_paper_excluded_by_one_topic_may_match_another() -> None:
    assert shown(grouped([paper(1, "A Survey of Robots and Pears")])) == {"Robots": [1]}


def test_serendipity_adds_one_paper_from_the_border_of_the_topics_if_the_profile_asks_for_it() -> None:
    near = [paper(n, f"Apples {n}", "Kept in a cellar.", upvotes=n) for n in range(2, 4)]
    papers = [paper(1, "Pears", "Kept in a cellar."), *near, *(paper(n, "Kettles", upvotes=n) for n in range(4, 9))]

    assert shown(grouped(papers, serendipity=True)) == {"Pears": [1], "serendipity": [3]}
    assert shown(grouped(papers, serendipity=True, trending=2)) == {
        "Pears": [1],
        "also_trending": [8, 7],
        "serendipity": [3],
    }
    assert shown(grouped(papers, serendipity=False)) == {"Pears": [1]}


def test_serendipity_holds_nothing_that_a_topic_excludes() -> None:
    papers = [
        paper(1, "Pears", "Kept in a cellar."),
        paper(2, "Apples: A Survey", "Kept in a cellar.", upvotes=9),
        paper(3, "Apples", "Kept in a cellar."),
    ]

    assert shown(grouped(papers, serendipity=True)) == {"Pears": [1], "serendipity": [3]}
    assert shown(grouped(papers[:2], serendipity=True)) == {"Pears": [1]}


def test_serendipity_is_not_what_the_model_of_a_topic_left_out() -> None:
    papers = [
        paper(1, "Pears", "Kept in a cellar."),
        paper(2, "Kettles", "Kept in a cellar with pears.", upvotes=9),
        paper(3, "Apples", "Kept in a cellar."),
    ]

    def scores(query: str) -> TopicScores | None:
        return TopicScores(np.array([1, -1, 0], np.float32)) if "pear" in query else None

    matcher = Matcher(PaperIndex(papers), scores=scores)
    sections = group(matcher, make_profile(topics=(PEARS, ROBOTS), serendipity=True), frozenset(), TODAY)
    assert shown(sections) == {"Pears": [1], "serendipity": [3]}


def test_serendipity_needs_no_upvotes() -> None:
    papers = [paper(1, "Pears", "A cellar."), paper(2, "Apples", "A cellar.", upvotes=0), paper(3, "Kettles")]

    assert shown(grouped(papers, serendipity=True)) == {"Pears": [1], "serendipity": [2]}


def test_serendipity_reserves_a_place_but_never_stands_alone() -> None:
    pears = [paper(n, f"Pears {n}", "A cellar.") for n in range(9)]
    apples = paper(20, "Apples", "A cellar.", upvotes=3)

    assert shown(grouped([*pears, apples], serendipity=True, max_papers=4)) == {
        "Pears": [0, 1, 2],
        "serendipity": [20],
    }
    assert grouped([apples], serendipity=True) == ()
    assert shown(grouped([paper(1, "Pears"), paper(20, "Kettles", upvotes=9)], serendipity=True)) == {"Pears": [1]}
    assert shown(grouped([paper(1, "Kettles", upvotes=3)], serendipity=True, topics=())) == {"trending": [1]}


def test_papers_by_followed_authors_rank_first_and_name_them_as_reason() -> None:
    papers = [
        paper(1, "Pears", upvotes=90, authors=("Cleo Nobody",)),
        paper(2, "Pears by Ada", authors=("Ada Example", "Ben Sample"), upvotes=0),
        paper(3, "Kettles", authors=("Cleo Nobody", "Ada Example")),
        paper(4, "Teapots", authors=(), organization="Example Lab"),
        paper(5, "Spoons", authors=("Ada Other", "Ben Example")),
    ]
    sections = grouped(papers, follow=("ada example", "Example Lab"))

    assert shown(sections) == {"followed": [3, 4], "Pears": [2, 1]}
    assert [item.reasons[0] for section in sections for item in section.items] == [
        Reason(ReasonKind.AUTHOR, "ada example"),
        Reason(ReasonKind.ORGANIZATION, "Example Lab"),
        Reason(ReasonKind.AUTHOR, "ada example"),
        Reason(ReasonKind.TITLE, "pear"),
    ]


def test_an_excluded_paper_by_a_followed_author_is_left_out() -> None:
    assert grouped([paper(1, "A Survey of Pears", authors=("Ada Example",))], follow=("Ada Example",)) == ()


def test_a_profiles_weights_override_the_sites() -> None:
    papers = [paper(1, "Kettles", "Of pears.", keywords=("pears",), upvotes=10**6), paper(2, "Pears, Pears", upvotes=0)]

    assert shown(grouped(papers)) == {"Pears": [1, 2]}
    assert shown(grouped(papers, ranking=(("popularity", 0.0),))) == {"Pears": [2, 1]}


TITLES = ["Pears", "Robots", "Pears and Robots", "Kettles", "A Survey of Pears"]
libraries = st.lists(st.tuples(st.sampled_from(TITLES), st.integers(0, 3)), max_size=30)


@given(
    libraries,
    st.sets(st.integers(0, 29)),
    st.integers(1, 12),
    st.integers(1, 6),
    st.integers(0, 8),
    st.booleans(),
    st.randoms(),
)
def test_limits_and_order_hold_for_arbitrary_papers(
    library: list[tuple[str, int]],
    sent: set[int],
    most: int,
    per_section: int,
    trending: int,
    surprise: bool,
    order: random.Random,
) -> None:
    papers = [paper(n, title, upvotes=upvotes) for n, (title, upvotes) in enumerate(library)]
    preferences = {
        "max_papers": most,
        "max_per_section": per_section,
        "trending": trending,
        "serendipity": surprise,
        "sent": frozenset(sent),
    }

    sections = grouped(papers, **preferences)  # type: ignore[arg-type]

    ids = [item.paper.id for section in sections for item in section.items]
    assert len(ids) == len(set(ids)) <= most
    assert not set(ids) & sent
    assert all(section.items for section in sections)
    assert all(len(s.items) <= per_section for s in sections if s.kind is SectionKind.TOPIC)
    shuffled = order.sample(papers, len(papers))
    assert grouped(shuffled, **preferences) == sections  # type: ignore[arg-type]


def test_ties_do_not_depend_on_the_order_of_papers() -> None:
    papers = [paper(n, "Pears", upvotes=3) for n in range(8)]

    assert shown(grouped(papers[::-1], max_papers=3)) == {"Pears": [0, 1, 2]}
    assert shown(grouped(papers[4:] + papers[:4], max_papers=3)) == {"Pears": [0, 1, 2]}


def test_a_paper_sent_before_takes_no_place_and_is_not_counted() -> None:
    papers = [paper(1, "Pears", upvotes=99), paper(2, "Pears Again"), paper(3, "Kettles", upvotes=99)]

    (section,) = grouped(papers, sent=frozenset({1, 3}), max_papers=2, trending=1)

    assert (section.topic, [item.paper.id for item in section.items], section.matched) == ("Pears", [2], 1)


def test_all_that_match_are_as_many_as_the_sections_say_and_hold_what_they_show() -> None:
    papers = [paper(n, f"{'Pears' if n % 3 else 'Robots'} of Type {n}", upvotes=n) for n in range(1, 12)]
    papers += [paper(20, "Pears: a Survey"), paper(21, "Kettles"), paper(22, "Pears Again")]
    profile = make_profile(topics=(PEARS, ROBOTS), max_papers=3)
    found = all_matching(Matcher(PaperIndex(papers)), profile, frozenset({22}), TODAY)

    sections = [one for one in grouped(papers, sent=frozenset({22}), max_papers=3) if one.kind is SectionKind.TOPIC]
    assert {one.topic: one.matched for one in sections} == {
        "Pears": len(found["Pears"]),
        "Robots": len(found["Robots"]),
    }
    assert all({item.paper for item in one.items} <= set(found[one.topic]) for one in sections)
    assert found[""] == []


def test_reasons_name_the_matching_keywords_and_their_fields() -> None:
    topic = make_topic("Prompts", ("few-shot prompting", "in-context learning", "kettle"))
    prompts = paper(1, "In-Context Learning for Pears", "By few-shot prompting.")

    (section,) = grouped([prompts], topics=(topic,))

    assert section.items[0].reasons == (
        Reason(ReasonKind.TITLE, "in-context learning"),
        Reason(ReasonKind.ABSTRACT, "few-shot prompting"),
    )
