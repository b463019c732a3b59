"""Feedback goes out as one cell and comes back equal, whether or not its papers are in the store."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ProfileError
from newsletter.limits import ABSTRACT_BYTES, TITLE
from newsletter.models import Entry, Example
from newsletter.store import Store
from newsletter.store.feedback import GivenFeedback
from newsletter.subscribers.feedback_cell import feedback_cell, read_feedback, store_feedback
from tests.factories import NOW, make_entry, make_profile

_texts = st.text(st.characters(codec="utf-8"), max_size=20)
_given = st.builds(
    GivenFeedback,
    st.builds(Example, st.text(st.characters(codec="utf-8"), min_size=1, max_size=20), _texts, _texts, st.booleans()),
    st.integers(0, 400).map(lambda days: (NOW - timedelta(days=days)).isoformat()),
)


@given(rows=st.lists(_given, max_size=4))
def test_a_cell_is_read_back(rows: list[GivenFeedback]) -> None:
    cell = feedback_cell(rows)
    assert "\n" not in cell
    assert (read_feedback(cell, NOW) if cell else []) == rows


@pytest.mark.parametrize(
    "cell",
    ["x", "{}", "[1]", "[{}]", '[{"paper": "", "more": true}]', '[{"paper": 1, "more": true}]', "[" * 100_000,
     '[{"paper": "\\ud800", "more": true}]', '[{"paper": "arxiv:1", "more": true, "title": "\\ud800"}]',
     '[{"paper": "' + "x" * 2000 + '", "more": true}]', '[{"paper": "arxiv:1", "more": 1}]',
     '[{"paper": "arxiv:1", "more": true, "at": "soon"}]'],
)  # fmt: skip
def test_another_cell_is_refused(cell: str) -> None:
    with pytest.raises(ProfileError, match="feedback"):
        read_feedback(cell, NOW)


@pytest.mark.parametrize("entry", [make_entry(), Entry(source="file", title="Without identifiers", authors=("Ada B",))])
def test_feedback_finds_the_paper_where_it_is_in_the_store(store: Store, entry: Entry) -> None:
    store.papers.add(entry, NOW)
    (paper,) = store.papers.newest(1)
    ada = store.subscribers.add("ada@example.org", "", make_profile(), "cli", NOW)
    rows = [GivenFeedback(Example(paper.key, "T", "A", liked=True), NOW.isoformat())]
    store_feedback(store, ada.id, [*rows, GivenFeedback(Example("doi:10.1/x", "X", "", liked=False), NOW.isoformat())])
    assert store.feedback.of(ada.id) == {paper.id: True}
    assert [one.key for one in store.feedback.examples(ada.id)] == ["doi:10.1/x"]


def test_title_and_abstract_are_cut_as_those_of_other_papers() -> None:
    long = [{"paper": "arxiv:1", "more": True, "title": "x" * 5000, "abstract": "One word more. " * 5000}]
    (read,) = read_feedback(json.dumps(long), NOW)
    assert len(read.example.title) == TITLE
    assert len(read.example.abstract) <= ABSTRACT_BYTES
