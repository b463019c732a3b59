"""The facts and the requests of Crossref, OpenAlex, Semantic Scholar and PubMed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsletter.errors import SourceError
from newsletter.models import Entry, PartialDate, Refusal
from newsletter.sources import Document, HttpClient, Source, Span, find_source
from newsletter.sources.crossref import Crossref
from newsletter.sources.openalex import OpenAlex
from newsletter.sources.pubmed import Pubmed
from newsletter.sources.semanticscholar import SemanticScholar
from tests.factories import TODAY

RECORDINGS = Path(__file__).parent / "recordings"
TITLE = "Counting Clouds with Small Language Models"
ABSTRACT = "We teach a small language model to count clouds. It counts well on clear days."
SPAN = Span(date(2026, 5, 1), TODAY)


def parse(kind: str, content: Any) -> list[Entry | Refusal]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(find_source(kind)().parse(Document("x", body), TODAY))


def recorded(kind: str, ending: str = ".json") -> list[Entry | Refusal]:
    return parse(kind, (RECORDINGS / f"{kind}{ending}").read_bytes())


def fetch(source: Source, contact: str | None = None) -> list[Document]:
    with HttpClient(contact, sleep=lambda _seconds: None) as client:
        return list(source.fetch(SPAN, client))


def first(kind: str, **changes: Any) -> Entry:
    """The first paper of a recording, with some of its fields changed."""
    response = json.loads((RECORDINGS / f"{kind}.json").read_bytes())
    rows = response["message"]["items"] if kind == "crossref" else response.get("results") or response["data"]
    rows[0] |= changes
    found = parse(kind, response)[0]
    assert isinstance(found, Entry)
    return found


# -- Crossref -----------------------------------------------------------------------------------------


def test_works_of_crossref_are_parsed_with_all_their_facts() -> None:
    assert recorded("crossref") == [
        Entry(
            source="crossref", title=TITLE, abstract="We teach a small language model to count clouds.",
            authors=("Ada Example", "Ben Sample Jr.", "The Cloud Team"), arxiv_id="2605.01234", doi="10.1000/clouds",
            published=date(2026, 5, 6), venue="Journal of Clouds", pdf_url="https://clouds.example/1.pdf",
        ),
        Entry(
            source="crossref", title="RETRACTED: Kettles That Know When to Whistle", authors=("Cy Specimen",),
            doi="10.1000/kettles", published=date(2026, 5, 7), organization="Kettle School", withdrawn=True,
        ),
        Refusal("x, entry 3", "no title"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("published", "day"),
    [
        ({"date-parts": [[2026, 4]]}, PartialDate(2026, 4)),
        ({"date-parts": [[2025]]}, PartialDate(2025)),
        ({"date-parts": [[None]]}, PartialDate(2026)),  # the year of "issued"
        ({"date-parts": []}, PartialDate(2026)),
        ({}, PartialDate(2026)),
        (None, PartialDate(2026)),
    ],
)
def test_dates_of_crossref_may_be_partial(published: Any, day: date) -> None:
    assert first("crossref", published=published).published == day


def test_a_single_work_of_crossref_is_parsed() -> None:
    (found,) = parse(
        "crossref", {"status": "ok", "message-type": "work", "message": {"title": ["Clouds"], "DOI": "10.1000/1"}}
    )
    assert isinstance(found, Entry)
    assert (found.title, found.doi) == ("Clouds", "10.1000/1")


def test_error_messages_of_crossref_are_quoted() -> None:
    failed = {"status": "failed", "message": [{"type": "x", "message": "This route does not support sample"}]}
    with pytest.raises(SourceError, match=r"^x: Crossref error: This route does not support sample$"):
        parse("crossref", failed)
    with pytest.raises(SourceError, match=r"^x: unexpected response from Crossref: message type 'member-list'$"):
        parse("crossref", {"status": "ok", "message-type": "member-list", "message": {"items": []}})


def test_crossref_is_searched_by_day_of_registration_page_by_page(httpserver: HTTPServer) -> None:
    def handle(request: Request) -> Response:
        works = [{"title": [f"Clouds {number}"]} for number in range(200 if request.args["cursor"] == "*" else 3)]
        return Response(json.dumps(
            {"status": "ok", "message-type": "work-list", "message": {"items": works, "next-cursor": "next"}}
        ))  # fmt: skip

    httpserver.expect_request("/works").respond_with_handler(handle)
    source = Crossref(follow=("machine unlearning", "1234-567X"), api=httpserver.url_for("/works"))
    assert len(fetch(source, "ops@example.org")) == 4
    sent = [dict(request.args) for request, _ in httpserver.log]
    assert [one["cursor"] for one in sent] == ["*", "next", "*", "next"]
    assert {one["mailto"] for one in sent} == {"ops@example.org"}
    registered = "from-created-date:2026-05-01,until-created-date:2026-05-08"
    assert (sent[0]["filter"], sent[0]["query.bibliographic"]) == (registered, "machine unlearning")
    assert (sent[2]["filter"], "query.bibliographic" in sent[2]) == (f"{registered},issn:1234-567X", False)


# -- OpenAlex -----------------------------------------------------------------------------------------


def test_works_of_openalex_are_parsed_with_all_their_facts() -> None:
    assert recorded("openalex") == [
        Entry(
            source="openalex", title=TITLE, abstract="We count clouds, count clouds",
            authors=("Ada Example", "Ben Sample"), organization="The Cloud Laboratory", arxiv_id="2605.01234",
            doi="10.1000/clouds", published=date(2026, 5, 6),
            keywords=("Clouds",), categories=("Cloud Physics",), venue="Journal of Clouds",
            pdf_url="https://clouds.example/1.pdf",
        ),
        Entry(
            source="openalex", title="Kettles That Know When to Whistle", published=date(2026, 5, 7), withdrawn=True,
            url="https://kettles.example/2",
        ),
        Refusal("x, entry 3", "no title"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("followed", "asked"),
    [
        ("retrieval, augmented|x", "title_and_abstract.search:retrieval  augmented x"),
        ("A5023888391", "authorships.author.id:A5023888391"),
        ("https://openalex.org/s1983995261", "primary_location.source.id:S1983995261"),
        ("T10028", "topics.id:T10028"),
        ("I27837315", "authorships.institutions.id:I27837315"),
        ("0000-0002-1825-0097", "authorships.author.orcid:0000-0002-1825-0097"),
    ],
)
def test_openalex_is_filtered_by_what_is_followed(httpserver: HTTPServer, followed: str, asked: str) -> None:
    httpserver.expect_request("/works").respond_with_json({"results": [], "meta": {}})
    fetch(OpenAlex(follow=(followed,), api=httpserver.url_for("/works")))
    sent = httpserver.log[0][0].args
    days = "from_publication_date:2026-05-01,to_publication_date:2026-05-08"
    assert (sent["filter"], sent["cursor"], "mailto" in sent) == (f"{days},{asked}", "*", False)


def test_openalex_is_searched_page_by_page(httpserver: HTTPServer) -> None:
    def handle(request: Request) -> Response:
        is_first = request.args["cursor"] == "*"
        works = [{"title": "Clouds"}] * (100 if is_first else 1)
        return Response(json.dumps({"results": works, "meta": {"next_cursor": "next" if is_first else None}}))

    httpserver.expect_request("/works").respond_with_handler(handle)
    assert len(fetch(OpenAlex(follow=("clouds",), api=httpserver.url_for("/works")))) == 2


@pytest.mark.parametrize("kind", ["paratext", "retraction", "editorial"])
def test_works_of_openalex_that_are_not_papers_are_skipped(kind: str) -> None:
    assert parse("openalex", {"results": [{"title": "Cover", "type": kind}]}) == []
    assert parse("openalex", {"results": [{"title": "Cover", "is_paratext": True}]}) == []


def test_error_messages_of_openalex_are_quoted() -> None:
    with pytest.raises(SourceError, match=r"^x: OpenAlex error: Invalid query$"):
        parse("openalex", {"error": "Bad", "message": "Invalid query"})
    with pytest.raises(SourceError, match=r"^x: unexpected response from OpenAlex: no works$"):
        parse("openalex", {"display_name": "An Author"})


# -- Semantic Scholar ---------------------------------------------------------------------------------


def test_papers_of_semantic_scholar_are_parsed_with_all_their_facts() -> None:
    assert recorded("semanticscholar") == [
        Entry(
            source="semanticscholar", title=TITLE, abstract=ABSTRACT, authors=("Ada Example", "Ben Sample"),
            arxiv_id="2605.01234", doi="10.1000/clouds", published=date(2026, 5, 6), categories=("Computer Science",),
            venue="Journal of Clouds", summary="A small model counts clouds.", url="https://s2.example/a1",
            pdf_url="https://clouds.example/1.pdf",
        ),
        Entry(
            source="semanticscholar", title="Kettles That Know When to Whistle", authors=("Cy Specimen",),
            published=PartialDate(2025),
        ),
        Refusal("x, entry 3", "no title"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "response",
    [
        [{"paperId": "1", "title": "Clouds"}, None],
        {"paperId": "1", "title": "Clouds"},
        {"authorId": "2", "papers": [{"paperId": "1", "title": "Clouds"}]},
    ],
)
def test_other_responses_of_semantic_scholar_are_parsed(response: Any) -> None:
    found = parse("semanticscholar", response)
    assert found[0] == Entry(source="semanticscholar", title="Clouds")
    assert found[1:] in ([], [Refusal("x, entry 2", "not found")])


def test_error_messages_of_semantic_scholar_are_quoted() -> None:
    with pytest.raises(SourceError, match=r"^x: Semantic Scholar error: Unrecognized fields$"):
        parse("semanticscholar", {"error": "Unrecognized fields"})
    with pytest.raises(SourceError, match=r"^x: unexpected response from Semantic Scholar: no papers$"):
        parse("semanticscholar", {"release_id": "2025-08-19"})


def test_semantic_scholar_is_searched_page_by_page(httpserver: HTTPServer) -> None:
    def handle(request: Request) -> Response:
        more = "token" not in request.args
        return Response(json.dumps({"data": [{"paperId": "1", "title": "x"}], "token": "next" if more else None}))

    httpserver.expect_request("/bulk").respond_with_handler(handle)
    assert len(fetch(SemanticScholar(follow=("clouds",), api=httpserver.url_for("/bulk")))) == 2
    sent = httpserver.log[0][0].args
    assert (sent["query"], sent["publicationDateOrYear"]) == ("clouds", "2026-05-01:2026-05-08")


# -- PubMed -------------------------------------------------------------------------------------------


def test_articles_of_pubmed_are_parsed_with_all_their_facts() -> None:
    assert recorded("pubmed", ".xml") == [
        Entry(
            source="pubmed", title=TITLE, abstract="BACKGROUND: Clouds of H₂O are many. RESULTS: We count them.",
            authors=("Ada Example", "Ben Sample Jr", "The Cloud Team"), doi="10.1000/clouds",
            published=date(2026, 5, 6), keywords=("clouds",), venue="Journal of Clouds", url="https://pubmed.ncbi.nlm.nih.gov/1/",
        ),
        Entry(
            source="pubmed", title="Kettles That Know When to Whistle", authors=("Cy Specimen",), withdrawn=True,
            published=PartialDate(2025, 4), url="https://pubmed.ncbi.nlm.nih.gov/2/",
        ),
        Refusal("x, entry 3", "no title"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("<Year>2026</Year><Month>05</Month><Day>06</Day>", date(2026, 5, 6)),
        ("<Year>2026</Year><Month>Feb</Month>", PartialDate(2026, 2)),
        ("<Year>2024</Year>", PartialDate(2024)),
        ("<MedlineDate>Winter 2024</MedlineDate>", PartialDate(2024)),
        ("<MedlineDate>2018 May-Jun</MedlineDate>", PartialDate(2018, 6)),
        ("<MedlineDate>soon</MedlineDate>", None),
        ("<Year>MMXX</Year>", None),
    ],
)
def test_dates_of_pubmed_may_be_months_and_seasons(written: str, day: date | None) -> None:
    issue = f"<Journal><JournalIssue><PubDate>{written}</PubDate></JournalIssue></Journal>"
    article = f"<Article><ArticleTitle>x</ArticleTitle>{issue}</Article>"
    (found,) = parse("pubmed", f"<PubmedArticle><MedlineCitation>{article}</MedlineCitation></PubmedArticle>".encode())
    assert isinstance(found, Entry)
    assert found.published == day


def test_pubmed_is_searched_for_ids_and_the_articles_are_fetched_in_batches(httpserver: HTTPServer) -> None:
    ids = [str(number) for number in range(1, 252)]
    httpserver.expect_request("/esearch.fcgi").respond_with_json({"esearchresult": {"idlist": ids}})
    httpserver.expect_request("/efetch.fcgi").respond_with_data("<PubmedArticleSet/>")
    fetch(Pubmed(follow=("asthma AND inhaler",), api=httpserver.url_for("").rstrip("/")), "ops@example.org")
    search, *batches = (dict(request.args) for request, _ in httpserver.log)
    assert (search["term"], search["mindate"], search["maxdate"]) == ("asthma AND inhaler", "2026/05/01", "2026/05/08")
    assert {one["email"] for one in (search, *batches)} == {"ops@example.org"}
    assert [len(one["id"].split(",")) for one in batches] == [200, 51]


def test_error_messages_of_pubmed_are_quoted(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/esearch.fcgi").respond_with_json({"esearchresult": {"ERROR": "Empty term"}})
    with pytest.raises(SourceError, match=r"PubMed error: Empty term$"):
        fetch(Pubmed(follow=("x",), api=httpserver.url_for("").rstrip("/")))
