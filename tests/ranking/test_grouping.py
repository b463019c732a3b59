from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import Paper, Section
from newsletter.ranking.grouping import group
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from tests.factories import TODAY, make_paper, make_profile, make_topic

PEARS = make_topic("Pears", ("pear",), ("survey",))
ROBOTS = make_topic("Robots", ("robot",))


def paper(number: int, title: str, abstract: str = "", **facts: object) -> Paper:
    return make_paper(id=number, title=title, abstract=abstract, arxiv_id=f"2605.{number:05}", **facts)


def grouped(papers: list[Paper], *, sent: frozenset[int] = frozenset(), **preferences: object) -> tuple[Section, ...]:
    return group(Matcher(PaperIndex(papers)), make_profile(**({"topics": (PEARS, ROBOTS)} | preferences)), sent, TODAY)


def shown(sections: tuple[Section, ...]) -> dict[str, list[int]]:
    return {section.title: [item.paper.id for item in section.items] for section in sections}


def test_sections_follow_the_readers_order_and_are_never_empty() -> None:
    papers = [paper(1, "Robots"), paper(2, "Pears"), paper(3, "Kettles")]

    assert shown(grouped(papers)) == {"Pears": [2], "Robots": [1]}
    assert list(shown(grouped(papers, topics=(ROBOTS, PEARS)))) == ["Robots", "Pears"]
    assert grouped([paper(3, "Kettles")]) == ()


def test_a_paper_appears_once_in_its_best_topic_and_names_the_other() -> None:
    (section,) = grouped([paper(1, "A Robot for Orchards", "It picks a pear.")])

    (item,) = section.items
    assert (section.title, [str(reason) for reason in item.reasons], item.also) == (
        "Robots",
        ["title: robot"],
        ("Pears",),
    )


def test_between_equal_topics_the_readers_first_wins() -> None:
    assert shown(grouped([paper(1, "Pears for Robots")])) == {"Pears": [1]}


def test_better_matches_then_better_liked_ones_come_first() -> None:
    papers = [
        paper(1, "Kettles", "Of pears.", upvotes=0),
        paper(2, "Pears", upvotes=1),
        paper(3, "Pears Again", upvotes=50),
    ]

    assert shown(grouped(papers)) == {"Pears": [3, 2, 1]}


def test_a_section_and_a_digest_are_no_longer_than_wished_and_tell_what_matched() -> None:
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


def test_trending_adds_the_best_liked_of_no_topic_within_the_digests_limit() -> None:
    papers = [paper(1, "Pears"), *(paper(n, f"Kettles {n}", upvotes=n) for n in range(2, 9))]

    assert shown(grouped(papers, trending=2)) == {"Pears": [1], "Also trending": [8, 7]}
    assert shown(grouped(papers, trending=0)) == {"Pears": [1]}
    assert shown(grouped(papers, trending=9, max_papers=3)) == {"Pears": [1], "Also trending": [8, 7]}


def test_trending_keeps_its_places_but_no_more_than_half() -> None:
    papers = [paper(n, f"Pears {n}") for n in range(9)] + [paper(n, f"Kettles {n}") for n in range(10, 19)]

    assert [len(s.items) for s in grouped(papers, max_papers=6, trending=2)] == [4, 2]
    assert [len(s.items) for s in grouped(papers, max_papers=6, trending=6)] == [3, 3]


def test_without_topics_everything_is_trending() -> None:
    papers = [paper(1, "Pears", upvotes=1), paper(2, "Kettles", upvotes=9)]

    (section,) = grouped(papers, topics=())
    assert (section.title, [item.paper.id for item in section.items]) == ("Trending", [2, 1])
    assert [str(reason) for reason in section.items[0].reasons] == ["trending: 9 upvotes"]


def test_an_exclusion_keeps_a_paper_out_of_its_topic_and_out_of_trending() -> None:
    papers = [paper(1, "A Survey of Pears", upvotes=500), paper(2, "A Survey of Kettles")]

    assert shown(grouped(papers, trending=5)) == {"Also trending": [2]}


def test_an_exclusion_of_one_topic_does_not_keep_it_out_of_another() -> None:
    assert shown(grouped([paper(1, "A Survey of Robots and Pears")])) == {"Robots": [1]}


