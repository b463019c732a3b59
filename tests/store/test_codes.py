"""Categories and sources: a query for rare ones is answered by an index."""

from __future__ import annotations

import pytest

from newsletter.store import Store, codes
from newsletter.store.codes import codes_in, holders
from newsletter.topics.query import parse
from tests.factories import NOW, make_entry


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("cat:cs.CL", ["cs.CL"]),
        ("cat:cs.CL^2", ["cs.CL"]),
        ("cat:cs.CL clouds", ["cs.CL"]),
        ("(cat:cs.CL OR source:arxiv) cat:hep-th", ["hep-th"]),
        ("cat:cs.CL OR source:arxiv", ["cs.CL", "arxiv"]),
        ("cat:cs.CL OR clouds", []),
        ("clouds -cat:cs.CL", []),
        ("cat:é", []),
    ],
)
def test_codes_of_which_every_paper_that_matches_holds_one(query: str, found: list[str]) -> None:
    assert [term.text for term in codes_in(parse(query))] == found


@pytest.mark.parametrize("few", [0, 5000])
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("cat:CS.cl", {"Pears", "Plums"}),
        ("cat:cs.*", {"Pears", "Plums", "Quinces"}),
        ("cat:hep-th OR cat:cs.RO", {"Apples", "Quinces"}),
        ("cat:cs", set()),
        ("source:arxiv cat:hep-th", {"Apples"}),
        ("cat:cs.* -cat:cs.CL", {"Quinces"}),
        (r"cat:cs_cl", set()),
    ],
)
def test_rare_and_frequent_codes_find_the_same(
    query: str, found: set[str], few: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "_FEW", few)
    papers = {"Pears": ("cs.CL", "stat.ML"), "Apples": ("hep-th",), "Plums": ("cs.CL",), "Quinces": ("cs.RO",)}
    for number, (title, categories) in enumerate(papers.items()):
        entry = make_entry(title=title, categories=categories, arxiv_id=f"2605.1000{number}", source="arxiv")
        store.papers.add(entry, NOW)
    assert {hit.paper.title for hit in store.archive.search(parse(query)).hits} == found
    assert (holders(store._db, codes_in(parse("cat:cs.*"))) is None) is (few == 0)
