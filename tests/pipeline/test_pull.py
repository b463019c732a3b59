from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsletter.errors import SourceError
from newsletter.models import Entry, PullReport, Refusal
from newsletter.pipeline.pull import pull_days, pull_files
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.feed import Feed
from newsletter.sources.file import File
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


def write(path: Path, content: Any) -> str:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
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


def test_a_malformed_entry_is_refused_and_others_are_stored(store: Store, client: HttpClient, tmp_path: Path) -> None:
    place = write(tmp_path / "response.json", [row(1), {}, row(2)])
    report = pull_files(store, HuggingFace(), [place], None, NOW, client)
    (refusal,) = report.refusals
    assert report == PullReport("huggingface", fetched=2, new=2, refusals=(refusal,))
    assert (report.is_clean, refusal.place) == (False, f"{place}, entry 2")


def test_a_malformed_file_is_refused_and_others_are_stored(store: Store, client: HttpClient, tmp_path: Path) -> None:
    write(tmp_path / "1.json", [row(1)])
    bad = write(tmp_path / "2.json", {"data": [row(2)]})
    write(tmp_path / "3.json", [row(3)])
    report = pull_files(store, HuggingFace(), [str(tmp_path)], None, NOW, client)
    (refusal,) = report.refusals
    assert report == PullReport("huggingface", fetched=2, new=2, refusals=(refusal,))
    assert (refusal.place, "dict" in refusal.why) == (bad, True)
    assert store.papers.count() == 2


def test_a_missing_file_stops_before_anything_is_stored(store: Store, client: HttpClient, tmp_path: Path) -> None:
    place = write(tmp_path / "1.json", [row(1)])
    with pytest.raises(SourceError, match="no such file"):
        pull_files(store, HuggingFace(), [place, str(tmp_path / "gone.json")], None, NOW, client)
    assert store.papers.count() == 0


def test_an_address_that_fails_is_refused_and_the_others_are_stored(
    store: Store, client: HttpClient, tmp_path: Path, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/gone.json").respond_with_data(status=404)
    httpserver.expect_request("/there.json").respond_with_json([row(2)])
    places = [httpserver.url_for("/gone.json"), write(tmp_path / "1.json", [row(1)]), httpserver.url_for("/there.json")]
    report = pull_files(store, HuggingFace(), places, None, NOW, client)
    (refusal,) = report.refusals
    assert report == PullReport("huggingface", fetched=2, new=2, refusals=(refusal,))
    assert (refusal.place, "404" in refusal.why) == (places[0], True)


def test_the_given_day_is_that_of_every_entry(store: Store, client: HttpClient, tmp_path: Path) -> None:
    pull_files(store, HuggingFace(), [write(tmp_path / "response.json", [row(1)])], date(2026, 5, 7), NOW, client)
    assert [paper.listed for paper in store.papers.newest(9)] == [date(2026, 5, 7)]


def test_each_place_is_reported_before_it_is_read(store: Store, client: HttpClient, tmp_path: Path) -> None:
    places = [write(tmp_path / f"{number}.json", [row(number)]) for number in (1, 2)]
    watched: list[str] = []
    pull_files(store, HuggingFace(), [str(tmp_path)], None, NOW, client, watched.append)
    assert watched == places


def test_a_page_and_an_api_response_merge_in_either_order(store: Store, client: HttpClient, tmp_path: Path) -> None:
    page = write(tmp_path / "page.txt", PAGE.encode())
    response = write(tmp_path / "2026-05-08.json", [row(1, title="Counting clouds"), row(2)])
    reports = [
        pull_files(store, source, [place], None, NOW, client)
        for source, place in ((Page(), page), (HuggingFace(), response), (Page(), page), (HuggingFace(), response))
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


def test_a_day_that_has_no_list_yet_is_a_clean_pull(store: Store, client: HttpClient, httpserver: HTTPServer) -> None:
    httpserver.expect_request(API).respond_with_json({"error": "Invalid date"}, status=400)
    assert pull(store, client, httpserver) == PullReport("huggingface")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, "Rate exceeded.", "429"),
        (500, "", "500"),
        (200, "<html>", "JSON"),
        (200, "{}", "dict"),
        (200, '["x"]', "str"),
    ],
)
def test_a_failure_is_in_the_report_and_keeps_earlier_papers(
    store: Store, client: HttpClient, httpserver: HTTPServer, status: int, body: str, error: str
) -> None:
    query = {"date": "2026-05-07", "limit": "100", "p": "0"}
    httpserver.expect_ordered_request(API, query_string=query).respond_with_json([row(1), {}])
    for _ in range(4 if status >= 429 else 1):
        httpserver.expect_ordered_request(API).respond_with_data(body, status=status)
    address = httpserver.url_for(API)
    report = pull(store, client, httpserver, date(2026, 5, 7))
    assert (report.fetched, report.new) == (1, 1)
    assert [refusal.place for refusal in report.refusals] == [f"{address}?date=2026-05-07&limit=100&p=0, entry 2"]
    assert str(report.error).startswith(f"{address}?date=2026-05-08&limit=100&p=0: ")
    assert error in str(report.error)
    assert store.papers.count() == 1
    assert store.pulls.last_success("huggingface") is None