def test_one_place_is_kept_for_something_different_that_many_like_unless_the_reader_does_not_want_it() -> None:
    papers = [paper(1, "Pears"), *(paper(n, f"Kettles {n}", upvotes=n) for n in range(2, 9))]

    assert shown(grouped(papers, serendipity=True)) == {"Pears": [1], "Something different": [8]}
    assert shown(grouped(papers, serendipity=True, trending=2)) == {
        "Pears": [1],
        "Also trending": [8, 7],
        "Something different": [6],
    }
    assert shown(grouped(papers, serendipity=False)) == {"Pears": [1]}


def test_the_place_for_something_different_is_reserved_but_never_the_only_one() -> None:
    pears = [paper(n, f"Pears {n}") for n in range(9)]

    assert shown(grouped([*pears, paper(20, "Kettles", upvotes=3)], serendipity=True, max_papers=4)) == {
        "Pears": [0, 1, 2],
        "Something different": [20],
    }
    assert grouped([paper(20, "Kettles", upvotes=3)], serendipity=True) == ()
    assert shown(grouped([paper(1, "Pears"), paper(20, "Kettles", upvotes=0)], serendipity=True)) == {"Pears": [1]}
    assert shown(grouped([paper(1, "Kettles", upvotes=3)], serendipity=True, topics=())) == {"Trending": [1]}


def test_who_is_followed_comes_first_on_topic_or_not_and_the_reason_names_them() -> None:
    papers = [
        paper(1, "Pears", upvotes=90, authors=("Cleo Nobody",)),
        paper(2, "Pears by Ada", authors=("Ada Example", "Ben Sample"), upvotes=0),
        paper(3, "Kettles", authors=("Cleo Nobody", "Ada Example")),
        paper(4, "Teapots", authors=(), organization="Example Lab"),
        paper(5, "Spoons", authors=("Ada Other", "Ben Example")),
    ]
    sections = grouped(papers, follow=("ada example", "Example Lab"))

    assert shown(sections) == {"People you follow": [3, 4], "Pears": [2, 1]}
    assert [str(item.reasons[0]) for section in sections for item in section.items] == [
        "author: ada example",
        "org: Example Lab",
        "author: ada example",
        "title: pear",
    ]


def test_an_exclusion_keeps_out_a_paper_of_someone_followed() -> None:
    assert grouped([paper(1, "A Survey of Pears", authors=("Ada Example",))], follow=("Ada Example",)) == ()


def test_a_readers_own_weights_go_before_the_sites() -> None:
    papers = [paper(1, "Kettles", "Of pears.", upvotes=10**6), paper(2, "Pears", upvotes=0)]

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
@settings(max_examples=200)
def test_whatever_the_papers_the_promises_hold(
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
    assert all(len(s.items) <= per_section for s in sections if s.title != "Also trending")
    shuffled = order.sample(papers, len(papers))
    assert grouped(shuffled, **preferences) == sections  # type: ignore[arg-type]


def test_ties_are_broken_alike_in_whatever_order_the_papers_come() -> None:
    papers = [paper(n, "Pears", upvotes=3) for n in range(8)]

    assert shown(grouped(papers[::-1], max_papers=3)) == {"Pears": [0, 1, 2]}
    assert shown(grouped(papers[4:] + papers[:4], max_papers=3)) == {"Pears": [0, 1, 2]}


def test_a_paper_sent_before_neither_takes_a_place_nor_counts_as_matched() -> None:
    papers = [paper(1, "Pears", upvotes=99), paper(2, "Pears Again"), paper(3, "Kettles", upvotes=99)]

    (section,) = grouped(papers, sent=frozenset({1, 3}), max_papers=2, trending=1)

    assert (section.title, [item.paper.id for item in section.items], section.matched) == ("Pears", [2], 1)


def test_a_topic_with_many_keywords_says_which_were_found_and_where() -> None:
    topic = make_topic("Prompts", ("few-shot prompting", "in-context learning", "kettle"))
    told = paper(1, "In-Context Learning for Pears", "By few-shot prompting.")

    (section,) = grouped([told], topics=(topic,))

    assert [str(reason) for reason in section.items[0].reasons] == [
        "title: in-context learning",
        "abstract: few-shot prompting",
    ]
