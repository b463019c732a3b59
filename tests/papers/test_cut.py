"""Entries are cut to the limits, and only where they exceed them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsletter.limits import ABSTRACT_BYTES, AUTHORS, MEDIA, PAPER_URL, TAG, TITLE
from newsletter.papers.cut import cut_abstract, within_limits
from tests.factories import make_entry


def test_an_entry_within_the_limits_is_the_same_object() -> None:
    entry = make_entry(abstract="A sentence. " * 100)
    assert within_limits(entry) is entry


def test_an_abstract_is_cut_after_a_sentence() -> None:
    entry = within_limits(make_entry(abstract="One sentence of this text, e.g. a short one. " * 1000))
    assert 19_900 < len(entry.abstract) <= ABSTRACT_BYTES
    assert entry.abstract.endswith("a short one.")


def test_bytes_count_and_not_characters() -> None:
    text = "漢" * 7000
    assert len(within_limits(make_entry(abstract=text)).abstract.encode()) <= ABSTRACT_BYTES
    assert within_limits(make_entry(abstract="漢" * 6000)).abstract == "漢" * 6000


@given(st.text(alphabet="a. é漢\U0001f600\ud800", min_size=4900, max_size=6000).map(lambda text: text * 4))
def test_a_cut_abstract_is_a_beginning_of_it_that_fits(text: str) -> None:
    cut = cut_abstract(text)
    assert len(cut.encode("utf-8", "replace")) <= ABSTRACT_BYTES
    assert text.replace("\ud800", "?").startswith(cut)


def test_lines_lists_and_links_are_cut_or_dropped() -> None:
    entry = within_limits(
        make_entry(
            title="t" * 2000, authors=tuple(f"A{number}" for number in range(6000)), keywords=("k" * 500,),
            url="https://example.org/" + "x" * PAPER_URL, submitter="s" * 200,
            media_urls=("https://example.org/" + "x" * PAPER_URL, *(f"https://example.org/{n}" for n in range(99))),
        )
    )  # fmt: skip
    assert (len(entry.title), len(entry.authors), entry.author_count) == (TITLE, AUTHORS, 6000)
    assert (entry.keywords, entry.url, entry.submitter) == (("k" * TAG,), None, None)
    assert entry.media_urls == tuple(f"https://example.org/{n}" for n in range(MEDIA))
