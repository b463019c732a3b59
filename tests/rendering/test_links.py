from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.rendering.links import paper_links, paper_url
from newsletter.text import squeeze
from tests.factories import make_paper

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).map(squeeze).filter(bool)


def test_a_paper_of_arxiv_is_linked_there_whatever_else_is_known() -> None:
    assert paper_url(make_paper(arxiv_id="2605.00001", doi="10.1000/pears")) == "https://arxiv.org/abs/2605.00001"
    assert paper_url(make_paper(arxiv_id=None, doi="10.1000/pears")) == "https://doi.org/10.1000/pears"


def test_a_discussion_is_linked_only_where_there_is_one() -> None:
    links = dict(paper_links(make_paper(arxiv_id="2605.00001", sources=("arxiv",))))

    assert links == {"arXiv": "https://arxiv.org/abs/2605.00001", "PDF": "https://arxiv.org/pdf/2605.00001"}


@pytest.mark.parametrize(
    "ids", [{"arxiv_id": "2605.00001"}, {"arxiv_id": None, "doi": "10.1000/pears"}, {"arxiv_id": None}]
)
def test_the_first_link_is_the_papers_own_address(ids: dict[str, str | None]) -> None:
    paper = make_paper(**ids, code_url="https://x.example/c", project_url="https://x.example/p")

    assert paper_links(paper)[0][1] == paper_url(paper)
    assert [label for label, _ in paper_links(paper)][-2:] == ["Code", "Project"]


@given(title=texts)
@settings(max_examples=100)
def test_a_search_is_for_the_whole_title_and_for_nothing_else(title: str) -> None:
    url = paper_url(make_paper(arxiv_id=None, title=title))

    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == ("https", "huggingface.co", "/papers", "")
    assert parse_qs(parts.query) == {"q": [title]}
    assert re.fullmatch(r"[\w.~:/?=%+-]+", url, re.ASCII)


@given(doi=texts)
@settings(max_examples=100)
def test_a_doi_stays_one_path_of_its_resolver(doi: str) -> None:
    url = paper_url(make_paper(arxiv_id=None, doi=doi))

    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "doi.org", "", "")
    assert unquote(parts.path) == f"/{doi}"
    assert re.fullmatch(r"[\w.~:/%-]+", url, re.ASCII)
