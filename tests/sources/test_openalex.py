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
    """The one entry of a response with one work."""
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
def test_an_abstract_is_restored_from_its_inverted_index(words: list[str]) -> None:
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
def test_an_invalid_inverted_index_is_ignored(index: Any, abstract: str) -> None:
    assert only(abstract_inverted_index=index).abstract == abstract


def test_an_endless_abstract_is_truncated() -> None:
    assert len(only(abstract_inverted_index={"x": list(range(50_000))}).abstract.split()) == 5_000


# -- what is a work -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["A", "S", "I", "T", "C", "F", "P"])
def test_authors_and_sources_are_not_papers(kind: str) -> None:
    identity = f"https://openalex.org/{kind}5023888391"
    found = parse({"results": [{"id": identity, "display_name": "Ada Example"}]})
    assert found == [Refusal("saved.json, entry 1", f"not a work (its id is {identity})")]


@pytest.mark.parametrize("identity", ["https://openalex.org/W2741809807", "W2741809807", None, 5])
def test_works_with_any_id_are_papers(identity: Any) -> None:
    assert only(id=identity).title == "Counting Clouds"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<html></html>", "invalid JSON"),
        ([], "unexpected response from OpenAlex: "),
        ({}, "unexpected response from OpenAlex: no works"),
        ({"results": None}, "unexpected response from OpenAlex: no works"),
        ({"id": "https://openalex.org/A1", "display_name": "Ada"}, "unexpected response from OpenAlex: no works"),
        ({"error": "Rate limit exceeded"}, "OpenAlex error: Rate limit exceeded"),
    ],
)
def test_an_unexpected_response_is_one_error(content: Any, why: str) -> None:
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
def test_an_arxiv_id_is_found_in_every_location(facts: dict[str, Any], identity: str | None) -> None:
    assert only(**facts).arxiv_id == identity


def test_markup_in_a_title_is_converted() -> None:
    assert only(title="<i>Clouds</i> of H<sub>2</sub>O &amp; kettles").title == "Clouds of H₂O & kettles"


def test_the_display_name_replaces_a_missing_title() -> None:
    assert only(title=None, display_name="Clouds").title == "Clouds"


WORK: dict[str, Any] = {
    "title": "Clouds", "authorships": [], "primary_location": {}, "locations": [], "topics": [], "keywords": [],
    "abstract_inverted_index": {}, "id": "W1", "type": "article", "is_retracted": False,
}  # fmt: skip


@pytest.mark.parametrize("wrong", [None, True, -1, 1.5, 10**30, "x", [], [None, 1, {}], {}, {"display_name": [1]}])
@pytest.mark.parametrize("name", sorted(WORK))
def test_a_value_of_the_wrong_type_is_ignored(name: str, wrong: Any) -> None:
    (found,) = parse({"results": [WORK | {name: wrong}]})
    assert isinstance(found, Entry) or (name == "title" and found.why == "no title")


def test_a_key_is_sent_and_never_shown(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/works").respond_with_json({"results": [], "meta": {}})
    source = OpenAlex(follow=("clouds",), api=httpserver.url_for("/works"), api_key="s3cret")
    with HttpClient("ops@example.org", sleep=lambda _seconds: None) as client:
        (document,) = source.fetch(Span(TODAY, TODAY), client)
    sent = httpserver.log[0][0].args
    assert (sent["api_key"], sent["mailto"]) == ("s3cret", "ops@example.org")
    assert "s3cret" not in document.place
