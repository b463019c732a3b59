from __future__ import annotations

import pytest

from newsletter.models import Paper
from newsletter.rendering.context import byline
from newsletter.rendering.links import paper_links, paper_url
from tests.factories import make_paper


@pytest.mark.parametrize(
    ("paper", "expected"),
    [
        (make_paper(authors=("A", "B")), "A, B"),
        (make_paper(authors=("A", "B", "C", "D", "E")), "A, B, C and 2 more"),
        (make_paper(authors=("A", "B", "C", "D"), author_count=64), "A, B, C and 61 more"),
        (make_paper(authors=("A",), author_count=1, organization="Pear Lab"), "A (Pear Lab)"),
        (make_paper(authors=("Jos\\'e",), author_count=1), "José"),
        (make_paper(authors=("A",), author_count=5), "A and 4 more"),
        (make_paper(authors=(), author_count=1), "1 author"),
        (make_paper(authors=(), author_count=7, organization="Pear Lab"), "Pear Lab"),
        (make_paper(authors=(), author_count=None), ""),
    ],
)
def test_a_byline_says_what_is_known(paper: Paper, expected: str) -> None:
    assert byline(paper) == expected


def test_a_paper_is_linked_to_its_own_page_or_to_a_search_for_its_title() -> None:
    assert paper_url(make_paper(arxiv_id="math/0601001")) == "https://arxiv.org/abs/math/0601001"
    assert paper_url(make_paper(arxiv_id=None, doi="10.1000/a<b>")) == "https://doi.org/10.1000/a%3Cb%3E"
    assert (
        paper_url(make_paper(arxiv_id=None, title="Pears & Kin?")) == "https://huggingface.co/papers?q=Pears+%26+Kin%3F"
    )


def test_all_there_is_about_a_paper_is_linked() -> None:
    paper = make_paper(arxiv_id="2605.00001", code_url="https://x.example/c", project_url="https://x.example/p")

    assert paper_links(paper) == (
        ("arXiv", "https://arxiv.org/abs/2605.00001"),
        ("PDF", "https://arxiv.org/pdf/2605.00001"),
        ("Discussion", "https://huggingface.co/papers/2605.00001"),
        ("Code", "https://x.example/c"),
        ("Project", "https://x.example/p"),
    )
    assert [label for label, _ in paper_links(make_paper(arxiv_id=None, doi="10.1/x"))] == ["Publisher"]
    assert [label for label, _ in paper_links(make_paper(arxiv_id=None))] == ["Search Hugging Face"]
