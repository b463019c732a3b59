from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.links import paper_links, paper_url
from newsletter.text import squeeze
from tests.factories import make_paper

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).map(squeeze).filter(bool)


def test_arxiv_is_preferred_to_the_doi() -> None:
    assert paper_url(make_paper(arxiv_id="2605.00001", doi="10.1000/pears")) == "https://arxiv.org/abs/2605.00001"
    assert paper_url(make_paper(arxiv_id=None, doi="10.1000/pears")) == "https://doi.org/10.1000/pears"


def test_the_discussion_is_linked_only_if_the_paper_has_one() -> None:
    links = dict(paper_links(make_paper(arxiv_id="2605.00001", sources=("arxiv",))))

    assert links == {"arXiv": "https://arxiv.org/abs/2605.00001", "PDF": "https://arxiv.org/pdf/2605.00001"}


def test_urls_are_quoted() -> None:
    assert paper_url(make_paper(arxiv_id="math/0601001")) == "https://arxiv.org/abs/math/0601001"
    assert paper_url(make_paper(arxiv_id=None, doi="10.1000/a<b>")) == "https://doi.org/10.1000/a%3Cb%3E"
    assert (
        paper_url(make_paper(arxiv_id=None, title="Pears & Kin?")) == "https://huggingface.co/papers?q=Pears+%26+Kin%3F"
    )


def test_all_known_links_are_listed() -> None:
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


@pytest.mark.parametrize(
    "ids", [{"arxiv_id": "2605.00001"}, {"arxiv_id": None, "doi": "10.1000/pears"}, {"arxiv_id": None}]
)
def test_the_first_link_is_the_papers_url(ids: dict[str, str | None]) -> None:
    paper = make_paper(**ids, code_url="https://x.example/c", project_url="https://x.example/p")

    assert paper_links(paper)[0][1] == paper_url(paper)
    assert [label for label, _ in paper_links(paper)][-2:] == ["Code", "Project"]


@given(title=texts)
def test_a_search_quotes_the_whole_title(title: str) -> None:
    url = paper_url(make_paper(arxiv_id=None, title=title))

    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == ("https", "huggingface.co", "/papers", "")
    assert parse_qs(parts.query) == {"q": [title]}
    assert re.fullmatch(r"[\w.~:/?=%+-]+", url, re.ASCII)


@given(doi=texts)
def test_a_doi_is_quoted_as_the_path_of_its_url(doi: str) -> None:
    url = paper_url(make_paper(arxiv_id=None, doi=doi))

    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "doi.org", "", "")
    assert unquote(parts.path) == f"/{doi}"
    assert re.fullmatch(r"[\w.~:/%-]+", url, re.ASCII)
