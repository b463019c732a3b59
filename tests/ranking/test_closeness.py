"""What follows from a model's scores; the scores are given, so that each rule is seen alone."""

from __future__ import annotations

import numpy as np
import pytest

from newsletter.models import Item, Paper, Profile, ReasonKind, Section, Topic
from newsletter.models.weights import Weights
from newsletter.ranking.closeness import (
    APART,
    CLOSE,
    LEFT_OUT,
    MARGINAL,
    NAMED,
    NEAR,
    NEAR_OF_MANY,
    Closeness,
    TopicScores,
    closeness,
)
from newsletter.ranking.grouping import group, near_topic
from newsletter.ranking.index import Numbers, PaperIndex, Statistics
from newsletter.ranking.matching import Matcher
from newsletter.topics.query import parse
from tests.factories import TODAY, make_paper, make_profile, make_topic

PEARS = make_topic("Pears", ("pear",))
QUINCES = make_topic("Quinces", ("quince",))
#: Titles and abstracts; the name of a paper is its position in the alphabet.
TEXTS = {
    "a": ("Growing pears", "A method."),
    "b": ("An orchard of pears", "A method."),
    "c": ("On kettles", "Like pears."),
    "d": ("On cider", "Made of pears."),
    "e": ("Blossoms in spring", "Of trees."),
    "f": ("Grafting in winter", "Of trees; a survey."),
    "g": ("Pruning in autumn", "Of trees."),
    "h": ("Copper spoons", "Of metal."),
}

#: The score of a paper that mentions pears in the middle of its abstract, and is marginal.
DUBIOUS = (LEFT_OUT + MARGINAL) / 2 + 0.06


def papers() -> list[Paper]:
    return [
        make_paper(id=number, title=title, abstract=text, arxiv_id=f"2605.{number:05}", upvotes=None)
        for number, (title, text) in enumerate(TEXTS.values())
    ]


def close(query: str, **scores: float) -> Closeness:
    index = PaperIndex(papers())
    node = parse(query)
    return closeness(index, node, Matcher(index).evaluate(query).matches, TopicScores(numbers(**scores)), Weights())


def numbers(**scores: float) -> Numbers:
    """Return scores of the papers by name; the others are not known."""
    return np.array([scores.get(name, np.nan) for name in TEXTS], np.float32)


def sections(profile: Profile, **models: Numbers) -> dict[str, str]:
    """Return the names of the papers of each section, those that are near in capitals."""
    names = {topic.query: topic.name.lower() for topic in profile.topics}
    by_query = {query: TopicScores(models[name]) for query, name in names.items() if name in models}
    found = group(Matcher(PaperIndex(papers()), scores=by_query.get), profile, frozenset(), TODAY)
    return {section.topic: "".join(map(name_of, section.items)) for section in found}


def name_of(item: Item) -> str:
    name = list(TEXTS)[item.paper.id]
    return name.upper() if is_because_of(item, ReasonKind.NEAR) else name


def is_because_of(item: Item, kind: ReasonKind) -> bool:
    return kind in {reason.kind for reason in item.reasons}


# -- order -----------------------------------------------------------------------------------------


def test_the_closer_of_two_equal_matches_comes_first() -> None:
    profile = make_profile(topics=(PEARS,))
    assert sections(profile, pears=numbers(a=0.7, b=1.2))["Pears"].startswith("ba")
    assert sections(profile, pears=numbers(a=1.2, b=0.7))["Pears"].startswith("ab")


def test_a_paper_whose_place_is_not_known_is_neither_raised_nor_marginal_nor_near() -> None:
    found = close("pear")
    assert not found.order.any()
    assert not found.marginal.any()
    assert not found.near


def test_without_models_nothing_changes() -> None:
    profile = make_profile(topics=(PEARS,))
    plain = group(Matcher(PaperIndex(papers())), profile, frozenset(), TODAY)
    silent = group(Matcher(PaperIndex(papers()), scores=lambda _: None), profile, frozenset(), TODAY)
    assert plain == silent


# -- marginal relevance ----------------------------------------------------------------------------


def test_a_mention_far_from_the_topic_is_marginal_and_a_title_never_is() -> None:
    found = close("pear", a=-1, b=0, c=MARGINAL - 0.5, d=MARGINAL + 0.5)
    assert found.marginal.tolist() == [name == "c" for name in TEXTS]
    assert found.left_out.tolist() == [name == "c" for name in TEXTS]


