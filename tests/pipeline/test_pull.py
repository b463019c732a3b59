from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsletter.errors import SourceError
from newsletter.models import Entry, PullReport, Refusal
from newsletter.pipeline.pull import not_before, pull_days, pull_files, span_to_pull
from newsletter.sources import Document, HttpClient, Span, setting
from newsletter.sources.huggingface import HuggingFace
from newsletter.sources.huggingface_page import Page
from newsletter.store import Store
from tests.factories import NOW, TODAY

API = "/api/daily_papers"
LATER = NOW + timedelta(days=1)
PAGE = """\
Daily Papers

May 8, 2026

Counting Clouds

We count clouds.

  • 3 authors
·
Apr 15

Kettles That Whistle

They whistle in time.

  • 1 author
·
May 1 2
"""


def row(number: int, **changes: Any) -> dict[str, Any]:
    return {"paper": {"id": f"2605.{number:05}", "title": f"Study {number}", "summary": "We study.", **changes}}


def write(path: Path, answer: Any) -> str:
    path.write_bytes(answer if isinstance(answer, bytes) else json.dumps(answer).encode())
    return str(path)


# -- files --------------------------------------------------------------------------------------------


def test_a_file_is_stored_and_a_second_pull_adds_nothing(store: Store, client: HttpClient, tmp_path: Path) -> None:
    place = write(tmp_path / "2026-05-08.json", [row(1), row(2)])
    reports = [pull_files(store, HuggingFace(), [place], None, moment, client) for moment in (NOW, LATER)]
    assert reports == [PullReport("huggingface", fetched=2, new=2), PullReport("huggingface", fetched=2)]
    assert [(one.key, one.listed, one.seen_at) for one in store.papers.new_since(NOW - timedelta(days=1))] == [
        ("arxiv:2605.00001", TODAY, NOW),
        ("arxiv:2605.00002", TODAY, NOW),
    ]


def test_more_upvotes_are_an_update(store: Store, client: HttpClient, tmp_path: Path) -> None:
    place = write(tmp_path / "2026-05-08.json", [row(1), row(2)])
    pull_files(store, HuggingFace(), [place], None, NOW, client)
    write(tmp_path / "2026-05-08.json", [row(1, upvotes=5), row(2), row(3)])
    report = pull_files(store, HuggingFace(), [place], None, LATER, client)
    assert report == PullReport("huggingface", fetched=3, new=1, updated=1)


def test_an_odd_entry_is_refused_and_the_others_go_in(store: Store, client: HttpClient, tmp_path: Path) -> None:
    place = write(tmp_path / "answer.json", [row(1), {}, row(2)])
    report = pull_files(store, HuggingFace(), [place], None, NOW, client)
    refusal = Refusal(f"{place}, entry 2", "no paper in it")
    assert report == PullReport("huggingface", fetched=2, new=2, refusals=(refusal,))
    assert (report.is_clean, str(refusal)) == (False, f"{place}, entry 2: no paper in it")


def test_a_bad_file_is_refused_whole_and_the_others_go_in(store: Store, client: HttpClient, tmp_path: Path) -> None:
    write(tmp_path / "1.json", [row(1)])
    bad = write(tmp_path / "2.json", {"data": [row(2)]})
    write(tmp_path / "3.json", [row(3)])
    report = pull_files(store, HuggingFace(), [str(tmp_path)], None, NOW, client)
    why = "not an answer of the Daily Papers API: dict where a list is expected"
    assert report == PullReport("huggingface", fetched=2, new=2, refusals=(Refusal(bad, why),))
    assert store.papers.count() == 2


def test_a_missing_file_stops_before_anything_is_stored(store: Store, client: HttpClient, tmp_path: Path) -> None:
    place = write(tmp_path / "1.json", [row(1)])
    with pytest.raises(SourceError, match="no such file"):
        pull_files(store, HuggingFace(), [place, str(tmp_path / "gone.json")], None, NOW, client)
    assert store.papers.count() == 0


