"""Every source with all that servers and files may give it. The facts of each are tested in its own module."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.pipeline.pull import pull_days, pull_files
from newsletter.sources import Document, HttpClient, Source, Span, all_sources, find_source
from newsletter.sources.settings import make_source
from newsletter.store import Store
from tests.factories import NOW, TODAY

RECORDINGS = Path(__file__).parent / "recordings"
SPAN = Span(TODAY, TODAY)

#: An invented recording of each source and the settings that request it. Each has three papers, one without a title.
RECORDED: dict[str, tuple[str, dict[str, Any]]] = {
    "huggingface": ("huggingface.json", {}),
    "arxiv": ("arxiv.xml", {"follow": ["ti:clouds"]}),
    "biorxiv": ("biorxiv.json", {"follow": ["neuroscience"]}),
    "medrxiv": ("biorxiv.json", {"follow": ["neuroscience"]}),
    "openalex": ("openalex.json", {"follow": ["clouds"]}),
    "semanticscholar": ("semanticscholar.json", {"follow": ["clouds"]}),
    "crossref": ("crossref.json", {"follow": ["clouds"]}),
    "pubmed": ("pubmed.xml", {"follow": ["clouds"]}),
    "europepmc": ("europepmc.json", {"follow": ["clouds"]}),
    "dblp": ("dblp.json", {"follow": ["clouds"]}),
    "inspire": ("inspire.json", {"follow": ["t clouds"]}),
    "ads": ("ads.json", {"follow": ["abs:clouds"], "api_key": "a token"}),
    "acl": ("acl.xml", {"follow": ["2026.cloud"]}),
    "openreview": ("openreview.json", {"follow": ["clouds"]}),
    "zotero": ("zotero.json", {"follow": ["users/12345"]}),
    "feed": ("feed.xml", {}),
}
KINDS = sorted(RECORDED)
SEARCH = {"esearchresult": {"count": "3", "idlist": ["1", "2", "3"]}}


def recorded(kind: str) -> bytes:
    return (RECORDINGS / RECORDED[kind][0]).read_bytes()


def source_at(kind: str, httpserver: HTTPServer) -> Source:
    """The source, asking a server of ours."""
    table: dict[str, Any] = {**RECORDED[kind][1]}
    if kind == "feed":
        table["follow"] = [httpserver.url_for("/ask")]
    else:
        table["api"] = httpserver.url_for("/ask")
    return make_source(find_source(kind), table, {})


def serve(httpserver: HTTPServer, response: Callable[[Request], Response]) -> None:
    httpserver.expect_request(re.compile("/ask.*")).respond_with_handler(response)


def body_of(kind: str, request: Request) -> bytes:
    """The recording; PubMed is first asked for ids."""
    return json.dumps(SEARCH).encode() if request.path.endswith("esearch.fcgi") else recorded(kind)


def respond_well(kind: str) -> Callable[[Request], Response]:
    """Give the recording, compressed, and say "not modified" to those who know it."""

    def respond(request: Request) -> Response:
        if request.headers.get("If-None-Match") == '"1"' or request.headers.get("If-Modified-Since-Version") == "1":
            return Response(status=304)
        packed = gzip.compress(body_of(kind, request))
        validator = {"Last-Modified-Version": "1"} if kind == "zotero" else {"ETag": '"1"'}
        return Response(packed, headers={**validator, "Content-Encoding": "gzip"})

    return respond


def test_every_source_of_ours_is_here() -> None:
    assert set(all_sources()) - {"file", "page", "alerts"} == set(KINDS)


# -- servers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_is_stored_and_not_asked_for_again_unless_it_changed(
    kind: str, store: Store, client: HttpClient, httpserver: HTTPServer
) -> None:
    serve(httpserver, respond_well(kind))
    first, again = (pull_days(store, source_at(kind, httpserver), SPAN, NOW, client) for _ in range(2))

    assert (first.new, len(first.refusals), first.error) == (2, 1, None)
    assert (again.fetched, again.unchanged, again.error) == (0, True, None)
    assert httpserver.log[-1][1].status_code == 304


@pytest.mark.parametrize("kind", KINDS)
def test_a_temporary_failure_is_retried(kind: str, store: Store, client: HttpClient, httpserver: HTTPServer) -> None:
    troubles = [Response(status=429, headers={"Retry-After": "1"}), Response(status=500), Response(status=503)]

    def respond(request: Request) -> Response:
        if troubles:
            return troubles.pop(0)
        return Response(body_of(kind, request))

    serve(httpserver, respond)
    report = pull_days(store, source_at(kind, httpserver), SPAN, NOW, client)
    assert (report.new, report.error) == (2, None)


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (lambda: Response("Rate exceeded.", status=429), "HTTP 429"),
        (lambda: Response(status=429, headers={"Retry-After": "7200"}), "rate limited; retry after 2.0 hours"),
        (lambda: Response("<html>", status=500), "HTTP 500"),
        (lambda: Response("nobody here", status=404), "HTTP 404"),
        (lambda: Response("<html><body>A nice page</body></html>"), ""),
        (lambda: Response("Rate exceeded."), ""),
        (lambda: Response(bytes(3 * 2**20)), "response larger than 2 MB"),
        (lambda: Response("{}", headers={"Content-Encoding": "gzip"}), "request failed"),
    ],
    ids=["429", "busy", "500", "404", "html", "words", "huge", "not gzip"],
)
@pytest.mark.parametrize("kind", KINDS)
def test_an_invalid_response_is_an_error_of_one_line_and_stores_nothing(
    kind: str, store: Store, client: HttpClient, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch,
    response: Callable[[], Response], words: str,
) -> None:  # fmt: skip
    monkeypatch.setattr("newsletter.sources.http.client.MAX_RESPONSE_B", 2 * 2**20)
    serve(httpserver, lambda _request: response())

    report = pull_days(store, source_at(kind, httpserver), SPAN, NOW, client)

    assert report.error is not None
    assert words in report.error
    assert len(report.error.splitlines()) == 1
    assert "broke off" not in report.error
    assert (store.papers.count(), store.pulls.last_success(report.source)) == (0, None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_truncated_body_is_an_error_or_has_refusals(
    kind: str, store: Store, client: HttpClient, httpserver: HTTPServer
) -> None:
    serve(httpserver, lambda request: Response((body := body_of(kind, request))[: len(body) * 2 // 3]))
    report = pull_days(store, source_at(kind, httpserver), SPAN, NOW, client)
    assert (report.error is not None or bool(report.refusals)) or kind == "feed"
    assert "broke off" not in str(report.error)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("huggingface", "biorxiv", "medrxiv")])
def test_the_error_of_a_source_that_follows_nothing_has_an_example(kind: str, store: Store, client: HttpClient) -> None:
    report = pull_days(store, make_source(find_source(kind), {}, {}), SPAN, NOW, client)
    assert str(report.error).startswith(f"{kind}: nothing to follow (")
    assert f"newsletter pull {kind} " in str(report.error)


@pytest.mark.parametrize("kind", ["openalex", "semanticscholar", "pubmed", "huggingface", "ads", "zotero"])
@pytest.mark.parametrize("status", [200, 404])
def test_a_key_is_sent_and_never_shown(
    kind: str, status: int, store: Store, client: HttpClient, httpserver: HTTPServer
) -> None:
    serve(httpserver, lambda request: respond_well(kind)(request) if status == 200 else Response(status=404))
    table = {**RECORDED[kind][1], "api": httpserver.url_for("/ask"), "api_key": "s3cret"}
    source = make_source(find_source(kind), table, {})
    report = pull_days(store, source, SPAN, NOW, client)
    sent = [str(request.url) + str(request.headers) for request, _ in httpserver.log]
    found = [one.place for paper in store.papers.newest(9) for one in store.papers.mentions(paper.id)]
    assert "s3cret" in sent[0]
    assert "s3cret" not in str(report) + str(found) + str(store.pulls.validators(report.source)) + repr(source)


# -- parsing ------------------------------------------------------------------------------------------


def parsed(kind: str, content: bytes) -> list[Entry | Refusal]:
    """Parse a document; nothing but `SourceError` in one line may be raised."""
    try:
        found = list(find_source(kind)().parse(Document("x", content), TODAY))
    except SourceError as error:
        return _checked(error)
    for one in found:
        assert one.title if isinstance(one, Entry) else one.why
        assert "\n" not in (one.title + one.abstract if isinstance(one, Entry) else str(one))
    return found


@pytest.mark.parametrize("kind", sorted(all_sources()))
@given(st.binary(max_size=200) | st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_entries_or_one_error(kind: str, content: bytes) -> None:
    parsed(kind, content)


def _checked(error: SourceError) -> list[Entry | Refusal]:
    assert str(error).startswith("x: ")
    assert len(str(error).splitlines()) == 1
    return []


VALUES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just([]) | st.just({})
)


def mutated(draw: Any, value: Any) -> Any:
    """Return a JSON value with any of its parts replaced."""
    if draw(st.integers(0, 12)) == 0:
        return draw(VALUES)
    if isinstance(value, dict):
        return {name: mutated(draw, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [mutated(draw, inner) for inner in value]
    return value


@pytest.mark.parametrize("kind", [kind for kind in KINDS if RECORDED[kind][0].endswith(".json")])
@given(st.data())
def test_a_response_with_any_part_replaced_is_handled(kind: str, data: st.DataObject) -> None:
    response = mutated(data.draw, json.loads(recorded(kind)))
    parsed(kind, json.dumps(response).encode("utf-8", "replace"))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if RECORDED[kind][0].endswith(".xml")])
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 60), st.binary(max_size=6)), min_size=1, max_size=4))
def test_xml_with_pieces_removed_and_inserted_is_handled(kind: str, cuts: list[tuple[float, int, bytes]]) -> None:
    content = recorded(kind)
    for where, length, instead in cuts:
        start = int(where * len(content))
        content = content[:start] + instead + content[start + length :]
    parsed(kind, content)


@pytest.mark.parametrize("kind", sorted(all_sources()))
@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{}", b"null", b"5", b"1e999", b"9" * 5000, b"[" * 100_000, b'{"a":' * 50_000, b"<" * 9_000,
        b"<a>" * 20_000, b"<a/>", b"<html></html>", b"Rate exceeded.", b"\xff\xfe<\0a\0/\0>\0",
        b'["\\ud800"]', b"\0" * 99,
        b'<?xml version="1.0" encoding="utf-7"?><feed/>', b'<?xml version="1.0" encoding="nonsense"?><feed/>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><feed><title>&b;</title></feed>',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&b;</title></item></channel></rss>',
        "<!DOCTYPE a [<!ENTITY b 'c'>]><feed><title>&b;</title></feed>".encode("utf-16"),
    ],
    ids=lambda content: repr(content[:24]),
)  # fmt: skip
def test_malformed_documents_give_no_entries(kind: str, content: bytes) -> None:
    found = parsed(kind, content)
    assert [one for one in found if isinstance(one, Entry)] == [] or (kind == "file" and b"." in content)
    assert "root:" not in str(found)


# -- the store in any order ----------------------------------------------------------------------


def summary(store: Store) -> list[Any]:
    papers = (replace(paper, id=0) for paper in store.papers.newest(999))
    return sorted(papers, key=lambda paper: paper.key)


def test_all_recordings_in_either_order_make_the_same_store(tmp_path: Path, client: HttpClient) -> None:
    from tests.stores import open_new_store

    stores = [open_new_store(tmp_path / name) for name in ("a.db", "b.db")]
    for store, kinds in zip(stores, (KINDS, KINDS[::-1]), strict=True):
        for kind in (*kinds, *kinds):
            pull_files(store, find_source(kind)(), [str(RECORDINGS / RECORDED[kind][0])], TODAY, NOW, client)
    assert summary(stores[0]) == summary(stores[1])
    assert any(len(paper.sources) >= 4 for paper in summary(stores[0]))
    for store in stores:
        store.close()


# -- recorded data ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "folder", "fetched"),
    [
        ("arxiv", "arxiv-atom", 57),
        ("arxiv", "arxiv-feed", 7),
        ("feed", "arxiv-feed", 7),
        ("crossref", "crossref", 165),
        ("semanticscholar", "semanticscholar", 1109),
        ("pubmed", "pubmed", 1),
        ("feed", "feeds", 55),
        ("file", "arxiv-days", 11035),
    ],
)
def test_recorded_responses_are_pulled_and_a_second_pull_adds_nothing(
    kind: str, folder: str, fetched: int, store: Store, client: HttpClient, shared: Path
) -> None:
    source = find_source(kind)()
    first, again = (pull_files(store, source, [str(shared / folder)], None, NOW, client) for _ in range(2))
    assert (first.fetched, first.error) == (fetched, None)
    assert (again.fetched, again.new, again.updated) == (fetched, 0, 0)
    assert all(len(str(refusal).splitlines()) == 1 and "broke off" not in refusal.why for refusal in first.refusals)
    if kind == "file":
        assert (first.new, first.refusals) == (6346, ())


def test_recorded_days_in_either_order_make_the_same_store(tmp_path: Path, client: HttpClient, shared: Path) -> None:
    from tests.stores import open_new_store

    places = [
        ("huggingface", str(shared / "huggingface")), ("page", str(shared / "daily-papers-2026-05-08.txt")),
        ("arxiv", str(shared / "arxiv-atom")),
        *(("file", str(day)) for day in sorted((shared / "arxiv-days").glob("*.jsonl.gz"))[-1:]),
    ]  # fmt: skip
    stores = [open_new_store(tmp_path / name) for name in ("a.db", "b.db")]
    for store, order in zip(stores, (places, places[::-1]), strict=True):
        for kind, place in order:
            pull_files(store, find_source(kind)(), [place], None, NOW, client)
    assert len(summary(stores[0])) > 500
    assert summary(stores[0]) == summary(stores[1])
    for store in stores:
        store.close()
