"""Papers as files for reference managers: our own readers read back what is written."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Entry, Paper, PartialDate
from newsletter.rendering.citations import FORMATS, write_papers
from newsletter.sources import Document
from newsletter.sources.file import File
from newsletter.text import squeeze
from tests.factories import TODAY, make_paper

PAPER = make_paper(
    title="Counting 100% of Clouds & More: the C# {Story}",
    authors=("Ada Example", "Ilse van der Berg", "Research and Development Group"),
    venue="Journal of R&D", doi="10.1000/a_b(c)", published=date(2026, 5, 6), keywords=("clouds", "small models"),
    categories=("cs.CL",), abstract="We count $5 worth of clouds_ in 2 days.",
)  # fmt: skip


def written(papers: list[Paper], suffix: str) -> str:
    return write_papers(papers, suffix, lambda paper: f"https://papers.example/papers/{paper.key}")


def read_back(text: str, suffix: str) -> list[Entry]:
    entries = list(File().parse(Document(f"papers.{suffix}", text.encode()), TODAY))
    assert all(isinstance(entry, Entry) for entry in entries), entries
    return entries  # type: ignore[return-value]


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_is_written_is_read_back(suffix: str) -> None:
    other = make_paper(id=2, key="", title="Clouds Again", arxiv_id=None, doi="10.1000/x", authors=("Ben Sample",))
    entries = read_back(written([PAPER, other], suffix), suffix)
    assert [entry.title for entry in entries] == [PAPER.title, "Clouds Again"]
    first = entries[0]
    assert (first.arxiv_id, first.doi, first.venue) == ("2605.01234", "10.1000/a_b(c)", "Journal of R&D")
    assert first.abstract == PAPER.abstract
    assert first.authors == PAPER.authors
    assert first.published in (date(2026, 5, 6), PartialDate(2026, 5))


@pytest.mark.parametrize("suffix", FORMATS)
@given(title=st.text(min_size=1, max_size=40), name=st.text(max_size=20), stars=st.integers(0, 10**6))
def test_any_text_can_be_written(suffix: str, title: str, name: str, stars: int) -> None:
    paper = make_paper(
        title=squeeze(title) or "x", abstract=squeeze(title), authors=(squeeze(name) or "A",), code_stars=stars
    )
    text = written([paper, replace(paper, id=2)], suffix)
    text.encode()
    if suffix == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [row["title"].removeprefix("'") for row in rows] == [paper.title.removeprefix("'")] * 2
    if suffix == "json":
        assert json.loads(text)[1]["title"] == paper.title
    if suffix == "ris":
        assert text.count("\r\nER  - \r\n") == 2
    if suffix == "bib":
        assert len({line for line in text.splitlines() if line.startswith("@")}) == 2, "each has a key of its own"


def test_a_bibtex_entry_reads_well() -> None:
    entry = written([make_paper(published=PartialDate(2026))], "bib")
    assert entry.startswith("@misc{example2026counting,\n  title = {{Counting Clouds with Small Language Models}},\n")
    assert "  author = {Ada Example and Ben Sample},\n  year = {2026},\n  eprint = {2605.01234}" in entry
    assert "month" not in entry


def test_a_cell_is_no_formula() -> None:
    (row,) = csv.DictReader(io.StringIO(written([make_paper(title="=HYPERLINK(1)")], "csv")))
    assert row["title"] == "'=HYPERLINK(1)"


def test_a_list_of_no_papers_is_a_valid_file() -> None:
    assert json.loads(written([], "json")) == []
    assert list(csv.DictReader(io.StringIO(written([], "csv")))) == []
    assert written([], "bib") == written([], "ris") == ""
