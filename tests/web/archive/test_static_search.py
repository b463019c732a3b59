"""Search without a server: the index is bounded, and no text breaks it. The script is tested in a browser."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from newsletter.text import squeeze
from newsletter.web.app import make_archive
from newsletter.web.archive.static_search import index_of
from tests.factories import make_paper
from tests.web.live_site import SITE_URL, LiveSite


def rows_of(index: str) -> list[list[object]]:
    assert index.startswith("var paperIndex = [")
    rows: list[list[object]] = json.loads(index.removeprefix("var paperIndex = ").removesuffix(";\n"))
    return rows


def test_the_export_has_a_search_page_and_its_index(live: LiveSite) -> None:
    client = TestClient(make_archive(live.config, lambda: live.now), base_url=SITE_URL)
    page = client.get("/search").text
    assert "Hugging Face" in page
    assert "<noscript>" in page
    for path in ("/search-index.js", "/static_search.js"):
        assert f'src="{path}" defer' in page
        assert client.get(path).headers["content-type"].startswith("text/javascript")
    rows = rows_of(client.get("/search-index.js").text)
    assert len(rows) == 36
    assert "arxiv:2605.99001" in [row[0] for row in rows]
    assert live.client.get("/search-index.js").status_code == 404, "a site with a server searches there"


def test_the_oldest_papers_are_left_out_of_a_large_index() -> None:
    papers = [make_paper(id=number, title=f"Paper {number}") for number in range(200)]
    index = index_of(papers, 10_000)
    assert 9_000 < len(index.encode()) < 10_100
    assert [row[1] for row in rows_of(index)] == [f"Paper {number}" for number in range(len(rows_of(index)))]
    assert rows_of(index_of([])) == []


def test_a_row_has_what_is_shown_and_searched() -> None:
    paper = make_paper(
        authors=tuple(f"Author {number}" for number in range(10)), code_url="https://code.example/x",
        organization="Lab", categories=("cs.CL",), summary="Models count.",
    )  # fmt: skip
    ((key, title, authors, day, upvotes, stars, sources, others, finding),) = rows_of(index_of([paper]))
    assert (key, title, day, upvotes, stars) == ("arxiv:2605.01234", paper.title, "2026-05-08", 12, 1)
    assert str(authors).endswith("Author 7 +2")
    assert (sources, others, finding) == ("huggingface", "Lab cs.CL", "Models count.")


@given(st.text(max_size=60))
def test_no_text_breaks_the_index(text: str) -> None:
    index = index_of([make_paper(title=squeeze(text) or "x", abstract=squeeze(text), authors=(text,))])
    assert "</" not in index
    assert len(index.splitlines()) >= 3
    assert rows_of(index)[0][1] == (squeeze(text) or "x").replace("\u2028", " ").replace("\u2029", " ")
