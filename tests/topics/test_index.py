from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Paper
from newsletter.text.tokenizer import words
from newsletter.topics.index import Field, PaperIndex
from newsletter.topics.query import Term, parse, phrase
from tests.factories import make_paper


def strongest_field(query: str, **facts: object) -> Field | None:
    paper = make_paper(**({"title": "", "abstract": "", "authors": (), "sources": ()} | facts))
    term = (
        parse(query)
        if query.startswith(("title:", "author:", "org:", "cat:", "source:", "abstract:"))
        else phrase(query)
    )
    assert isinstance(term, Term)
    return PaperIndex([paper]).place(term, 0)


@pytest.mark.parametrize(
    ("keyword", "title"),
    [
        ("rag", "RAG for Pears"),
        ("RAG", "RAGs for Pears"),
        ("in-context learning", "Incontestable In Context Learning"),
        ("in context learning", "On In-Context-Learning"),
        ("agent", "Agents at Sea"),
        ("agents", "The Agent's Kettle"),
        ("GPU", "Ten GPUs"),
        ("policy", "Policies for Robots"),
        ("bias", "Biases in Kettles"),
        ("analyses", "An Analysis of Kettles"),
        ("Gödel", "A GÖDEL Machine"),
        ("学習", "文脈内学習の話"),
        ("3D", "Pears in 3d"),
        ("3D pears", "Three 3-D Pears"),
        ("3D pears", "3 D Pears"),
        ("4bit", "4 Bits of Pears"),
        ("H100 kettle", "An H-100 Kettle"),
    ],
)
def test_words_match_across_case_hyphens_and_plurals(keyword: str, title: str) -> None:
    assert strongest_field(keyword, title=title) is Field.TITLE


@pytest.mark.parametrize("typed", ["in-context", "in context", "incontext", "In-Context", "In\u2010context"])
@pytest.mark.parametrize("written", ["In-Context Cooking", "Cooking in context", "Incontext cooking"])
def test_hyphenated_open_and_closed_compounds_match_each_other(typed: str, written: str) -> None:
    assert strongest_field(typed, title=written) is Field.TITLE
    assert (
        strongest_field(f"{typed} cooking" if "ooking" in written[5:] else f"cooking {typed}", title=written)
        is Field.TITLE
    )


@pytest.mark.parametrize(
    ("keyword", "title"),
    [
        ("rag", "Fragments of Dragons"),
        ("RAG", "Mend a Rag"),
        ("RAG", "RAGE"),
        ("agent", "Reagents"),
        ("in-context learning", "Learning In Context"),
        ("in-context learning", "In Context: Deep Learning"),
        ("pear tree", "Tree Pear"),
        ("together", "To the Gether"),
        ("3D", "Rooms 3 D and E"),
    ],
)
def test_parts_of_words_and_scattered_phrases_do_not_match(keyword: str, title: str) -> None:
    assert strongest_field(keyword, title=title) is None


@pytest.mark.parametrize(
    ("query", "facts", "place"),
    [
        ("title:pear", {"title": "Pears"}, Field.TITLE),
        ("title:pear", {"abstract": "Pears"}, None),
        ("abstract:pear", {"title": "Pears", "abstract": "A pear."}, Field.ABSTRACT),
        ('author:"Ada Example"', {"authors": ("Ada Example",)}, Field.AUTHOR),
        ("author:example", {"authors": ("Ada Example",)}, Field.AUTHOR),
        ('author:"Example Ben"', {"authors": ("Ada Example", "Ben Sample")}, None),
        ("org:laboratory", {"organization": "The Cloud Laboratory"}, Field.ORG),
        ("cat:cs.CL", {"categories": ("cs.LG", "cs.CL")}, Field.CAT),
        ("cat:cs.*", {"categories": ("math.CO", "cs.CL")}, Field.CAT),
        ("cat:cs", {"categories": ("cs.CL",)}, None),
        ("source:arxiv", {"sources": ("arxiv",)}, Field.SOURCE),
        ("title:transf*", {"title": "Transformers"}, Field.TITLE),
        ("title:transf*", {"title": "A Form"}, None),
    ],
)
def test_a_term_with_a_field_matches_in_this_field_only(
    query: str, facts: dict[str, object], place: Field | None
) -> None:
    assert strongest_field(query, **facts) is place


