"""OpenAlex's pitfalls; its plain facts are in test_apis.py, and how any source is served in test_every_source.py."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.openalex import OpenAlex
from tests.factories import TODAY


def parse(content: Any) -> list[Entry | Refusal]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(OpenAlex().parse(Document("saved.json", body), TODAY))


def only(**facts: Any) -> Entry:
    """The one entry of an answer with one work."""
    (entry,) = parse({"results": [{"title": "Counting Clouds", **facts}]})
    assert isinstance(entry, Entry)
    return entry


# -- abstracts ----------------------------------------------------------------------------------------


def index_of(text: str) -> dict[str, list[int]]:
    """The inverted index of a text, as OpenAlex makes it."""
    index: dict[str, list[int]] = {}
    for position, word in enumerate(text.split()):
        index.setdefault(word, []).append(position)
    return index


@given(st.lists(st.sampled_from(["we", "count", "clouds", "and", "kettles."]), max_size=30))
def test_an_abstract_is_put_together_as_it_was(words: list[str]) -> None:
    assert only(abstract_inverted_index=index_of(" ".join(words))).abstract == " ".join(words)


@pytest.mark.parametrize(
    ("index", "abstract"),
    [
        (None, ""),
        ([], ""),
        ({"clouds": 1}, ""),
        ({"clouds": ["1", None, 1.5]}, ""),
        ({"clouds": [10**30], "count": [-5]}, "count clouds"),
        ({"far": [2_000_000_000], "near": [0]}, "near far"),  # no room is made for what lies between
    ],
)
def test_an_odd_index_breaks_nothing(index: Any, abstract: str) -> None:
    assert only(abstract_inverted_index=index).abstract == abstract


def test_an_endless_abstract_is_cut() -> None:
    assert len(only(abstract_inverted_index={"x": list(range(50_000))}).abstract.split()) == 5_000


# -- what is a work -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["A", "S", "I", "T", "C", "F", "P"])
def test_authors_and_sources_with_their_names_are_no_papers(kind: str) -> None:
    identity = f"https://openalex.org/{kind}5023888391"
    told = parse({"results": [{"id": identity, "display_name": "Ada Example"}]})
    assert told == [Refusal("saved.json, entry 1", f"not a work (its id is {identity})")]


@pytest.mark.parametrize("identity", ["https://openalex.org/W2741809807", "W2741809807", None, 5])
def test_works_are_papers_whatever_their_id(identity: Any) -> None:
    assert only(id=identity).title == "Counting Clouds"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<html></html>", "not JSON"),
        ([], "not an answer of OpenAlex"),
        ({}, "no works of OpenAlex's"),
        ({"results": None}, "no works of OpenAlex's"),
        ({"id": "https://openalex.org/A1", "display_name": "Ada Example"}, "no works of OpenAlex's"),
        ({"error": "Rate limit exceeded"}, "OpenAlex answers: Rate limit exceeded"),
    ],
)
def test_what_is_not_works_is_one_error(content: Any, why: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(content)
    assert str(caught.value).startswith(f"saved.json: {why}")


# -- facts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "identity"),
    [
        ({"doi": "https://doi.org/10.48550/arxiv.2605.01234"}, "2605.01234"),
        ({"locations": [{"landing_page_url": "http://arxiv.org/abs/2605.01234v2"}]}, "2605.01234"),
        ({"locations": [{"pdf_url": "https://arxiv.org/pdf/math/0601001"}]}, "math/0601001"),
        ({"locations": [None, 5, {"landing_page_url": 7, "pdf_url": "https://clouds.example/2605.01234"}]}, None),
        ({"locations": {"landing_page_url": "https://arxiv.org/abs/2605.01234"}}, None),
    ],
)
def test_an_arxiv_id_is_found_wherever_the_work_can_be_read(facts: dict[str, Any], identity: str | None) -> None:
    assert only(**facts).arxiv_id == identity


def test_markup_in_a_title_is_read() -> None:
    assert only(title="<i>Clouds</i> of H<sub>2</sub>O &amp; kettles").title == "Clouds of H₂O & kettles"


def test_a_name_stands_in_for_a_missing_title() -> None:
    assert only(title=None, display_name="Clouds").title == "Clouds"


WORK: dict[str, Any] = {
    "title": "Clouds", "authorships": [], "primary_location": {}, "locations": [], "topics": [], "keywords": [],
    "abstract_inverted_index": {}, "id": "W1", "type": "article", "is_retracted": False,
}  # fmt: skip


@pytest.mark.parametrize("wrong", [None, True, -1, 1.5, 10**30, "x", [], [None, 1, {}], {}, {"display_name": [1]}])
@pytest.mark.parametrize("name", sorted(WORK))
def test_a_fact_of_the_wrong_type_is_no_fact(name: str, wrong: Any) -> None:
    (told,) = parse({"results": [WORK | {name: wrong}]})
    assert isinstance(told, Entry) or (name == "title" and told.why == "no title")


def test_a_key_is_sent_and_is_in_no_place(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/works").respond_with_json({"results": [], "meta": {}})
    source = OpenAlex(follow=("clouds",), api=httpserver.url_for("/works"), api_key="s3cret")
    with HttpClient("ops@example.org", sleep=lambda _seconds: None) as client:
        (document,) = source.fetch(Span(TODAY, TODAY), client)
    sent = httpserver.log[0][0].args
    assert (sent["api_key"], sent["mailto"]) == ("s3cret", "ops@example.org")
    assert "s3cret" not in document.place