def test_a_marginal_mention_stands_last_and_says_so() -> None:
    profile = make_profile(topics=(PEARS,))
    scores = numbers(a=0.1, b=0.1, c=DUBIOUS, d=1.5)
    assert sections(profile, pears=scores)["Pears"][-1] == "c"
    (section,) = group(Matcher(PaperIndex(papers()), scores=lambda _: TopicScores(scores)), profile, frozenset(), TODAY)
    assert [is_because_of(item, ReasonKind.PASSING) for item in section.items] == [False, False, False, True]


def test_of_marginal_mentions_one_is_shown_and_the_furthest_are_left_out() -> None:
    profile = make_profile(topics=(PEARS,))
    assert sections(profile, pears=numbers(a=1, b=1, c=DUBIOUS, d=DUBIOUS + 0.08))["Pears"] == "abc"
    assert sections(profile, pears=numbers(a=1, b=1, c=LEFT_OUT - 0.3, d=LEFT_OUT - 0.4))["Pears"] == "ab"
    assert sections(profile, pears=numbers(c=LEFT_OUT - 0.3))["Pears"] == "abd"  # the place of d is not known


def test_of_marginal_mentions_those_by_keywords_are_shown() -> None:
    several = [
        make_paper(id=n, title=title, abstract=text, keywords=keywords, arxiv_id=f"2605.{n:05}", upvotes=None)
        for n, (title, text, keywords) in enumerate((
            ("On kettles", "Like pears.", ()),
            ("On cider", "Made of pears.", ()),
            ("On jam", "Of fruit.", ("pear",)),
            ("On tarts", "Of fruit.", ("pears",)),
            ("On salads", "Of fruit.", ("pear",)),
        ))
    ]  # fmt: skip
    scores = np.array([0.6, 0.55, 0.3, 0.25, 0.1], np.float32)
    matcher = Matcher(PaperIndex(several), scores=lambda _: TopicScores(scores))
    (section,) = group(matcher, make_profile(topics=(PEARS,)), frozenset(), TODAY)
    assert {item.paper.title for item in section.items} == {"On jam", "On tarts"}


def test_what_is_left_out_is_a_paper_of_no_topic() -> None:
    found = sections(make_profile(topics=(PEARS,), trending=9, max_papers=20), pears=numbers(a=1, b=1, c=1, d=-1))
    assert found["Pears"] == "abc"
    assert "d" in found[""]


#: A topic of many words, as those of a catalogue; none but one is in the papers.
FRUIT = " OR ".join(["pear", "quince", "medlar", "sloe", "damson", "bullace", "greengage", "mirabelle"])


def fruit(query: str, archive: int = 40) -> Closeness:
    """Return what follows from low scores of all papers, if a quarter of the archive, this many, is of pears."""
    index = PaperIndex(papers())
    titles = [f"Pears {number}" if number < archive else f"Kettles {number}" for number in range(4 * archive)]
    past = [make_paper(id=one, title=title, abstract="", arxiv_id=f"2604.{one:05}") for one, title in enumerate(titles)]
    low = TopicScores(np.zeros(len(index), np.float32))
    found = Matcher(index, Statistics(lambda: PaperIndex(past)), scores=lambda _: low).closeness(query)
    assert found
    return found


def test_a_title_far_from_a_topic_of_many_words_that_is_found_often_is_left_out() -> None:
    assert fruit(FRUIT).left_out.tolist() == [name in "abcd" for name in TEXTS]
    assert not fruit(FRUIT).marginal[:2].any()


@pytest.mark.parametrize("short", ["pear", FRUIT.removesuffix(" OR mirabelle")])
def test_a_title_far_from_a_topic_of_few_words_is_kept(short: str) -> None:
    assert fruit(short).left_out.tolist() == [name in "cd" for name in TEXTS]


def test_a_title_is_kept_where_few_papers_tell_what_the_topic_is_about() -> None:
    assert fruit(FRUIT, archive=19).left_out.tolist() == [name in "cd" for name in TEXTS]


def test_a_name_is_kept_however_far_from_the_topic() -> None:
    (author, *_) = papers()[0].authors
    assert fruit(f'author:"{author}" ({FRUIT})').left_out.tolist() == [name in "abcd" for name in TEXTS]
    assert not fruit(f'author:"{author}" OR {FRUIT}').left_out.any()