def test_an_unreachable_server_is_in_the_report(store: Store, client: HttpClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = "http://{}:{}/".format(*closed.getsockname())
    report = pull_days(store, HuggingFace(api=address), Span(TODAY, TODAY), NOW, client)
    assert report == PullReport("huggingface", error=report.error)
    assert str(report.error).startswith(f"{address}?date={TODAY}&limit=100&p=0: ")


def test_a_saved_page_cannot_be_pulled_by_days(store: Store, client: HttpClient) -> None:
    report = pull_days(store, Page(), Span(TODAY, TODAY), NOW, client)
    assert "newsletter pull page saved.txt" in str(report.error)


# -- between pulls --------------------------------------------------------------------------------------


def changing(request: Request) -> Response:
    if request.headers.get("If-None-Match") == '"1"':
        return Response(status=304)
    return Response(json.dumps([row(1)]), headers={"ETag": '"1"'})


def test_unchanged_responses_are_reported(store: Store, client: HttpClient, httpserver: HTTPServer) -> None:
    httpserver.expect_request(API).respond_with_handler(changing)
    first, again = pull(store, client, httpserver, TODAY), pull(store, client, httpserver, TODAY)
    assert first == PullReport("huggingface", fetched=1, new=1)
    assert again == PullReport("huggingface", unchanged=True)
    assert [response.status_code for _, response in httpserver.log] == [200, 304]


def test_a_failure_makes_the_next_pull_complete(store: Store, client: HttpClient, httpserver: HTTPServer) -> None:
    down = httpserver.expect_request(API, query_string={"date": "2026-05-08", "limit": "100", "p": "0"})
    down.respond_with_data(status=404)
    httpserver.expect_request(API).respond_with_handler(changing)
    for _ in range(2):
        assert pull(store, client, httpserver, date(2026, 5, 7)).error is not None
    assert [response.status_code for _, response in httpserver.log] == [200, 404, 200, 404]


def test_validators_of_old_requests_are_forgotten(store: Store, client: HttpClient, httpserver: HTTPServer) -> None:
    httpserver.expect_request(API).respond_with_handler(changing)
    for day in (date(2026, 5, 7), TODAY):
        pull_days(store, HuggingFace(api=httpserver.url_for(API)), Span(day, day), NOW, client)
    (address,) = store.pulls.validators("huggingface")
    assert "2026-05-08" in address


def test_retry_after_is_respected(store: Store, client: HttpClient, httpserver: HTTPServer) -> None:
    httpserver.expect_request(API).respond_with_data(status=429, headers={"Retry-After": "7200"})
    source, span = HuggingFace(api=httpserver.url_for(API)), Span(TODAY, TODAY)
    first = pull_days(store, source, span, NOW, client)
    soon = pull_days(store, source, span, NOW + timedelta(hours=1), client)
    pull_days(store, source, span, NOW + timedelta(hours=3), client)
    assert "429" in str(first.error)
    assert soon.error == "huggingface: rate limited; retry after 2026-05-08 11:30 UTC"
    assert len(httpserver.log) == 2


# -- dry runs and bugs ------------------------------------------------------------------------------


def test_a_dry_run_reports_what_would_be_stored(
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


def test_a_dry_run_reports_failures(store: Store, client: HttpClient, httpserver: HTTPServer) -> None:
    query = {"date": "2026-05-07", "limit": "100", "p": "0"}
    httpserver.expect_request(API, query_string=query).respond_with_json([row(1)])
    httpserver.expect_request(API).respond_with_data(status=404)
    span = Span(date(2026, 5, 7), TODAY)
    report = pull_days(store, HuggingFace(api=httpserver.url_for(API)), span, NOW, client, rehearse=True)
    assert (report.new, "404" in str(report.error)) == (1, True)


class Broken(Page):
    """A source plugin with bugs."""

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        yield Document("first", PAGE.encode())
        raise ZeroDivisionError("oh no")

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        yield from Page.parse(self, document, today)
        if document.place != "first":
            raise KeyError("oh no")


def test_a_bug_in_a_source_plugin_is_a_failure_of_that_source(store: Store, client: HttpClient, tmp_path: Path) -> None:
    by_day = pull_days(store, Broken(), Span(TODAY, TODAY), NOW, client)
    assert by_day.error == "page: ZeroDivisionError: oh no (bug in this source plugin)"
    assert (by_day.new, store.papers.count()) == (2, 2)

    from_file = pull_files(store, Broken(), [write(tmp_path / "a.txt", PAGE.encode())], None, NOW, client)
    assert [refusal.why for refusal in from_file.refusals] == ["page: KeyError: 'oh no' (bug in this source plugin)"]


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


def test_the_saved_page_merges_with_recorded_papers(store: Store, client: HttpClient, shared: Path) -> None:
    page = str(shared / "daily-papers-2026-05-08.txt")
    first = pull_files(store, Page(), [page], None, NOW, client)
    assert (first.fetched, first.new, first.is_clean) == (46, 46, True)
    pull_files(store, HuggingFace(), [str(shared / "huggingface")], None, NOW, client)
    count = store.papers.count()
    assert pull_files(store, Page(), [page], None, LATER, client) == PullReport("page", fetched=46)
    assert 2373 <= store.papers.count() == count <= 2373 + 46


def test_what_is_longer_than_the_limits_is_cut_and_counted(store: Store, client: HttpClient, tmp_path: Path) -> None:
    records = [{"title": "One", "abstract": "A sentence of this. " * 2000}, {"title": "Two", "abstract": "Short."}]
    (tmp_path / "papers.json").write_text(json.dumps(records))
    report = pull_files(store, File(), [str(tmp_path / "papers.json")], None, NOW, client)
    assert (report.fetched, report.cut) == (2, 1)
    assert {len(paper.abstract) for paper in store.papers.newest(9)} == {19_979, 6}


def test_an_item_without_a_title_is_refused_at_the_first_pull_only(
    store: Store, client: HttpClient, tmp_path: Path
) -> None:
    items = [{"id": "1", "title": "Clouds", "url": "https://clouds.example/1"}, {"id": "2", "content_text": "A note."}]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Notes", "items": items}
    place = write(tmp_path / "feed.json", feed)
    first, second = (pull_files(store, Feed(), [place], None, NOW, client) for _ in range(2))
    assert (first.new, [one.why for one in first.refusals]) == (1, ["no title"])
    assert (second.fetched, second.is_clean) == (1, True)


def test_papers_are_seen_when_they_are_stored_not_when_a_long_pull_began(
    store: Store, client: HttpClient, httpserver: HTTPServer
) -> None:
    """An edition that is planned meanwhile covers what was seen until then; they are for the next one."""
    record = {"paper": {"id": "2605.00001", "title": "Pears in winter", "summary": "About pears."}}
    httpserver.expect_request(API).respond_with_json([record])
    stored_at = NOW + timedelta(minutes=7)
    source = HuggingFace(api=httpserver.url_for(API))
    pull_days(store, source, Span(TODAY, TODAY), NOW, client, clock=lambda: stored_at)
    assert store.papers.last_seen_at() == stored_at
    assert [paper.title for paper in store.papers.new_since(NOW + timedelta(minutes=3))] == ["Pears in winter"]
