"""NASA ADS: the facts of its records, and its requests. What holds for all sources is in test_every_source.py."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsletter.errors import SourceError, SourceRateLimited
from newsletter.models import Entry, PartialDate, Refusal
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.ads import _MAX_PAGES, Ads
from tests.factories import TODAY

RECORDING = Path(__file__).parent / "recordings" / "ads.json"
SPAN = Span(date(2026, 5, 1), TODAY)


def parse(content: Any) -> list[Entry | Refusal]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(Ads().parse(Document("x", body), TODAY))


def only(**fields: Any) -> Entry:
    """The entry of one record."""
    (entry,) = parse({"response": {"numFound": 1, "docs": [{"title": ["Counting Clouds"], **fields}]}})
    assert isinstance(entry, Entry)
    return entry


def fetch(server: HTTPServer, *, with_token: bool = True) -> list[Document]:
    source = Ads(follow=("abs:clouds",), api_key="a token" if with_token else None, api=server.url_for("/query"))
    with HttpClient(sleep=lambda _seconds: None) as client:
        return list(source.fetch(SPAN, client))


def test_records_are_parsed_with_all_their_facts() -> None:
    assert parse(RECORDING.read_bytes()) == [
        Entry(
            source="ads", title="Counting Clouds with Small Language Models",
            abstract="We teach a small language model to count clouds. It counts well on clear days.",
            authors=("Ada Example", "Ben Sample Jr.", "The Cloud Collaboration"), author_count=3,
            arxiv_id="2605.01234", doi="10.1000/clouds", published=PartialDate(2026, 5),
            categories=("astro-ph.IM", "physics.ao-ph"), keywords=("clouds", "Astrophysics - Instrumentation"),
            venue="Journal of Clouds",
        ),
        Entry(
            source="ads", title="Kettles That Know When to Whistle", authors=("Cy Specimen",), author_count=1,
            published=PartialDate(2025), venue="Astronomy and Astrophysics",
            url="https://ui.adsabs.harvard.edu/abs/2025A%26A...999A...1S/abstract",
        ),
        Refusal("x, entry 3", "no title"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pubdate", "day"),
    [
        ("2026-05-07", date(2026, 5, 7)), ("2026-05-00", PartialDate(2026, 5)), ("2026-00-00", PartialDate(2026)),
        ("2026", PartialDate(2026)), ("2026-13-01", None), ("", None), (None, None), (2026, None), ("a-b-c-d", None),
    ],
)  # fmt: skip
def test_a_date_is_as_precise_as_its_numbers(pubdate: Any, day: Any) -> None:
    assert only(pubdate=pubdate).published == day


def test_markup_and_tex_become_text() -> None:
    title = r"Detection of H<SUB>2</SUB>O in <i>WASP-1b</i> at $z\sim 2$"
    assert only(title=[title]).title == "Detection of H₂O in WASP-1b at z∼2"


def test_only_an_identifier_that_says_arxiv_is_one() -> None:
    assert only(identifier=["2026MNRAS.2605.1234E", "2605.01234"]).arxiv_id is None
    assert only(identifier=["arXiv:astro-ph/0601001"]).arxiv_id == "astro-ph/0601001"


def test_facts_of_a_wrong_type_are_missing() -> None:
    names = (
        "abstract", "author", "doi", "identifier", "pubdate", "pub", "keyword", "arxiv_class", "doctype", "bibcode",
        "author_count",
    )  # fmt: skip
    wrongs: tuple[Any, ...] = (None, -5, {}, [None], [[]], [{}], [5])
    for wrong in wrongs:
        assert only(**dict.fromkeys(names, wrong)) == Entry(source="ads", title="Counting Clouds")


def test_what_is_no_paper_is_passed_over() -> None:
    docs = [{"title": ["Cloud code"], "doctype": kind} for kind in ("software", "proposal", "erratum", "catalog")]
    found = parse({"response": {"numFound": 4, "docs": docs}})
    assert [one.is_left_out for one in found if isinstance(one, Refusal)] == [True] * 4


@pytest.mark.parametrize(
    "error",
    [{"error": {"msg": "undefined field clouds", "code": 400}}, {"error": "undefined field clouds"}],
)
def test_an_error_of_the_api_is_the_error_of_the_pull(error: dict[str, Any]) -> None:
    with pytest.raises(SourceError, match="ADS error: undefined field clouds"):
        parse(error)


def test_a_request_has_the_token_and_the_days_of_entry(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/query").respond_with_data(RECORDING.read_bytes())
    assert len(fetch(httpserver)) == 1
    request = httpserver.log[0][0]
    assert request.headers["Authorization"] == "Bearer a token"
    assert request.args["q"] == "abs:clouds"
    assert request.args["fq"] == f"entdate:[2026-05-01 TO {TODAY}]"


def test_without_a_token_nothing_is_requested(httpserver: HTTPServer) -> None:
    with pytest.raises(SourceError, match="NEWSLETTER_ADS_API_KEY"):
        fetch(httpserver, with_token=False)
    assert httpserver.log == []


def test_pages_go_on_by_what_was_received_and_end_at_the_number_or_the_bound(httpserver: HTTPServer) -> None:
    total = 5

    def respond(request: Request) -> Response:
        start = int(request.args["start"])
        docs = [{"title": ["Clouds"]}] * min(2, total - start)
        return Response(json.dumps({"response": {"numFound": total, "start": start, "docs": docs}}))

    httpserver.expect_request("/query").respond_with_handler(respond)
    assert len(fetch(httpserver)) == 3
    assert [request.args["start"] for request, _ in httpserver.log] == ["0", "2", "4"]
    total = 10**9
    assert len(fetch(httpserver)) == _MAX_PAGES


def test_an_empty_page_ends_the_pages(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/query").respond_with_json({"response": {"numFound": 9, "docs": []}})
    assert len(fetch(httpserver)) == 1


def test_the_daily_limit_is_waited_for_until_its_reset(httpserver: HTTPServer) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 7200)}
    httpserver.expect_request("/query").respond_with_data("{}", status=429, headers=headers)
    with pytest.raises(SourceRateLimited) as caught:
        fetch(httpserver)
    assert 7000 < caught.value.wait_s <= 7200
