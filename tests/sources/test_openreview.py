"""OpenReview's facts, pitfalls and requests; how any source is served is in test_every_source.py."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.openreview import OpenReview
from tests.factories import TODAY

RECORDING = Path(__file__).parent / "recordings" / "openreview.json"
SPAN = Span(date(2026, 5, 7), TODAY)
VENUE = "Clouds.cc/2026/Conference"


def ms(month: int, day: int, year: int = 2026) -> int:
    return int(datetime(year, month, day, 12, tzinfo=UTC).timestamp() * 1000)


def note(title: Any = "Counting Clouds", /, number: str = "abCDef1234", **more: Any) -> dict[str, Any]:
    content = {"title": {"value": title}, **{name: {"value": value} for name, value in more.pop("content", {}).items()}}
    return {"id": number, "forum": number, "cdate": ms(5, 7), "tmdate": ms(5, 8), "content": content, **more}


def parse(content: Any) -> list[Entry | Refusal]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(OpenReview().parse(Document("x", body), TODAY))


def only(**facts: Any) -> Entry:
    (entry,) = parse({"notes": [note(**facts)]})
    assert isinstance(entry, Entry)
    return entry


def fetch(server: HTTPServer, *follow: str, **settings: Any) -> list[Document]:
    with HttpClient(sleep=lambda _s: None) as client:
        source = OpenReview(follow=follow, api=server.url_for("").rstrip("/"), **settings)
        return list(source.fetch(SPAN, client))


def titles(documents: list[Document]) -> list[str]:
    found = [one for document in documents for one in OpenReview().parse(document, TODAY)]
    return [one.title if isinstance(one, Entry) else one.why for one in found]


# -- notes --------------------------------------------------------------------------------------------


def test_notes_are_parsed_with_all_their_facts() -> None:
    assert parse(RECORDING.read_bytes()) == [
        Entry(
            source="openreview", title="Counting Clouds with Small Language Models",
            abstract="We count clouds in O(n²), where <mask> is a cloud. They are many.",
            authors=("Ada Example", "Ben Sample"), published=date(2026, 4, 30), listed=date(2026, 5, 7),
            keywords=("clouds", "counting"), categories=("cloud physics",), venue="Clouds 2026 Poster",
            summary="A small model counts clouds.", url="https://openreview.net/forum?id=abCDef1234",
            pdf_url="https://openreview.net/pdf?id=abCDef1234", code_url="https://github.com/example/clouds",
        ),
        Entry(
            source="openreview", title="Kettles That Know When to Whistle", published=date(2026, 5, 7),
            venue="Clouds 2026 Conference Withdrawn Submission", withdrawn=True,
            url="https://openreview.net/forum?id=ghIJkl5678",
        ),
        Refusal("x, entry 3", "no title", "mnOPqr9012"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("dates", "published", "listed"),
    [
        ({"cdate": ms(5, 1), "odate": ms(5, 2), "pdate": ms(5, 3)}, date(2026, 5, 2), date(2026, 5, 3)),
        ({"cdate": ms(5, 1), "pdate": ms(7, 20)}, date(2026, 5, 1), None),  # a venue may date ahead
        ({"cdate": None}, None, None),
        ({"cdate": "soon", "odate": True, "pdate": -1}, None, None),
        ({"cdate": 10**18, "odate": 1.5, "pdate": []}, None, None),
    ],
)
def test_the_dates_of_a_note_are_in_milliseconds(
    dates: dict[str, Any], published: date | None, listed: date | None
) -> None:
    entry = only(**dates)
    assert (entry.published, entry.listed) == (published, listed)


@pytest.mark.parametrize(
    ("listed", "authors"),
    [
        (["Ada Example", "Ben Sample"], ("Ada Example", "Ben Sample")),
        (["Wei Wang", "Wei Wang"], ("Wei Wang", "Wei Wang")),
        ([{"fullname": "Ada Example", "username": "~Ada_Example1"}, {"username": "~Ben_Sample1"}], ("Ada Example",)),
        (["Anonymous"], ()),
        (["Anonymous Authors"], ()),
        ("Ada Example", ()),
        ([None, 7, []], ()),
        (None, ()),
    ],
)
def test_authors_are_named_unless_a_submission_is_anonymous(listed: Any, authors: tuple[str, ...]) -> None:
    assert only(content={"authors": listed}).authors == authors


def test_fields_of_version_1_are_bare() -> None:
    bare = {"id": "abCDef1234", "content": {"title": "Counting Clouds", "TL;DR": "Many.", "authors": ["Ada Example"]}}
    (entry,) = parse({"notes": [bare]})
    assert isinstance(entry, Entry)
    assert (entry.title, entry.summary, entry.authors) == ("Counting Clouds", "Many.", ("Ada Example",))


@pytest.mark.parametrize("number", ["../x", "a b", "", "x" * 99, None])
def test_a_note_with_an_odd_id_has_no_page(number: Any) -> None:
    (entry,) = parse({"notes": [note(number=number, content={"pdf": "/pdf/x.pdf"})]})
    assert isinstance(entry, Entry)
    assert (entry.url, entry.pdf_url) == (None, None)


def test_reviews_and_deleted_notes_are_not_papers() -> None:
    assert parse({"notes": [note(forum="another123"), note(ddate=ms(5, 8))]}) == []


@pytest.mark.parametrize(
    ("response", "why"),
    [
        ({"name": "RateLimitError", "message": "Slow down", "status": 429}, "OpenReview error: Slow down"),
        ({"count": 0}, "unexpected response from OpenReview: no notes"),
        ({"notes": {}}, "unexpected response from OpenReview: no notes"),
        ([], "unexpected response from OpenReview: expected an object, not list"),
    ],
)
def test_another_response_is_an_error(response: Any, why: str) -> None:
    with pytest.raises(SourceError, match=f"^x: {why}$"):
        parse(response)


# -- a venue ------------------------------------------------------------------------------------------


def serve_venue(server: HTTPServer, *notes: dict[str, Any]) -> None:
    server.expect_request("/login", method="POST").respond_with_json({"token": "t0ken", "user": {}})
    server.expect_request("/notes", headers={"Authorization": "Bearer t0ken"}).respond_with_json({"notes": list(notes)})
    server.expect_request("/notes").respond_with_json({"name": "ChallengeRequiredError", "status": 403}, status=403)


ACCOUNT: dict[str, Any] = {"username": "ada@example.org", "password": "s3cret"}


def test_a_venue_is_listed_to_an_account_by_what_changed(httpserver: HTTPServer) -> None:
    serve_venue(httpserver, note("New"))
    assert titles(fetch(httpserver, VENUE, VENUE + "/Submission", "TMLR", **ACCOUNT)) == ["New"] * 3
    login, *lists = (request for request, _ in httpserver.log)
    assert json.loads(login.data) == {"id": "ada@example.org", "password": "s3cret"}
    assert [one.args["content.venueid"] for one in lists] == [VENUE, VENUE + "/Submission", "TMLR"]
    assert {one.args["mintmdate"] for one in lists} == {str(ms(5, 7) - 12 * 3600 * 1000)}


def test_a_paper_that_became_public_long_ago_is_not_new_when_it_changes(httpserver: HTTPServer) -> None:
    serve_venue(
        httpserver,
        note("Accepted now", cdate=ms(10, 1, 2025), odate=ms(10, 9, 2025), pdate=ms(5, 7)),
        note("Accepted in January", cdate=ms(10, 1, 2025), pdate=ms(1, 20)),
        note("Submitted in March", cdate=ms(3, 1)),
        note("Submitted after the span", cdate=ms(5, 9)),
        note("Unchanged", tmdate=ms(5, 1)),
        note("Dated ahead", cdate=ms(5, 1), pdate=ms(12, 1)),
        note("Undated", cdate=None, tmdate=None),
        note(None),
    )
    found = titles(fetch(httpserver, VENUE, **ACCOUNT))
    assert found == ["Accepted now", "Dated ahead", "Undated", "no title"]


def test_pages_of_a_venue_are_followed_to_a_short_one(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.sources.openreview._LISTED", 2)

    def handle(request: Request) -> Response:
        notes = [note(f"At {request.args['offset']}")] * (2 if request.args["offset"] == "0" else 1)
        return Response(json.dumps({"notes": notes}))

    httpserver.expect_request("/notes").respond_with_handler(handle)
    assert titles(fetch(httpserver, VENUE)) == ["At 0", "At 0", "At 2"]


@pytest.mark.parametrize("follow", [VENUE, "clouds"])
def test_pages_that_never_end_are_not_followed_for_ever(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, follow: str
) -> None:
    monkeypatch.setattr("newsletter.sources.openreview._LISTED", 1)
    monkeypatch.setattr("newsletter.sources.openreview._MAX_PAGES", 3)
    httpserver.expect_request("/notes").respond_with_json({"notes": [note()], "count": 10_000})
    httpserver.expect_request("/notes/search").respond_with_json({"notes": [note()], "count": 10_000})
    assert len(fetch(httpserver, follow)) == 3


@pytest.mark.parametrize(
    "refusal",
    [
        Response('{"name": "ChallengeRequiredError", "status": 403}', status=403),
        Response("<!DOCTYPE html><html><title>Verifying your browser</title></html>"),
    ],
    ids=["403", "web page"],
)
def test_without_an_account_the_error_says_what_to_do(httpserver: HTTPServer, refusal: Response) -> None:
    httpserver.expect_request("/notes").respond_with_response(refusal)
    with pytest.raises(SourceError, match=r"OpenReview refuses the list \(.*NEWSLETTER_OPENREVIEW_USERNAME.*by words"):
        fetch(httpserver, VENUE)


@pytest.mark.parametrize(
    "response",
    [
        Response('{"name": "Error", "message": "Invalid username or password"}', status=400),
        Response('{"mfaPending": true}'),
        Response('{"token": 7}'),
        Response('{"token": "t\\u00f6ken"}'),
    ],
    ids=["refused", "second factor", "number", "not ASCII"],
)
def test_a_failed_login_is_an_error_without_the_password(httpserver: HTTPServer, response: Response) -> None:
    httpserver.expect_request("/login").respond_with_response(response)
    with pytest.raises(SourceError, match=r"/login: HTTP [24]00: login failed") as caught:
        fetch(httpserver, VENUE, **ACCOUNT)
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(OpenReview(**ACCOUNT))


# -- searches -----------------------------------------------------------------------------------------


def test_words_are_searched_without_an_account_also_within_a_venue(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/notes/search").respond_with_json({"notes": [], "count": 0})
    fetch(httpserver, "counting clouds", f"{VENUE} counting clouds")
    everywhere, within = (dict(request.args) for request, _ in httpserver.log)
    assert (everywhere["term"], everywhere["source"], everywhere["sort"]) == ("counting clouds", "forum", "tmdate:desc")
    assert "venueid" not in everywhere
    assert (within["term"], within["venueid"]) == ("counting clouds", VENUE)


@pytest.mark.parametrize("words", ["TCP/IP attacks", "and/or", "GPT-4.5 agents", "TMLRs", "ünlearning"])
def test_words_with_a_slash_or_a_dot_are_not_the_id_of_a_venue(httpserver: HTTPServer, words: str) -> None:
    httpserver.expect_request("/notes/search").respond_with_json({"notes": [], "count": 0})
    fetch(httpserver, words)
    assert httpserver.log[0][0].args["term"] == words


def test_a_search_keeps_what_has_all_words(httpserver: HTTPServer) -> None:
    notes = [
        note("Clouds, counted"), note("Clouds"), note("Weather", content={"abstract": "CLOUDS are counted."}),
        note(None, content={"keywords": ["clouds", "counted"]}),
    ]  # fmt: skip
    httpserver.expect_request("/notes/search").respond_with_json({"notes": notes, "count": 4})
    assert titles(fetch(httpserver, "clouds counted")) == ["Clouds, counted", "Weather", "no title"]


def test_a_search_ends_with_a_page_of_what_changed_before_the_span(httpserver: HTTPServer) -> None:
    def handle(request: Request) -> Response:
        changed = ms(5, 8) if int(request.args["offset"]) < 2 else ms(5, 1)
        return Response(json.dumps({"notes": [note("Clouds", tmdate=changed)], "count": 10_000}))

    httpserver.expect_request("/notes/search").respond_with_handler(handle)
    assert titles(fetch(httpserver, "clouds")) == ["Clouds", "Clouds"]
    assert [request.args["offset"] for request, _ in httpserver.log] == ["0", "1", "2"]


def test_retry_after_is_obeyed_at_the_login(httpserver: HTTPServer) -> None:
    pauses: list[float] = []
    httpserver.expect_oneshot_request("/login").respond_with_data(status=429, headers={"Retry-After": "7"})
    serve_venue(httpserver, note("New"))
    with HttpClient(sleep=pauses.append) as client:
        source = replace(OpenReview(**ACCOUNT), follow=(VENUE,), api=httpserver.url_for("").rstrip("/"))
        assert titles(list(source.fetch(SPAN, client))) == ["New"]
    assert pauses == [7.0]