def test_what_one_topic_leaves_out_another_may_have() -> None:
    made = Topic("Made", "made^0.1")
    profile = make_profile(topics=(PEARS, made))
    scores = numbers(a=1, b=1, c=1, d=1)
    assert sections(profile, pears=scores) == {"Pears": "abcd"}
    assert sections(profile, pears=numbers(a=1, b=1, c=1, d=-1)) == {"Pears": "abc", "Made": "d"}


@pytest.mark.parametrize("query", ["cat:cs.CL OR pear", "author:Example OR pear"])
def test_a_paper_that_matches_by_a_name_or_code_as_well_is_not_marginal(query: str) -> None:
    index = PaperIndex([make_paper(title="On kettles", abstract="Shaped as pears are.", categories=("cs.CL",))])
    scores = TopicScores(np.zeros(1, np.float32))
    assert not closeness(index, parse(query), np.ones(1, np.bool_), scores, Weights()).marginal.any()
    assert closeness(index, parse("pear cat:cs.CL"), np.ones(1, np.bool_), scores, Weights()).marginal.all()


def test_an_early_mention_counts_more_than_a_late_one() -> None:
    rest = "Of kettles and of what is in them at noon. "
    index = PaperIndex(
        [
            make_paper(id=1, title="On kettles", abstract=f"Pears come first. {rest * 3}"),
            make_paper(id=2, title="On kettles", abstract=f"{rest * 3} Last come pears."),
        ]
    )
    scores = TopicScores(np.full(2, MARGINAL, np.float32))
    found = closeness(index, parse("pear"), np.ones(2, np.bool_), scores, Weights())
    assert found.marginal.tolist() == [False, True]
    assert found.order[0] > found.order[1]


def test_a_weight_of_zero_calls_marginal_in_words_only() -> None:
    profile = make_profile(topics=(PEARS,), ranking=(("marginal", 0.0), ("closeness", 0.0)))
    assert sections(profile, pears=numbers(a=0, b=0, c=1, d=DUBIOUS + 0.1))["Pears"] == "abcd"


# -- reach -----------------------------------------------------------------------------------------


def test_papers_without_the_words_are_near_from_a_score_on_the_nearest_first() -> None:
    found = close("pear", a=2, e=NEAR, f=NEAR - 0.01, g=1.1)
    assert [number for _, number in found.near] == [6, 4]


def test_papers_are_near_a_topic_of_many_words_if_its_model_is_surer() -> None:
    found = close(FRUIT, e=NEAR_OF_MANY, f=NEAR_OF_MANY - 0.01)
    assert [number for _, number in found.near] == [4]
    few = close(FRUIT.removesuffix(" OR mirabelle"), e=NEAR_OF_MANY, f=NEAR_OF_MANY - 0.01)
    assert [number for _, number in few.near] == [4, 5]


def test_of_several_words_a_paper_that_holds_some_is_nearer() -> None:
    found = close("copper trees", e=NEAR - 0.05, f=NEAR - 0.05, h=NEAR - 0.05, g=CLOSE - 0.01, a=NEAR + 0.01)
    assert sorted(number for _, number in found.near) == [4, 5, 7]  # "trees" or "copper"


def test_a_rarer_word_counts_more() -> None:
    index, node, scores = PaperIndex(papers()), parse("copper trees"), numbers(e=0.9, h=0.9)
    matches = Matcher(index).evaluate("copper trees").matches
    rarities = {"copper": 1.0, "trees": 0.2}
    found = closeness(index, node, matches, TopicScores(scores), Weights(), lambda term: rarities[term.text])
    assert [number for _, number in found.near] == [7]


@pytest.mark.parametrize(
    ("score", "apart", "is_near"),
    [
        (NAMED, APART, True),
        (NAMED - 0.01, APART, False),
        (9, APART - 0.01, False),
        (NAMED, None, False),
        (9, None, True),
    ],
)
def test_a_title_with_most_of_several_words_is_near_by_what_else_it_says(
    score: float, apart: float | None, is_near: bool
) -> None:
    index, node = PaperIndex(papers()), parse("grafting kettles")
    others = None if apart is None else numbers(f=apart)
    scores = TopicScores(numbers(f=score), others)
    found = closeness(index, node, Matcher(index).evaluate("grafting kettles").matches, scores, Weights())
    assert bool(found.near) == is_near
    assert found.named.any() == (is_near and apart is not None)