def test_an_address_that_fails_is_refused_and_the_others_go_in(
    store: Store, client: HttpClient, tmp_path: Path, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/gone.json").respond_with_data(status=404)
    httpserver.expect_request("/there.json").respond_with_json([row(2)])
    places = [httpserver.url_for("/gone.json"), write(tmp_path / "1.json", [row(1)]), httpserver.url_for("/there.json")]
    report = pull_files(store, HuggingFace(), places, None, NOW, client)
    refusal = Refusal(places[0], "HTTP 404 NOT FOUND")
    assert report == PullReport("huggingface", fetched=2, new=2, refusals=(refusal,))


def test_the_asked_day_goes_to_every_entry(store: Store, client: HttpClient, tmp_path: Path) -> None:
    pull_files(store, HuggingFace(), [write(tmp_path / "answer.json", [row(1)])], date(2026, 5, 7), NOW, client)
    assert [paper.listed for paper in store.papers.newest(9)] == [date(2026, 5, 7)]


def test_each_place_is_told_before_it_is_read(store: Store, client: HttpClient, tmp_path: Path) -> None:
    places = [write(tmp_path / f"{number}.json", [row(number)]) for number in (1, 2)]
    told: list[str] = []
    pull_files(store, HuggingFace(), [str(tmp_path)], None, NOW, client, told.append)
    assert told == places


def test_a_page_and_its_answer_in_either_order_make_the_same_papers(
    store: Store, client: HttpClient, tmp_path: Path
) -> None:
    page = write(tmp_path / "page.txt", PAGE.encode())
    answer = write(tmp_path / "2026-05-08.json", [row(1, title="Counting clouds"), row(2)])
    reports = [
        pull_files(store, source, [place], None, NOW, client)
        for source, place in ((Page(), page), (HuggingFace(), answer), (Page(), page), (HuggingFace(), answer))
    ]
    assert [(one.new, one.updated) for one in reports] == [(2, 0), (1, 1), (0, 0), (0, 0)]
    assert [(one.title, one.arxiv_id, one.author_count, one.sources) for one in store.papers.newest(9)] == [
        ("Counting clouds", "2605.00001", 3, ("huggingface", "page")),
        ("Study 2", "2605.00002", None, ("huggingface",)),
        ("Kettles That Whistle", None, 1, ("page",)),
    ]


# -- days ---------------------------------------------------------------------------------------------


def pull(store: Store, client: HttpClient, server: HTTPServer, first: date = TODAY) -> PullReport:
    return pull_days(store, HuggingFace(api=server.url_for(API)), Span(first, TODAY), NOW, client)


def test_days_are_stored_and_remembered(store: Store, client: HttpClient, httpserver: HTTPServer) -> None:
    for day, rows in (("2026-05-06", [row(1)]), ("2026-05-07", []), ("2026-05-08", [row(1), row(2)])):
        httpserver.expect_request(API, query_string={"date": day, "limit": "100", "p": "0"}).respond_with_json(rows)
    reports = [pull(store, client, httpserver, date(2026, 5, 6)) for _ in range(2)]
    assert reports == [PullReport("huggingface", fetched=3, new=2), PullReport("huggingface", fetched=3)]
    assert [(one.arxiv_id, one.listed) for one in store.papers.newest(9)] == [
        ("2605.00002", TODAY),
        ("2605.00001", date(2026, 5, 6)),
    ]
    assert store.pulls.last_success("huggingface") == TODAY


def test_a_day_that_is_not_open_yet_is_a_clean_pull_of_nothing(
    store: Store, client: HttpClient, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(API).respond_with_json({"error": "Invalid date"}, status=400)
    assert pull(store, client, httpserver) == PullReport("huggingface")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, "Rate exceeded.", "HTTP 429 TOO MANY REQUESTS (rate limited; try again in a few minutes)"),
        (500, "", "HTTP 500 INTERNAL SERVER ERROR (try again later)"),
        (200, "<html>", "invalid JSON (Expecting value: line 1 column 1 (char 0))"),
        (200, "{}", "not an answer of the Daily Papers API: dict where a list is expected"),
        (200, '["x"]', "not an answer of the Daily Papers API: a list of str where objects are expected"),
    ],
)
def test_a_failure_keeps_what_came_before_and_is_in_the_report(
    store: Store, client: HttpClient, httpserver: HTTPServer, status: int, body: str, error: str
) -> None:
    asked = {"date": "2026-05-07", "limit": "100", "p": "0"}
    httpserver.expect_ordered_request(API, query_string=asked).respond_with_json([row(1), {}])
    for _ in range(4 if status >= 429 else 1):
        httpserver.expect_ordered_request(API).respond_with_data(body, status=status)
    address = httpserver.url_for(API)
    assert pull(store, client, httpserver, date(2026, 5, 7)) == PullReport(
        "huggingface",
        fetched=1,
        new=1,
        refusals=(Refusal(f"{address}?date=2026-05-07&limit=100&p=0, entry 2", "no paper in it"),),
        error=f"{address}?date=2026-05-08&limit=100&p=0: {error}",
    )
    assert store.papers.count() == 1
    assert store.pulls.last_success("huggingface") is None