def test_the_strongest_field_is_returned() -> None:
    assert strongest_field("pear", title="Pears", abstract="Of pears.", keywords=("pear",)) is Field.TITLE
    assert strongest_field("pear", title="Fruit", abstract="Of pears.", keywords=("pear",)) is Field.KEYWORDS
    assert strongest_field("pear", title="Fruit", abstract="Of pears.") is Field.ABSTRACT
    assert strongest_field("pear", authors=("Ann Pear",)) is None


def test_a_phrase_does_not_match_across_two_keywords() -> None:
    assert strongest_field("winter pear", keywords=("kettles in winter", "pear trees")) is None


def test_term_frequency_is_counted_by_field() -> None:
    index = PaperIndex([make_paper(title="Pears", abstract="Pears, a pear and pear-trees.")])
    counts = index.counts(phrase("pear"))[:, 0]
    assert (counts[Field.TITLE], counts[Field.ABSTRACT]) == (1, 3)


@pytest.mark.parametrize(
    ("title", "abstract", "counts"),
    [
        ("Planning agents", "Agents planning.", (0.5, 1)),
        ("Agents planning with agents that plan", "We plan for agents.", (1, 0.5)),
        ("Agents, which kettles do not know, never plan", "", (1 / 3, 0)),
        ("Agents at sea", "We plan a kettle that no crew of robots, ships or agents has seen.", (0, 0.25)),
        ("Robots at sea", "We plan a kettle that no crew of robots, ships or agents has seen.", (0, 0)),
        ("Agents at sea", "We plan a kettle that no crew of robots, ships, whales, gulls or other agents has.", (0, 0)),
        ("Agents at sea", "We plan.", (0, 0)),
    ],
)
def test_words_side_by_side_count_the_less_the_looser_they_stand(
    title: str, abstract: str, counts: tuple[float, float]
) -> None:
    index = PaperIndex([make_paper(title=title, abstract=abstract)])
    term = parse("agents planning")
    assert isinstance(term, Term)
    found = index.counts(term)[:, 0]
    assert (found[Field.TITLE], found[Field.ABSTRACT]) == pytest.approx(counts)
    assert (index.bits(term) == 1) is any(counts)


def test_in_an_abstract_alone_no_title_is_asked() -> None:
    abstract = "We plan a kettle that no crew of robots, ships or agents has seen."
    assert strongest_field("abstract:(agents planning)", title="Agents", abstract=abstract) is None


vocabulary = st.lists(st.sampled_from(["pear", "pears", "red", "wine", "Kettle", "a|b", "x"]), max_size=8)


@given(st.lists(vocabulary, max_size=5), vocabulary.filter(lambda typed: words(" ".join(typed)) != []))
def test_the_index_finds_what_a_linear_search_finds(titles: list[list[str]], typed: list[str]) -> None:
    papers: list[Paper] = [make_paper(id=n, title=" ".join(title), abstract="") for n, title in enumerate(titles)]
    phrase_words = words(" ".join(typed))

    def holds(title: list[str]) -> bool:
        text = words(" ".join(title))
        return any(text[start : start + len(phrase_words)] == phrase_words for start in range(len(text)))

    index, term = PaperIndex(papers), phrase(" ".join(typed))
    assert index.flags(index.bits(term)).tolist() == [holds(title) for title in titles]
    assert [index.place(term, number) is not None for number in range(len(papers))] == list(map(holds, titles))


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("pears", [0.0, 0.75, None]),
        ('"ripe pears"', [None, 0.5, None]),
        ("pears ripe", [0.5, 0.75, None]),  # where the last of them first comes, or the phrase
        ("title:pears", [None, None, None]),
        ("pear*", [None, None, None]),
    ],
)
def test_where_an_abstract_first_has_a_term(query: str, places: list[float | None]) -> None:
    texts = ["Pears hang, ripe ones", "In June ripe pears", ""]
    index = PaperIndex([make_paper(id=n, title="Pears", abstract=text) for n, text in enumerate(texts)])
    term = parse(query)
    assert isinstance(term, Term)
    assert [None if place != place else place for place in index.first(term).tolist()] == places  # noqa: PLR0124 - NaN
