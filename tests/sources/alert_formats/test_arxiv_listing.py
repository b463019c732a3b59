from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Entry, Refusal
from newsletter.sources.alert_formats.arxiv_listing import entries, is_listing
from newsletter.sources.alert_formats.message import AlertMail
from tests.sources.alert_formats import mails


def parse(text: str) -> list[Entry | Refusal]:
    return list(entries(AlertMail("", "", "", text=text)))


def test_new_papers_and_cross_lists_are_read_and_new_versions_are_not() -> None:
    assert parse(mails.ARXIV_TEXT) == [
        Entry(
            source="alerts", title="Counting Clouds at p < 0.05 with Small Language Models",
            abstract="We teach a small language model to count clouds. It counts well on clear days.",
            authors=("Ada Example", "Benoît Sample", "The Cloud Team"), arxiv_id="2605.01234", doi="10.1000/clouds",
            published=date(2026, 5, 7), categories=("cs.CL", "cs.LG"),
        ),
        Entry(
            source="alerts", title="Kettles – That Know", abstract="Kettles know.", authors=("Cy Specimen",),
            arxiv_id="2605.04321", published=date(2026, 5, 8), categories=("cs.RO",),
        ),
        Entry(
            source="alerts", title="On Spoons", abstract="They stir.", authors=("Dee Doe",), arxiv_id="2605.00007",
            published=date(2026, 5, 7), categories=("physics.soc-ph", "cs.CL"),
        ),
    ]  # fmt: skip


def test_what_lacks_its_id_or_title_is_refused() -> None:
    text = mails.ARXIV_TEXT.replace("arXiv:2605.04321", "arXiv:soon").replace("Title: On Spoons", "Subject: On Spoons")
    assert parse(text)[1:] == [Refusal("entry 2", "no arXiv id"), Refusal("entry 3", "no title")]


def test_old_ids_and_a_paper_without_an_abstract_are_read() -> None:
    text = "\\\\\nPaper (*cross-listing*): gr-qc/9401026\nDate: Tue, 25 Jan 1994 19:21:39 GMT   (9kb)\n\n"
    text += "Title: On Clouds\n"
    assert parse(text) == [
        Entry(source="alerts", title="On Clouds", arxiv_id="gr-qc/9401026", published=date(1994, 1, 25))
    ]


def test_a_listing_is_known_by_its_form() -> None:
    assert is_listing(AlertMail("", "", "", text=mails.ARXIV_TEXT))
    assert not is_listing(AlertMail("", "", "", text="Your subscription to cs has begun. See arXiv:2605.01234"))


@given(st.lists(st.sampled_from(mails.ARXIV_TEXT.splitlines(keepends=True))))
def test_lines_in_any_order_are_entries_or_refusals(lines: list[str]) -> None:
    assert all(isinstance(one, Entry | Refusal) for one in parse("".join(lines)))
