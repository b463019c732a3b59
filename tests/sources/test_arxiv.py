from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsletter.errors import SourceError
from newsletter.models import Entry
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.arxiv import Arxiv
from tests.factories import TODAY
from tests.sources.test_arxiv_atom import ATOM, FEED_ERROR, parse


def response(*numbers: int, total: int) -> str:
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/2605.{number:05}v1</id><title>{number}</title></entry>" for number in numbers
    )
    return f'<feed {ATOM}><totalResults xmlns="http://a9.com/-/spec/opensearch/1.1/">{total}</totalResults>{entries}</feed>'


def fetch(httpserver: HTTPServer, *follow: str, first: date = TODAY, **settings: Any) -> list[Document]:
    source = Arxiv(follow=follow, api=httpserver.url_for("/api"), feed=httpserver.url_for("/atom"), **settings)
    with HttpClient(sleep=lambda _seconds: None) as client:
        return list(source.fetch(Span(first, TODAY), client))


def asked(httpserver: HTTPServer) -> Iterator[tuple[str, str, str]]:
    for request, _ in httpserver.log:
        yield request.path, request.args.get("search_query", ""), request.args.get("start", "")


def test_all_categories_are_requested_in_one_feed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/atom/cs.CL+math.CO+hep-th+physics.ao-ph").respond_with_data(response(total=0))
    assert len(fetch(httpserver, "cs.CL", "math.CO", "hep-th", "physics.ao-ph")) == 1


def test_whole_archives_are_named_as_the_feed_and_as_the_api_name_them(httpserver: HTTPServer) -> None:
    """The feed refuses "cs.*", and the API finds next to nothing under "cat:cs"."""
    httpserver.expect_request("/atom/cs+eess+gr-qc").respond_with_data(response(total=0))
    httpserver.expect_request("/api").respond_with_data(response(total=0))
    fetch(httpserver, "cs", "eess.*", "gr-qc", "eess", first=date(2026, 5, 1))
    assert next(query for path, query, _ in asked(httpserver) if path == "/api").startswith(
        "(cat:cs.* OR cat:eess.* OR cat:gr-qc) AND "
    )