def test_a_server_that_is_not_there_is_in_the_report(store: Store, client: HttpClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = "http://{}:{}/".format(*closed.getsockname())
    report = pull_days(store, HuggingFace(api=address), Span(TODAY, TODAY), NOW, client)
    assert report == PullReport("huggingface", error=report.error)
    assert str(report.error).startswith(f"{address}?date={TODAY}&limit=100&p=0: connection failed (")


def test_a_page_has_no_days_to_ask_for(store: Store, client: HttpClient) -> None:
    report = pull_days(store, Page(), Span(TODAY, TODAY), NOW, client)
    assert report.error == "page: nothing to read (name a saved page: newsletter pull page saved.txt)"


@pytest.mark.parametrize(
    ("last_success", "first"),
    [
        (None, date(2026, 5, 7)),
        (TODAY, TODAY),
        (date(2026, 5, 7), date(2026, 5, 7)),
        (date(2026, 4, 8), date(2026, 4, 8)),
        (date(2026, 4, 7), date(2026, 4, 8)),  # no gap longer than a month
        (date(2020, 1, 1), date(2026, 4, 8)),
        (date(2026, 5, 20), TODAY),  # a clock that was wrong
    ],
)
def test_the_days_to_pull(last_success: date | None, first: date) -> None:
    assert span_to_pull(last_success, TODAY) == Span(first, TODAY)


# -- between pulls --------------------------------------------------------------------------------------


def changing(request: Request) -> Response:
    if request.headers.get("If-None-Match") == '"1"':
        return Response(status=304)
    return Response(json.dumps([row(1)]), headers={"ETag": '"1"'})


def test_what_did_not_change_is_not_sent_again_and_the_report_says_so(
    store: Store, client: HttpClient, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(API).respond_with_handler(changing)
    first, again = pull(store, client, httpserver, TODAY), pull(store, client, httpserver, TODAY)
    assert first == PullReport("huggingface", fetched=1, new=1)
    assert again == PullReport("huggingface", unchanged=True)
    assert [response.status_code for _, response in httpserver.log] == [200, 304]


def test_after_a_failure_everything_is_asked_for_again_in_full(
    store: Store, client: HttpClient, httpserver: HTTPServer
) -> None:
    down = httpserver.expect_request(API, query_string={"date": "2026-05-08", "limit": "100", "p": "0"})
    down.respond_with_data(status=404)
    httpserver.expect_request(API).respond_with_handler(changing)
    for _ in range(2):
        assert pull(store, client, httpserver, date(2026, 5, 7)).error is not None
    assert [response.status_code for _, response in httpserver.log] == [200, 404, 200, 404]


def test_what_was_once_asked_for_is_forgotten_when_it_no_longer_is(
    store: Store, client: HttpClient, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(API).respond_with_handler(changing)
    for day in (date(2026, 5, 7), TODAY):
        pull_days(store, HuggingFace(api=httpserver.url_for(API)), Span(day, day), NOW, client)
    (address,) = store.pulls.validators("huggingface")
    assert "2026-05-08" in address


def test_a_source_that_wants_to_be_left_alone_is(store: Store, client: HttpClient, httpserver: HTTPServer) -> None:
    httpserver.expect_request(API).respond_with_data(status=429, headers={"Retry-After": "7200"})
    source, span = HuggingFace(api=httpserver.url_for(API)), Span(TODAY, TODAY)
    first = pull_days(store, source, span, NOW, client)
    soon = pull_days(store, source, span, NOW + timedelta(hours=1), client)
    pull_days(store, source, span, NOW + timedelta(hours=3), client)
    assert str(first.error).endswith("HTTP 429 TOO MANY REQUESTS (rate limited; retry after 2.0 hours)")
    assert soon.error == "huggingface: asked to be left alone until 2026-05-08 11:30 UTC"
    assert len(httpserver.log) == 2


@dataclass(frozen=True)
class Slow(HuggingFace):
    """A source that changes twice a day."""

    min_interval_hours: int = setting(12, "Minimum hours between requests.", internal=True)


def test_a_source_that_changes_seldom_is_left_alone_after_an_answer(
    store: Store, client: HttpClient, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(API).respond_with_json([])
    source = Slow(api=httpserver.url_for(API))
    assert not_before(store, source, NOW) is None
    pull_days(store, source, Span(TODAY, TODAY), NOW, client)
    assert not_before(store, source, NOW + timedelta(hours=11)) == NOW + timedelta(hours=12)
    assert not_before(store, source, NOW + timedelta(hours=12)) is None
    assert not_before(store, HuggingFace(), NOW + timedelta(minutes=1)) is None


def test_a_source_that_failed_is_asked_again_at_once(store: Store, client: HttpClient, httpserver: HTTPServer) -> None:
    httpserver.expect_request(API).respond_with_data(status=404)
    source = Slow(api=httpserver.url_for(API))
    pull_days(store, source, Span(TODAY, TODAY), NOW, client)
    assert not_before(store, source, NOW) is None


# -- rehearsals and faults ------------------------------------------------------------------------------


def test_a_rehearsal_reports_what_would_be_and_stores_nothing(
    store: Store, client: HttpClient, httpserver: HTTPServer, tmp_path: Path
) -> None:
    httpserver.expect_request(API).respond_with_json([row(1), {}])
    source = HuggingFace(api=httpserver.url_for(API))
    by_day = pull_days(store, source, Span(TODAY, TODAY), NOW, client, rehearse=True)
    from_file = pull_files(store, source, [write(tmp_path / "a.json", [row(1)])], None, NOW, client, rehearse=True)
    assert [(report.new, len(report.refusals)) for report in (by_day, from_file)] == [(1, 1), (1, 0)]
    assert (store.papers.count(), store.pulls.last("huggingface"), store.pulls.validators("huggingface")) == (
        0,
        None,
        {},
    )


def test_a_rehearsal_of_what_fails_says_so(store: Store, client: HttpClient, httpserver: HTTPServer) -> None:
    asked = {"date": "2026-05-07", "limit": "100", "p": "0"}
    httpserver.expect_request(API, query_string=asked).respond_with_json([row(1)])
    httpserver.expect_request(API).respond_with_data(status=404)
    span = Span(date(2026, 5, 7), TODAY)
    report = pull_days(store, HuggingFace(api=httpserver.url_for(API)), span, NOW, client, rehearse=True)
    assert (report.new, str(report.error).endswith("HTTP 404 NOT FOUND")) == (1, True)


class Broken(Page):
    """A source with a fault in it."""

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        yield Document("first", PAGE.encode())
        raise ZeroDivisionError("oh no")

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        yield from Page.parse(self, document, today)
        if document.place != "first":
            raise KeyError("oh no")


def test_a_fault_in_a_sources_code_is_its_failure_and_no_traceback(
    store: Store, client: HttpClient, tmp_path: Path
) -> None:
    by_day = pull_days(store, Broken(), Span(TODAY, TODAY), NOW, client)
    assert by_day.error == "page: broke off with ZeroDivisionError: oh no (a fault in this source's code)"
    assert (by_day.new, store.papers.count()) == (2, 2)

    from_file = pull_files(store, Broken(), [write(tmp_path / "a.txt", PAGE.encode())], None, NOW, client)
    assert [refusal.why for refusal in from_file.refusals] == [
        "page: broke off with KeyError: 'oh no' (a fault in this source's code)"
    ]


# -- recorded data ------------------------------------------------------------------------------------


def test_the_recorded_days_are_stored_once(store: Store, client: HttpClient, shared: Path) -> None:
    folder = str(shared / "huggingface")
    first, again = (pull_files(store, HuggingFace(), [folder], None, moment, client) for moment in (NOW, LATER))
    assert (first.fetched, first.new, first.refusals, first.error) == (2374, 2373, (), None)
    assert again == PullReport("huggingface", fetched=2374)
    assert store.papers.count() == 2373
    assert {paper.seen_at for paper in store.papers.newest(9999)} == {NOW}


def test_the_damaged_files_are_refused_with_one_line_each(store: Store, client: HttpClient, shared: Path) -> None:
    report = pull_files(store, HuggingFace(), [str(shared / "damaged")], None, NOW, client)
    assert report == PullReport("huggingface", refusals=report.refusals)
    assert [Path(one.place).name for one in report.refusals] == [
        "huggingface-2024-12-11.json",
        "huggingface-2024-12-25.json",
        "huggingface-2025-01-10.json",
    ]
    assert [len(str(one).splitlines()) for one in report.refusals] == [1, 1, 1]
    assert store.papers.count() == 0


def test_the_saved_page_is_stored_once_and_joins_its_recorded_papers(
    store: Store, client: HttpClient, shared: Path
) -> None:
    page = str(shared / "daily-papers-2026-05-08.txt")
    first = pull_files(store, Page(), [page], None, NOW, client)
    assert (first.fetched, first.new, first.is_clean) == (46, 46, True)
    pull_files(store, HuggingFace(), [str(shared / "huggingface")], None, NOW, client)
    count = store.papers.count()
    assert pull_files(store, Page(), [page], None, LATER, client) == PullReport("page", fetched=46)
    assert 2373 <= store.papers.count() == count <= 2373 + 46