@pytest.mark.parametrize("query", ['"grafting kettles"', "title:(grafting kettles)", "grafting OR anvils", "grafted"])
def test_words_in_a_title_are_no_part_of_what_is_meant_exactly(query: str) -> None:
    index = PaperIndex(papers())
    scores = TopicScores(numbers(f=NAMED), numbers(f=1))
    assert not closeness(index, parse(query), np.zeros(len(TEXTS), np.bool_), scores, Weights()).near


def test_a_few_more_are_near_whose_title_holds_most_of_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    titles = [f"Kettles {n}" for n in range(6)] + [f"Spoons {n}" for n in range(6, 9)]
    index = PaperIndex([make_paper(id=n, title=title, abstract=f"Copper {n}") for n, title in enumerate(titles)])
    scores = TopicScores(np.full(9, 1.4, np.float32), np.ones(9, np.float32))
    profile = make_profile(topics=(Topic("Both", "kettles anvils"),), max_per_section=20)
    matcher = Matcher(index, scores=lambda _: scores)
    monkeypatch.setattr(Statistics, "rarity", lambda *_: 0.5)
    (section,) = group(matcher, profile, frozenset(), TODAY)
    assert sorted(item.paper.title.split()[0] for item in section.items) == ["Kettles"] * 4 + ["Spoons"] * 2


def test_a_section_has_at_most_two_of_them_above_what_is_marginal() -> None:
    scores = numbers(a=1, b=1, c=DUBIOUS, d=1, e=1.1, f=1.2, g=1.3)
    assert sections(make_profile(topics=(PEARS,)), pears=scores) == {"Pears": "abdGFc"}


def test_the_limits_of_a_profile_hold_and_what_is_marginal_goes_first() -> None:
    scores = numbers(a=1, b=1, c=DUBIOUS, d=1, e=0.8, g=1)
    assert sections(make_profile(topics=(PEARS,), max_per_section=4), pears=scores) == {"Pears": "abdG"}
    assert sections(make_profile(topics=(PEARS,), max_papers=2), pears=scores) == {"Pears": "ab"}


def test_a_profile_may_do_without_them() -> None:
    scores = numbers(a=1, b=1, c=DUBIOUS, d=1, g=1)
    assert sections(make_profile(topics=(PEARS,), near=False), pears=scores) == {"Pears": "abdc"}


def test_a_section_may_have_nothing_else() -> None:
    assert sections(make_profile(topics=(QUINCES,)), quinces=numbers(e=1)) == {"Quinces": "E"}


def test_a_paper_is_near_one_topic_only_the_nearest() -> None:
    profile = make_profile(topics=(PEARS, QUINCES))
    assert sections(profile, pears=numbers(e=1.1), quinces=numbers(e=1.2)) == {"Pears": "abcd", "Quinces": "E"}


def test_an_exclusion_always_wins() -> None:
    scores = numbers(f=1.4, g=1)
    pears = make_topic("Pears", ("pear",), ("survey",))
    assert sections(make_profile(topics=(pears,)), pears=scores) == {"Pears": "abcdG"}
    quinces = make_topic("Quinces", ("quince",), ("survey",))  # of another topic, too
    assert sections(make_profile(topics=(PEARS, quinces)), pears=scores) == {"Pears": "abcdG"}


def test_a_near_paper_is_shown_once() -> None:
    profile = make_profile(topics=(PEARS,), trending=5, max_per_section=8)
    found = sections(profile, pears=numbers(e=1))
    assert found["Pears"] == "abcdE"
    assert "e" not in found[""]


def test_a_paper_that_was_sent_before_is_not_near_again() -> None:
    scores = numbers(e=1)
    matcher = Matcher(PaperIndex(papers()), scores=lambda _: TopicScores(scores))
    (section,) = group(matcher, make_profile(topics=(PEARS,)), {4}, TODAY)
    assert len(section.items) == 4


def test_of_a_paper_alone_the_topic_it_is_near_to_is_known() -> None:
    alone = Matcher(PaperIndex(papers()[4:5]), scores=lambda _: TopicScores(np.ones(1, np.float32)))
    assert near_topic(alone, make_profile(topics=(PEARS, QUINCES))) == PEARS
    assert near_topic(alone, make_profile(topics=(PEARS,), near=False)) is None


def test_a_section_counts_the_near_papers_that_it_shows() -> None:
    scores = numbers(e=1, f=1, g=1)
    matcher = Matcher(PaperIndex(papers()), scores=lambda _: TopicScores(scores))
    (section,) = group(matcher, make_profile(topics=(PEARS,)), frozenset(), TODAY)
    assert isinstance(section, Section)
    assert section.matched == len(section.items) == 6
