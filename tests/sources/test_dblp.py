"""dblp's facts, pitfalls and requests; how any source is served is in test_every_source.py."""

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
from newsletter.models import Entry, PartialDate, Refusal
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.dblp import Dblp
from tests.factories import TODAY

RECORDING = Path(__file__).parent / "recordings" / "dblp.json"
SPAN = Span(date(2026, 5, 1), TODAY)


def parse(content: Any) -> list[Entry | Refusal]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(Dblp().parse(Document("x", body), TODAY))


def result(*infos: Any, total: Any = None, **more: Any) -> dict[str, Any]:
    hits = {"@total": str(len(infos)) if total is None else total, "hit": [{"info": info} for info in infos]}
    return {"result": {"status": {"@code": "200", "text": "OK"}, "hits": hits, **more}}


def only(**facts: Any) -> Entry:
    (entry,) = parse(result({"title": "Counting Clouds.", **facts}))
    assert isinstance(entry, Entry)
    return entry


def fetch(server: HTTPServer, source: Dblp, span: Span = SPAN) -> list[Document]:
    with HttpClient(sleep=lambda _s: None) as client:
        return list(replace(source, api=server.url_for("/api")).fetch(span, client))


# -- publications -------------------------------------------------------------------------------------


def test_publications_are_parsed_with_all_their_facts() -> None:
    assert parse(RECORDING.read_bytes()) == [
        Entry(
            source="dblp", title="Counting Clouds with Small Language Models", authors=("Ada Example", "Ben Sample"),
            arxiv_id="2605.01234", published=PartialDate(2026),
        ),
        Entry(
            source="dblp", title="Kettles & Whistles: Do They Know?", authors=("Cy Specimen",),
            published=PartialDate(2026), venue="KETTLE", url="https://kettles.example/2",
        ),
        Refusal("x, entry 3", "no title"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ({"text": "Wei Wang 0001"}, ("Wei Wang",)),
        ([{"text": "Wei Wang 0001"}, {"text": "Wei Wang 0002"}], ("Wei Wang", "Wei Wang")),
        ([{"text": "Jos&eacute; Example"}], ("José Example",)),
        ("Ada Example", ("Ada Example",)),
        ([{"text": "Ada Example Jr."}, {"text": "0001"}, {"text": "Ann 123"}], ("Ada Example Jr.", "0001", "Ann 123")),
        ([{"@pid": "1/1"}, None, 7, {"text": None}], ()),
        (None, ()),
    ],
)
def test_authors_have_no_numbers_and_namesakes_are_two(author: Any, names: tuple[str, ...]) -> None:
    assert only(authors={"author": author}).authors == names


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Counting Clouds.", "Counting Clouds"),
        ("Counting Clouds?", "Counting Clouds?"),
        ("And So On ...", "And So On ..."),
        ("Counting Clouds in C.", "Counting Clouds in C"),
        ("Clouds &amp; Kettles: 1 &lt; 2.", "Clouds & Kettles: 1 < 2"),
        ("CO<sub>2</sub> in Clouds.", "CO₂ in Clouds"),
    ],
)
def test_a_title_loses_its_final_full_stop(written: str, title: str) -> None:
    assert only(title=written).title == title


@pytest.mark.parametrize(
    ("facts", "ids", "url"),
    [
        ({"ee": "https://doi.org/10.1000/CLOUDS"}, (None, "10.1000/clouds"), None),
        ({"doi": "10.1000/CLOUDS", "ee": "https://clouds.example/1"}, (None, "10.1000/clouds"), None),
        ({"ee": ["http://arxiv.org/abs/2605.01234", "https://clouds.example/1"]}, ("2605.01234", None), None),
        ({"volume": "abs/2605.01234"}, ("2605.01234", None), None),
        ({"ee": "https://openreview.net/forum?id=abc"}, (None, None), "https://openreview.net/forum?id=abc"),
        ({"ee": "db/conf/x.html", "url": "https://dblp.org/rec/x"}, (None, None), "https://dblp.org/rec/x"),
        ({"ee": {"text": "https://clouds.example"}, "url": 7}, (None, None), None),
    ],
)
def test_ids_are_found_in_the_links(facts: dict[str, Any], ids: tuple[str | None, str | None], url: str | None) -> None:
    entry = only(**facts)
    assert ((entry.arxiv_id, entry.doi), entry.url) == (ids, url)


