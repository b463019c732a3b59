"""Papers ⇄ rows: both ways of writing a row agree, and what is written is read back."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given

from newsletter.models import Entry, Paper
from newsletter.papers.merge import begin
from newsletter.store.paper_rows import new_row, paper_of, row_of
from tests.factories import NOW
from tests.papers.test_merge import ENTRIES


@given(ENTRIES)
def test_the_row_of_a_new_entry_is_that_of_its_paper(entry: Entry) -> None:
    assert new_row(entry, 7, NOW.isoformat()) == [7, *row_of(begin(entry, 7, NOW))]


@given(ENTRIES)
def test_a_row_is_read_back_as_the_paper_it_was_written_from(entry: Entry) -> None:
    paper = begin(entry, 7, NOW)
    values = row_of(paper)
    values.insert([field.name for field in fields(Paper)].index("id"), paper.id)
    assert paper_of(tuple(values)) == paper