def test_a_word_that_is_not_an_archive_is_a_query(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api").respond_with_data(response(total=0))
    fetch(httpserver, "transformers", "cs.CL AND ti:clouds", "CS.CL")
    assert [query.split(" AND sub")[0] for _, query, _ in asked(httpserver)] == [
        "(transformers)", "(cs.CL AND ti:clouds)", "(CS.CL)",
    ]  # fmt: skip


def test_nothing_to_follow_is_an_error_with_an_example(httpserver: HTTPServer) -> None:
    with pytest.raises(SourceError, match=r"^arxiv: nothing to follow \(.*newsletter pull arxiv cs\.CL cs\.LG"):
        fetch(httpserver)


def test_an_unmodified_feed_has_no_documents(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/atom/cs.CL").respond_with_data(status=304)
    assert fetch(httpserver, "cs.CL") == []


def test_further_pages_of_an_unmodified_query_are_not_requested(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api").respond_with_data(status=304)
    assert fetch(httpserver, "ti:clouds") == []
    assert len(httpserver.log) == 1


def test_the_error_message_for_an_unknown_category_is_quoted(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/atom/cs.XX").respond_with_data(FEED_ERROR, status=400)
    with pytest.raises(SourceError, match=r"/atom/cs\.XX: arXiv error: Bad subject class 'XX'\.$"):
        fetch(httpserver, "cs.XX")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f"<feed {ATOM}><entry><id>https://arxiv.org/api/errors#x</id><summary>odd query</summary></entry></feed>",
         "arXiv error: odd query"),
        ("<feed/>", "HTTP 400 Bad Request (check the spelling of the category or query)"),
        ("Bad Request", "not XML: 'Bad Request'"),
    ],
)  # fmt: skip
def test_the_error_message_for_an_invalid_query_is_quoted(httpserver: HTTPServer, content: str, words: str) -> None:
    httpserver.expect_request("/api").respond_with_data(content, status=400)
    with pytest.raises(SourceError) as caught:
        fetch(httpserver, "ti:((")
    assert str(caught.value).endswith(f": {words}")


def test_missed_days_are_requested_from_the_api(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/atom/cs.CL+cs.LG").respond_with_data(response(total=0))
    httpserver.expect_request("/api").respond_with_data(response(1, total=1))
    assert len(fetch(httpserver, "cs.CL", "cs.LG", first=date(2026, 5, 1))) == 2
    assert list(asked(httpserver))[1] == (
        "/api", "(cat:cs.CL OR cat:cs.LG) AND submittedDate:[202604270000 TO 202605082359]", "0",
    )  # fmt: skip


@pytest.mark.parametrize(("first", "is_asked"), [(8, False), (7, False), (6, True)])
def test_the_latest_announcement_is_enough_for_today_and_yesterday(
    httpserver: HTTPServer, first: int, is_asked: bool
) -> None:
    httpserver.expect_request("/atom/cs.CL").respond_with_data(response(total=0))
    httpserver.expect_request("/api").respond_with_data(response(total=0))
    fetch(httpserver, "cs.CL", first=date(2026, 5, first))
    assert ("/api" in [path for path, _, _ in asked(httpserver)]) is is_asked


def test_a_query_is_requested_page_by_page(httpserver: HTTPServer) -> None:
    pages = {"0": (1, 2), "2": (3,)}

    def handle(request: Request) -> Response:
        return Response(response(*pages[request.args["start"]], total=3))

    httpserver.expect_request("/api").respond_with_handler(handle)
    assert len(fetch(httpserver, 'ti:"clouds"')) == 2
    assert list(asked(httpserver)) == [
        ("/api", '(ti:"clouds") AND submittedDate:[202605040000 TO 202605082359]', start) for start in ("0", "2")
    ]


def test_a_page_that_is_empty_by_mistake_is_requested_again(httpserver: HTTPServer) -> None:
    for page in (response(1, total=2), response(total=2), response(2, total=2)):
        httpserver.expect_ordered_request("/api").respond_with_data(page)
    assert len(fetch(httpserver, "ti:clouds")) == 2


def test_a_page_that_stays_empty_is_an_error(httpserver: HTTPServer) -> None:
    for page in (response(1, total=2), response(total=2), response(total=2)):
        httpserver.expect_ordered_request("/api").respond_with_data(page)
    with pytest.raises(SourceError, match="empty page: expected more of 2 results"):
        fetch(httpserver, "ti:clouds")


@pytest.mark.parametrize(
    ("most", "pages"), [(0, []), (1, [("0", "1")]), (200, [("0", "200")]), (250, [("0", "200"), ("200", "50")])]
)
def test_at_most_max_results_are_requested(httpserver: HTTPServer, most: int, pages: list[tuple[str, str]]) -> None:
    def handle(request: Request) -> Response:
        start = int(request.args["start"])
        return Response(response(*range(start + 1, start + 1 + int(request.args["max_results"])), total=9_999))

    httpserver.expect_request("/api").respond_with_handler(handle)
    assert sum(len(parse(one.content)) for one in fetch(httpserver, "ti:clouds", max_results=most)) == most
    assert [(one.args["start"], one.args["max_results"]) for one, _ in httpserver.log] == pages
    assert {(one.args["sortBy"], one.args["sortOrder"]) for one, _ in httpserver.log} <= {
        ("submittedDate", "descending")
    }


def test_without_a_total_a_page_that_is_not_full_is_the_last(httpserver: HTTPServer) -> None:
    for page in (range(1, 201), range(201, 204)):
        content = re.sub("<totalResults.*</totalResults>", "", response(*page, total=0))
        httpserver.expect_ordered_request("/api").respond_with_data(content)
    assert [len(parse(one.content)) for one in fetch(httpserver, "ti:clouds")] == [200, 3]
    httpserver.check()


# -- recorded responses ---------------------------------------------------------------------------------


def recorded(path: Path) -> Document:
    """The response in a file; its text may be UTF-8 that was decoded as Latin-1."""
    body = json.loads(path.read_bytes())["body"]
    try:
        content = body.encode("latin-1")
        content.decode()
    except UnicodeError:
        content = body.encode()
    return Document(path.name, content)


def test_the_recorded_responses_of_the_api_are_parsed_completely(shared: Path) -> None:
    counts: list[int | str] = []
    for path in sorted((shared / "arxiv-atom").glob("*.json")):
        try:
            found = list(Arxiv().parse(recorded(path), TODAY))
        except SourceError as error:
            counts.append(str(error).partition(": arXiv error: ")[1])
            continue
        counts.append(len(found))
        entries = [one for one in found if isinstance(one, Entry)]
        assert len(entries) == len(found)
        assert all(one.abstract and one.authors and one.published and one.version for one in entries)
        assert all(one.categories and not one.listed for one in entries)
    # In the order of the files' names.
    assert counts == [0, 0, 1, ": arXiv error: ", 1, 10, 10, 10, 10, 15]


def test_the_recorded_feed_is_parsed_completely(shared: Path) -> None:
    (path,) = (shared / "arxiv-feed").glob("atom-*.xml")
    document = Document(path.name, path.read_bytes())
    for announce, count in ((("new", "cross"), 7), (("cross",), 5), (("new",), 2), (("replace", "replace-cross"), 0)):
        found = list(Arxiv(announce=announce).parse(document, TODAY))
        assert Counter(type(one) for one in found) == ({Entry: count} if count else {})
        days = {(one.listed, one.published) for one in found if isinstance(one, Entry)}
        assert days <= {(date(2025, 8, 20), None)}