def test_the_venue_of_an_arxiv_preprint_is_none() -> None:
    assert (only(venue="CoRR").venue, only(venue=["ACL", "LNCS"]).venue, only(venue=7).venue) == (None, "ACL", None)


def test_a_whole_volume_is_not_a_paper() -> None:
    assert parse(result({"title": "Proceedings", "type": "Editorship"})) == []


def test_one_hit_need_not_be_in_a_list() -> None:
    hits = {"@total": "1", "hit": {"info": {"title": "Counting Clouds"}}}
    assert parse({"result": {"hits": hits}}) == [Entry(source="dblp", title="Counting Clouds")]


def test_a_search_without_hits_is_empty() -> None:
    assert parse({"result": {"hits": {"@total": "0", "@sent": "0"}}}) == []


@pytest.mark.parametrize(
    ("response", "why"),
    [
        ({"result": {"status": {"@code": "500", "text": "Out of order"}}}, "dblp error: Out of order"),
        ({"result": {"status": {"@code": None}}}, "dblp error: failed"),
        ({"result": {"hits": []}}, "unexpected response from dblp: no hits"),
        ({"hits": {}}, "unexpected response from dblp: no hits"),
    ],
)
def test_another_response_is_an_error(response: Any, why: str) -> None:
    with pytest.raises(SourceError, match=f"^x: {why}$"):
        parse(response)


def test_the_page_that_tests_for_a_browser_is_an_error_that_says_so() -> None:
    with pytest.raises(SourceError, match=r"^x: invalid JSON: a web page"):
        parse(b"<!doctype html><html><title>Making sure that you are not a bot</title></html>")


# -- requests -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("followed", "query"),
    [
        ("conf/acl", "stream:streams/conf/acl:"),
        ("journals/jmlr", "stream:streams/journals/jmlr:"),
        ("https://dblp.org/db/conf/acl/", "stream:streams/conf/acl:"),
        ("author:Wei  Wang 0001", "author:Wei_Wang_0001:"),
        ("author:Yoshua_Bengio:", "author:Yoshua_Bengio:"),
        ("venue:ACL", "venue:ACL:"),
        ("machine unlearn|forget", "machine unlearn|forget"),
        ("conf", "conf"),
    ],
)
def test_venues_authors_and_words_are_followed(httpserver: HTTPServer, followed: str, query: str) -> None:
    httpserver.expect_request("/api").respond_with_json(result())
    fetch(httpserver, Dblp(follow=(followed,)))
    sent = dict(httpserver.log[0][0].args)
    assert (sent["q"], sent["format"], sent["h"], sent["f"]) == (f"{query} year:2026:", "json", "1000", "0")


def test_last_year_is_asked_for_too_while_its_proceedings_are_being_listed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api").respond_with_json(result())
    fetch(httpserver, Dblp(follow=("conf/acl",)), Span(date(2026, 1, 7), date(2026, 1, 8)))
    assert [request.args["q"].rpartition(" ")[2] for request, _ in httpserver.log] == ["year:2025:", "year:2026:"]


def test_pages_are_followed_up_to_the_total(httpserver: HTTPServer) -> None:
    def handle(request: Request) -> Response:
        infos = [{"title": f"Clouds {request.args['f']}"}] * (2 if request.args["f"] == "0" else 1)
        return Response(json.dumps(result(*infos, total="3")))

    httpserver.expect_request("/api").respond_with_handler(handle)
    assert len(fetch(httpserver, Dblp(follow=("clouds",)))) == 2
    assert [request.args["f"] for request, _ in httpserver.log] == ["0", "2"]


@pytest.mark.parametrize("total", ["many", None, 10**6, ""])
def test_without_a_valid_total_one_page_is_read(httpserver: HTTPServer, total: Any) -> None:
    page = result({"title": "Clouds"})
    page["result"]["hits"]["@total"] = total
    httpserver.expect_request("/api").respond_with_json(page)
    assert len(fetch(httpserver, Dblp(follow=("clouds",)))) == 1


def test_an_empty_page_is_the_last(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api").respond_with_json(result(total="100"))
    assert len(fetch(httpserver, Dblp(follow=("clouds",)))) == 1


def test_pages_that_never_end_are_not_followed_for_ever(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.sources.dblp._MAX_PAGES", 3)
    httpserver.expect_request("/api").respond_with_json(result({"title": "Clouds"}, total="100000000"))
    assert len(fetch(httpserver, Dblp(follow=("clouds",)))) == 3
