"""Semantic Scholar's pitfalls; its plain facts are in test_apis.py, what holds for all in test_every_source.py."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.semanticscholar import SemanticScholar
from tests.factories import TODAY


def parse(content: Any) -> list[Entry | Refusal]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(SemanticScholar().parse(Document("saved.json", body), TODAY))


def only(**facts: Any) -> Entry:
    """The one entry of a response with one paper."""
    (entry,) = parse({"data": [{"paperId": "1", "title": "Counting Clouds", **facts}]})
    assert isinstance(entry, Entry)
    return entry


def fetch(server: HTTPServer, **settings: Any) -> list[Document]:
    source = SemanticScholar(follow=("clouds",), api=server.url_for("/bulk"), **settings)
    with HttpClient(sleep=lambda _seconds: None) as client:
        return list(source.fetch(Span(TODAY, TODAY), client))


@pytest.mark.parametrize(
    "response", [{"total": 0}, {"total": 0, "offset": 0}, {"total": 0, "data": []}, {"data": []}, []]
)
def test_a_search_without_results_is_not_an_error(response: Any) -> None:
    assert parse(response) == []


@pytest.mark.parametrize(
    "response",
    [
        {"authorId": "1", "name": "Ada Example"},
        [{"authorId": "1", "name": "Ada Example"}, None],  # a batch of authors, of whom one was not found
        {"data": [{"authorId": "1", "name": "Ada Example"}]},
        {"release_id": "2026-05-05", "datasets": []},
        {"dataset": "papers", "start_release": "1", "end_release": "2", "diffs": []},
        {"data": None},
        {"data": {"paperId": "1", "title": "x"}},
        {"total": 1},
        ["x"],
        5,
        None,
    ],
)
def test_responses_without_papers_are_one_error(response: Any) -> None:
    with pytest.raises(SourceError, match=r"^saved\.json: unexpected response from Semantic Scholar: no papers$"):
        parse(response)


@pytest.mark.parametrize("key", ["error", "message"])
def test_an_error_message_of_the_api_is_quoted_and_shortened(key: str) -> None:
    with pytest.raises(SourceError, match=r"^saved\.json: Semantic Scholar error: Too many"):
        parse({key: "Too many\nrequests" + " x" * 5_000})


def test_only_the_papers_of_a_batch_that_were_not_found_are_refused() -> None:
    found = parse([None, {"paperId": "1", "title": "Clouds"}, 7])
    assert found == [
        Refusal("saved.json, entry 1", "not found"),
        Entry(source="semanticscholar", title="Clouds"),
        Refusal("saved.json, entry 3", "not a paper"),
    ]


@pytest.mark.parametrize(
    ("facts", "venue"),
    [
        ({"venue": "Journal of Clouds"}, "Journal of Clouds"),
        ({"venue": "", "publicationVenue": {"name": "Journal of Clouds"}}, "Journal of Clouds"),
        ({"venue": "arXiv.org"}, None),  # where it can be read, and not where it appeared
        ({"venue": None, "publicationVenue": {"name": "ArXiv"}}, None),
        ({"venue": 5, "publicationVenue": []}, None),
    ],
)
def test_the_venue_is_a_journal_or_a_conference(facts: dict[str, Any], venue: str | None) -> None:
    assert only(**facts).venue == venue


@pytest.mark.parametrize(
    ("ids", "arxiv_id", "doi"),
    [
        ({"ArXiv": "2605.01234", "DOI": "10.1000/CLOUDS"}, "2605.01234", "10.1000/clouds"),
        ({"DOI": "10.48550/arXiv.2605.01234"}, "2605.01234", None),
        ({"ArXiv": 2605.01234, "DOI": ["x"]}, None, None),
        ({"CorpusId": 5}, None, None),
        (None, None, None),
    ],
)
def test_ids_are_of_their_declared_type(ids: Any, arxiv_id: str | None, doi: str | None) -> None:
    entry = only(externalIds=ids)
    assert (entry.arxiv_id, entry.doi) == (arxiv_id, doi)


def test_the_summary_is_parsed_if_the_response_has_one() -> None:
    assert only(tldr={"model": "x", "text": "We count."}).summary == "We count."
    assert only(tldr=None).summary is None


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["paperId", "title", "data", "total", "externalIds", "authors"]), inner),
    max_leaves=8,
))  # fmt: skip
def test_any_json_is_entries_refusals_or_one_error(response: Any) -> None:
    with suppress(SourceError):
        assert all(isinstance(one, Entry | Refusal) for one in parse(response))


def test_fields_that_the_search_rejects_are_not_requested(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/bulk").respond_with_json({"total": 0, "data": [], "token": None})
    fetch(httpserver)
    asked = httpserver.log[0][0].args["fields"].split(",")
    assert "tldr" not in asked  # it would reject the whole request with 400
    assert {"title", "externalIds", "abstract"} <= set(asked)


def test_a_key_is_sent_as_a_header(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/bulk", headers={"x-api-key": "s3cret"}).respond_with_json({"total": 0})
    (document,) = fetch(httpserver, api_key="s3cret")
    assert "s3cret" not in document.place


def test_a_token_that_repeats_is_not_followed_endlessly(httpserver: HTTPServer) -> None:
    page = {"data": [{"paperId": "1", "title": "x"}], "token": "same"}
    httpserver.expect_request("/bulk").respond_with_json(page)
    assert len(fetch(httpserver)) == 10


# -- recorded responses ---------------------------------------------------------------------------------


def test_the_recorded_papers_are_parsed_completely(shared: Path) -> None:
    entries = refusals = 0
    errors: list[str] = []
    for path in sorted((shared / "semanticscholar").glob("*.yaml")):
        for one in yaml.safe_load(path.read_bytes())["interactions"]:
            response = one["response"]
            try:
                found = parse((response.get("content") or response["body"]["string"]).encode())
            except SourceError as error:
                errors.append(str(error))
                continue
            entries += sum(isinstance(paper, Entry) for paper in found)
            refusals += sum(isinstance(paper, Refusal) for paper in found)
    assert entries == 1049  # papers with a title, as counted without this program
    assert refusals == 3118 + 1  # asked for without their titles, and one that was not found
    assert all(len(error.splitlines()) == 1 for error in errors)
    assert len(errors) == 7  # two failures; an author, authors of a paper and in a batch, a release and its changes


@pytest.mark.parametrize("name", ["DatasetDiff.json", "Reference.json"])
def test_recorded_responses_without_papers_are_one_error(shared: Path, name: str) -> None:
    with pytest.raises(SourceError, match=r"unexpected response from Semantic Scholar: no papers$"):
        parse((shared / "semanticscholar" / name).read_bytes())
