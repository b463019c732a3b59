"""The matcher and the store's search against a reference that is slow and plain."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Paper
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from newsletter.store import Store
from newsletter.topics.evaluation import matching, terms_found, terms_held, those_matching
from newsletter.topics.query import All, Any, Boost, Node, Not, Term, format_query, parse, wanted_terms
from tests.examples import examples
from tests.factories import NOW, make_entry, make_paper
from tests.topics.reference import holds

WORDS = (
    "multi-agent", "multiagent", "multi", "agent", "agents", "RAG", "rag", "RAGs", "plan", "planning", "planned",
    "to-code", "to", "code", "coding", "text-to-code", "speech", "speeches", "C++", "C", "GPT-4", "GPT4",
    "GPT-4o", "naïve", "naive", "Müller", "大语言模型", "语言", "system", "systems", "in-context", "context", "in",
    "k-NN", "kNN", "newsletter", "news-letter", "of", "forget", "for", "get", "SYSTEM",
    "LORA", "LoRA", "lora", "MoEs", "MOE", "colour", "colors", "colouring", "optimise", "optimised", "optimizer",
    "4bit", "4-bit", "4", "bits", "3D", "3-D", "D", "adhoc", "ad", "hoc", "ad-hoc", "WIFI", "Wi-Fi", "WiFi", "Wi", "Fi",
    "UNet", "U-Nets", "UNET", "YOLO", "YOLOv8", "YOLO-v8", "v8", "DeepSeek-R1", "DeepSeekR1", "DeepSeek", "R1",
    "TNF-α", "TNFalpha", "α", "alpha", "trees", "tree", "timeseries", "time", "series", "meta-analyses", "metaanalysis",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from((*WORDS, "far from all the others")), max_size=9).map(" ".join)
TYPED = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
#: Makes a term; of a tuple, `builds` would choose what is left out, too.
MADE = partial(Term)
FIELDS = st.none() | st.sampled_from(["title", "abstract", "keyword"])
TERMS = st.one_of(
    st.builds(MADE, TYPED, FIELDS),
    st.builds(MADE, TYPED.filter(lambda text: " " in text), FIELDS, is_near=st.just(value=True)),
    st.builds(MADE, st.sampled_from(["multi", "sp", "ag", "colou", "optimis"]), FIELDS, is_prefix=st.just(value=True)),
    st.builds(MADE, st.sampled_from(["muller", "Müller A"]), st.just("author")),
    st.builds(MADE, st.sampled_from(["q-bio.", "CS."]), st.just("cat"), is_prefix=st.just(value=True)),
)
NODES: st.SearchStrategy[Node] = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Any(tuple(parts))),
        st.builds(Not, inner),
        st.builds(Boost, inner, st.just(2.0)),
    ),
    max_leaves=4,
).filter(lambda node: any(True for _ in wanted_terms(node)))
PAPERS = st.lists(
    st.fixed_dictionaries({
        "title": TEXTS.map(lambda text: text or "Untitled"),
        "abstract": TEXTS,
        "keywords": st.lists(TYPED, max_size=2).map(tuple),
        "authors": st.sampled_from([("Anna Müller",), ("A Muller", "A Mueller"), ()]),
        "categories": st.sampled_from([("q-bio.NC",), ("cs.CL", "q-bio"), ()]),
    }),
    max_size=5,
)  # fmt: skip


def stored(store: Store, papers: list[dict[str, object]]) -> list[Paper]:
    with store.transaction():
        store.papers._db.execute("DELETE FROM papers")  # the example before
        entries = (make_entry(arxiv_id=f"2605.{number:05}", **facts) for number, facts in enumerate(papers))
        store.papers.add_all(entries, NOW)
    return list(store.papers.get_many(range(1000)).values())


@given(NODES, PAPERS)
@examples(3)
def test_matcher_and_search_find_what_the_reference_finds(
    store: Store, node: Node, facts: list[dict[str, object]]
) -> None:
    papers = stored(store, facts)
    query = parse(format_query(node))
    wanted = {paper.id for paper in papers if holds(query, paper)}
    matcher = Matcher(PaperIndex(papers))
    assert {papers[n].id for n in matcher.evaluate(format_query(node)).matches.nonzero()[0]} == wanted
    found = store.archive.search(query, limit=100)
    assert ({hit.paper.id for hit in found.hits}, found.total) == (wanted, len(found.hits))


@given(NODES, PAPERS)
@examples(3)
def test_a_paper_matches_or_not_whatever_others_there_are(node: Node, facts: list[dict[str, object]]) -> None:
    papers = [make_paper(id=number, arxiv_id=f"2605.{number:05}", **one) for number, one in enumerate(facts)]
    together = [paper.id for paper in those_matching(papers, node)]
    assert together == [paper.id for paper in papers if matching(PaperIndex([paper]), node)[0]]


@pytest.mark.parametrize(
    ("query", "title", "held"),
    [
        ("(pear AND quince) OR kettle", "A pear and a kettle", ["kettle"]),
        ("(pear AND quince) OR kettle", "A pear, a quince", ["pear", "quince"]),
        ("kettle^2 OR (pear -quince)", "A pear, a quince, a kettle", ["kettle"]),
        ("((pear AND quince) OR plum) AND kettle", "A pear, a plum, a kettle", ["plum", "kettle"]),
        ("(pear AND quince) OR kettle", "Nothing", []),
    ],
)
def test_the_terms_of_an_and_that_does_not_hold_are_not_held(query: str, title: str, held: list[str]) -> None:
    assert [term.text for term in terms_held(parse(query), make_paper(title=title, abstract=""))] == held


@given(NODES, PAPERS)
@examples(2)
def test_a_paper_is_found_by_terms_that_it_holds(node: Node, facts: list[dict[str, object]]) -> None:
    papers = [make_paper(id=number, arxiv_id=f"2605.{number:05}", **one) for number, one in enumerate(facts)]
    index = PaperIndex(papers)
    matches, _ = matching(index, node)
    for number, paper in enumerate(papers):
        found = terms_found(index, node, number)
        assert (found is not None) == bool(matches >> number & 1)
        assert all(holds(term, paper) for term, _ in found or ())
        if found:
            shown = {term for term in terms_held(node, paper) if holds(term, paper)}
            assert shown == {term for term, _ in found}


def test_a_long_phrase_with_many_compounds_finds_the_same_papers_whatever_others_there_are() -> None:
    typed = " ".join(["multi agent"] * 7)
    joined_once = make_paper(id=1, title=typed.replace("multi agent", "multiagent", 1), arxiv_id="2605.00001")
    assert those_matching([joined_once], parse(f'"{typed}"')) == [joined_once]
    others = [
        make_paper(id=2 + number, title=title, arxiv_id=f"2605.0001{number}")
        for number, title in enumerate(
            ("agentmulti", "multiagentmulti agentmultiagent", "mul ti agen t", "ult imult i")
        )
    ]
    assert those_matching([joined_once, *others], parse(f'"{typed}"')) == [joined_once]
