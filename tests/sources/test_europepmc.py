"""Europe PMC's facts, pitfalls and requests; how any source is served is in test_every_source.py."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsletter.errors import SourceError
from newsletter.models import Entry, PartialDate, Refusal, StatedDate
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.europepmc import EuropePmc
from tests.factories import TODAY

RECORDING = Path(__file__).parent / "recordings" / "europepmc.json"
SPAN = Span(date(2026, 5, 1), TODAY)


def parse(content: Any) -> list[Entry | Refusal]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(EuropePmc().parse(Document("x", body), TODAY))


def results(*records: Any, **more: Any) -> dict[str, Any]:
    return {"hitCount": len(records), "resultList": {"result": list(records)}, **more}


def only(**facts: Any) -> Entry:
    (entry,) = parse(results({"id": "1", "source": "MED", "title": "Counting Clouds.", **facts}))
    assert isinstance(entry, Entry)
    return entry


def fetch(source: EuropePmc, server: HTTPServer, contact: str | None = None) -> list[Document]:
    with HttpClient(contact, sleep=lambda _s: None) as client:
        return list(replace(source, api=server.url_for("/search")).fetch(SPAN, client))


# -- records ------------------------------------------------------------------------------------------


def test_records_are_parsed_with_all_their_facts() -> None:
    assert parse(RECORDING.read_bytes()) == [
        Entry(
            source="europepmc", title="Counting Clouds with Small Language Models",
            abstract="Background: Clouds of H₂O are many. Results: We count them.",
            authors=("Ada Example", "Ben Sample Jr", "The Cloud Team"), doi="10.1000/clouds",
            published=date(2026, 5, 6), keywords=("Clouds", "Counting"), venue="Journal of Clouds",
            pdf_url="https://europepmc.org/articles/PMC9000001?pdf=render",
        ),
        Entry(
            source="europepmc", title="Kettles That Know When to Whistle and When Not", authors=("C Specimen",),
            doi="10.21203/rs.3.rs-1234567/v1", venue="Research Square", version=2,
        ),
        Refusal("x, entry 3", "no title"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "published"),
    [
        ({"firstPublicationDate": "2026-05-06", "pubYear": "2027"}, date(2026, 5, 6)),
        ({"firstPublicationDate": None, "pubYear": "2026"}, PartialDate(2026)),
        ({"firstPublicationDate": "soon", "pubYear": 2026}, PartialDate(2026)),
        ({"pubYear": "MMXXVI"}, None),
        ({}, None),
    ],
)
def test_a_year_alone_stays_one(facts: dict[str, Any], published: StatedDate | None) -> None:
    assert only(**facts).published == published


@pytest.mark.parametrize(
    ("facts", "authors"),
    [
        ({"authorList": {"author": [{"fullName": "Example A"}]}, "authorString": "B."}, ("Example A",)),
        ({"authorList": {"author": [{"firstName": "Ada"}]}, "authorString": "Example A, Sample B."},
         ("Example A", "Sample B")),
        ({"authorList": None, "authorString": "Example A."}, ("Example A",)),
        ({"authorList": {"author": [{"collectiveName": "Cloud Team, West"}]}}, ("Cloud Team, West",)),
        ({"authorList": {"author": [{"firstName": "Wei", "lastName": "Wang"}] * 2}}, ("Wei Wang", "Wei Wang")),
        ({"authorList": [], "authorString": 7}, ()),
    ],
)  # fmt: skip
def test_authors_are_listed_in_full_or_else_as_in_the_line(facts: dict[str, Any], authors: tuple[str, ...]) -> None:
    assert only(**facts).authors == authors


@pytest.mark.parametrize(
    ("facts", "url"),
    [
        ({}, "https://europepmc.org/article/MED/1"),
        ({"doi": "10.1000/1"}, None),
        ({"doi": "10.48550/arXiv.2605.01234"}, None),
        ({"id": "../1"}, None),
        ({"id": None}, None),
        ({"source": "PMC", "id": "PMC1"}, "https://europepmc.org/article/PMC/PMC1"),
    ],
)
def test_a_record_without_a_doi_has_the_page_of_europe_pmc(facts: dict[str, Any], url: str | None) -> None:
    assert only(**facts).url == url


def test_an_arxiv_preprint_has_its_arxiv_id() -> None:
    entry = only(source="PPR", doi="10.48550/arXiv.2605.01234")
    assert (entry.arxiv_id, entry.doi) == ("2605.01234", None)


@pytest.mark.parametrize(
    ("types", "withdrawn"),
    [
        (["Journal Article"], False),
        (["Journal Article", "Retracted Publication"], True),
        (["preprint", "Preprint-withdrawn"], True),
        ([None, 7], False),
        ("retracted publication", False),
        (None, False),
    ],
)
def test_a_retracted_paper_is_recognised_by_its_type(types: Any, withdrawn: bool) -> None:
    assert only(pubTypeList={"pubType": types}).withdrawn is withdrawn


def test_a_pdf_that_is_not_free_to_read_is_left_out() -> None:
    urls = [{"documentStyle": "pdf", "availabilityCode": code, "url": f"https://c.example/{code}"} for code in "SF"]
    assert only(fullTextUrlList={"fullTextUrl": urls}).pdf_url == "https://c.example/F"
    assert only(fullTextUrlList={"fullTextUrl": urls[:1]}).pdf_url is None


def test_a_patent_is_not_a_paper() -> None:
    assert parse(results({"source": "PAT", "title": "A cloud counter"})) == []


@pytest.mark.parametrize(
    ("response", "why"),
    [
        ({"errCode": 404, "errMsg": "Invalid cursorMark"}, "Europe PMC error: Invalid cursorMark"),
        ({"errMsg": None}, "Europe PMC error: failed"),
        ({"hitCount": 0}, "unexpected response from Europe PMC: no results"),
        ({"resultList": {"result": {}}}, "unexpected response from Europe PMC: no results"),
        ([], "expected an object, not list"),
    ],
)
def test_another_response_is_an_error(response: Any, why: str) -> None:
    with pytest.raises(SourceError, match=f"^x: .*{why}$"):
        parse(response)


# -- requests -----------------------------------------------------------------------------------------


def test_papers_are_those_indexed_in_the_days_and_published_not_long_before(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/search").respond_with_json(results())
    fetch(EuropePmc(follow=("asthma OR inhaler",)), httpserver, "ops@example.org")
    fetch(EuropePmc(follow=("asthma",), include=("preprints",)), httpserver)
    both, preprints = (dict(request.args) for request, _ in httpserver.log)
    days = "FIRST_IDATE:[2026-05-01 TO 2026-05-08] AND FIRST_PDATE:[2026-03-02 TO 3000-12-31]"
    assert both["query"] == f"(asthma OR inhaler) AND (SRC:MED OR SRC:PMC OR SRC:AGR OR SRC:PPR) AND {days}"
    assert preprints["query"] == f"(asthma) AND (SRC:PPR) AND {days}"
    assert (both["resultType"], both["format"], both["email"]) == ("core", "json", "ops@example.org")


@pytest.mark.parametrize("last", [{"nextCursorMark": "1"}, {}, {"nextCursorMark": 7}])
def test_pages_are_followed_until_the_cursor_stays(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, last: dict[str, Any]
) -> None:
    monkeypatch.setattr("newsletter.sources.europepmc._PAGE_SIZE", 1)

    def handle(request: Request) -> Response:
        more = {"nextCursorMark": "1"} if request.args["cursorMark"] == "*" else last
        return Response(json.dumps(results({"title": "Clouds"}, **more)))

    httpserver.expect_request("/search").respond_with_handler(handle)
    assert len(fetch(EuropePmc(follow=("clouds",)), httpserver)) == 2
    assert [request.args["cursorMark"] for request, _ in httpserver.log] == ["*", "1"]


def test_pages_that_never_end_are_not_followed_for_ever(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.sources.europepmc._PAGE_SIZE", 1)
    monkeypatch.setattr("newsletter.sources.europepmc._MAX_PAGES", 4)

    def handle(request: Request) -> Response:
        return Response(json.dumps(results({"title": "Clouds"}, nextCursorMark=request.args["cursorMark"] + "x")))

    httpserver.expect_request("/search").respond_with_handler(handle)
    assert len(fetch(EuropePmc(follow=("clouds",)), httpserver)) == 4
