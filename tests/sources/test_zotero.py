"""Zotero: the facts of its items, what is added to a library, and how it is synchronised."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from newsletter.errors import SourceError, SourceRateLimited
from newsletter.models import Entry, PartialDate, Refusal
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.zotero import _PAGE_SIZE, LibraryChanges, Zotero
from tests.factories import TODAY
from tests.sources.zotero_server import Library

RECORDING = Path(__file__).parent / "recordings" / "zotero.json"
SPAN = Span(date(2026, 5, 7), TODAY)
USER = "users/12345"


@pytest.fixture
def library(httpserver: HTTPServer) -> Library:
    return Library(httpserver)


def source(library: Library, follow: str = USER, **settings: Any) -> Zotero:
    return Zotero(follow=(follow,), api=library.api, **settings)


def parse(content: Any) -> list[Entry | Refusal]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(Zotero().parse(Document("x", body), TODAY))


def only(**data: Any) -> Entry:
    """The entry of one item."""
    (entry,) = parse([{"data": {"itemType": "journalArticle", "title": "Counting Clouds", **data}}])
    assert isinstance(entry, Entry)
    return entry


def titles(documents: list[Document]) -> list[str]:
    found = [one for document in documents for one in Zotero().parse(document, TODAY)]
    return [one.title for one in found if isinstance(one, Entry)]


# -- items --------------------------------------------------------------------------------------------


def test_items_are_parsed_with_all_their_facts() -> None:
    assert parse(RECORDING.read_bytes()) == [
        Entry(
            source="zotero", title="Counting Clouds with Small Language Models",
            abstract="We teach a small language model to count clouds. It counts well on clear days.",
            authors=("Ada Example", "The Cloud Team"), arxiv_id="2605.01234", published=date(2026, 5, 6),
            keywords=("clouds", "Computer Science"),
        ),
        Entry(
            source="zotero", title="Kettles That Know When to Whistle", authors=("Cy Specimen",),
            published=PartialDate(2026, 5), venue="Journal of Kettles",
        ),
        Refusal("x, entry 3", "no title"),
        Refusal("x, entry 4", "not a paper (attachment)", is_left_out=True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("H<sub>2</sub>O in <i>WASP-1b</i>", "H₂O in WASP-1b"),
        ("Bounds for p<s and t>0", "Bounds for p<s and t>0"),
        (r"The $\alpha$ of clouds", "The α of clouds"),
        ("<jats:p>We count.</jats:p>", "We count."),
    ],
)
def test_the_markup_that_zotero_allows_is_read_and_any_other_is_text(written: str, read: str) -> None:
    assert (only(title=written).title, only(abstractNote=written).abstract) == (read, read)


def test_the_version_of_an_item_is_not_that_of_its_paper() -> None:
    assert only(version=812).version is None


def test_facts_of_a_wrong_type_are_missing() -> None:
    names = (
        "creators", "abstractNote", "DOI", "url", "date", "publicationTitle", "bookTitle", "proceedingsTitle", "number",
        "archiveID", "extra", "tags",
    )  # fmt: skip
    wrongs: tuple[Any, ...] = (None, 5, {}, [None], [[]], [{}], True)
    for wrong in wrongs:
        assert only(**dict.fromkeys(names, wrong)) == Entry(source="zotero", title="Counting Clouds")


def test_notes_attachments_and_items_in_the_trash_are_no_papers() -> None:
    for data in (
        {"itemType": "note"},
        {"itemType": "attachment"},
        {"itemType": None},
        {"deleted": 1},
        {"deleted": True},
    ):
        (left_out,) = parse([{"data": {"itemType": "thesis", "title": "Clouds", **data}}])
        assert isinstance(left_out, Refusal)
        assert left_out.is_left_out


@pytest.mark.parametrize("content", [{"items": []}, [5], [{"key": "A"}], {"error": "x"}])
def test_what_is_no_list_of_items_is_an_error(content: Any) -> None:
    with pytest.raises(SourceError, match="not a list of items"):
        parse(content)


# -- following ----------------------------------------------------------------------------------------


def test_what_was_added_on_the_days_of_the_pull_is_listed(library: Library, client: HttpClient) -> None:
    library.put("A", "Today", dateAdded="2026-05-08T23:59:59Z")
    library.put("B", "Yesterday", dateAdded="2026-05-07T00:00:00Z")
    library.put("C", "Long ago", dateAdded="2026-05-06T23:59:59Z")
    library.put("D", "Tomorrow", dateAdded="2026-05-09T00:00:00Z")
    library.put("E", "In the trash", deleted=1)

    assert titles(list(source(library, api_key="s3cret").fetch(SPAN, client))) == ["Today", "Yesterday"]
    request = library.log[0][0]
    assert request.headers["Zotero-API-Version"] == "3"
    assert request.headers["Zotero-API-Key"] == "s3cret"
    assert (request.args["format"], request.args["include"]) == ("json", "data")


def test_pages_end_where_older_items_begin(library: Library, client: HttpClient) -> None:
    for number in range(2 * _PAGE_SIZE + 50):
        added = "2026-05-08T07:00:00Z" if number < _PAGE_SIZE + 1 else "2026-04-01T07:00:00Z"
        library.put(f"K{number}", f"Title {number}", dateAdded=added)
    assert len(titles(list(source(library).fetch(SPAN, client)))) == _PAGE_SIZE + 1
    assert len(library.log) == 2


def test_an_unchanged_library_is_asked_for_once_unless_earlier_days_are_wanted(
    library: Library, client: HttpClient
) -> None:
    library.put("A", "Today")
    follow = source(library)
    assert titles(list(follow.fetch(SPAN, client))) == ["Today"]
    state = client.state
    assert state == {USER: "1 2026-05-08"}

    client.start_over({}, state)
    assert list(follow.fetch(Span(TODAY, TODAY), client)) == []
    assert client.unchanged == 1
    assert titles(list(follow.fetch(SPAN, client))) == ["Today"]

    library.put("B", "New")
    assert titles(list(follow.fetch(Span(TODAY, TODAY), client))) == ["New", "Today"]


def test_an_empty_library_and_one_that_is_for_tastes_only_list_nothing(library: Library, client: HttpClient) -> None:
    assert titles(list(source(library).fetch(SPAN, client))) == []
    library.put("A", "Today")
    assert list(source(library, new_papers=False).fetch(SPAN, client)) == []


def test_a_collection_is_a_library_of_its_own(library: Library, client: HttpClient) -> None:
    library.put("A", "Today")
    assert titles(list(source(library, f"{USER}/collections/CCCC2222").fetch(SPAN, client))) == ["Today"]


@pytest.mark.parametrize("follow", ["12345", "users/ada", "users/1/items", "groups/1/collections/x", "../keys/1"])
def test_what_is_no_library_is_an_error(follow: str, library: Library, client: HttpClient) -> None:
    with pytest.raises(SourceError, match="not a library"):
        list(source(library, follow).fetch(SPAN, client))
    assert library.log == []


def test_a_wrong_key_is_an_error(library: Library, client: HttpClient) -> None:
    library.troubles = [Response("Invalid key", status=403)]
    with pytest.raises(SourceError, match="HTTP 403"):
        list(source(library, api_key="s3cret").fetch(SPAN, client))


# -- synchronising ------------------------------------------------------------------------------------


def names(changes: LibraryChanges) -> tuple[int, list[str], list[str]]:
    return changes.version, sorted(changes.present), sorted(changes.gone)


def test_the_first_time_all_of_a_library_is_read_and_then_what_changed(library: Library, client: HttpClient) -> None:
    for key in "ABC":
        library.put(key, f"Title {key}", dateAdded="2019-01-01T00:00:00Z")
    library.put("N", itemType="note")
    zotero = source(library)
    assert names(zotero.changes(USER, 0, client)) == (4, ["A", "B", "C"], ["N"])

    library.delete("A")
    library.put("B", deleted=1)  # into the trash
    library.put("C", "Corrected")
    library.put("D", "Title D")
    changes = zotero.changes(USER, 4, client)
    assert names(changes) == (8, ["C", "D"], ["A", "B"])
    assert changes.present["C"].title == "Corrected"

    assert names(zotero.changes(USER, 8, client)) == (8, [], [])
    assert library.log[-1][1].status_code == 304


def test_an_item_that_leaves_the_collection_is_gone(library: Library, client: HttpClient) -> None:
    follow = f"{USER}/collections/CCCC2222"
    library.put("A", "Title A", collections=["CCCC2222"])
    library.put("B", "Title B", collections=["DDDD2222"])
    assert names(source(library, follow).changes(follow, 0, client)) == (2, ["A"], ["B"])
    library.put("A", collections=[])
    library.put("B", collections=["DDDD2222", "CCCC2222"])
    assert names(source(library, follow).changes(follow, 2, client)) == (4, ["B"], ["A"])


def test_a_large_library_is_read_in_pages(library: Library, client: HttpClient) -> None:
    for number in range(2 * _PAGE_SIZE):
        library.put(f"K{number:03}", f"Title {number}")
    assert len(source(library).changes(USER, 0, client).present) == 2 * _PAGE_SIZE
    assert [request.args["start"] for request, _ in library.log] == ["0", "100", "200"]


def test_a_library_that_changes_while_it_is_read_is_read_anew_and_given_up(
    library: Library, client: HttpClient
) -> None:
    for number in range(_PAGE_SIZE + 1):
        library.put(f"K{number:03}", f"Title {number}")
    library.is_restless = True
    with pytest.raises(SourceError, match="changes while it is read"):
        source(library).changes(USER, 0, client)


def test_a_library_without_an_end_is_given_up(
    httpserver: HTTPServer, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.sources.zotero._MAX_PAGES", 3)
    page = [{"key": f"K{number}", "data": {"itemType": "note"}} for number in range(_PAGE_SIZE)]
    httpserver.expect_request("/users/12345/items/top").respond_with_json(page, headers={"Last-Modified-Version": "7"})
    endless = Zotero(follow=(USER,), api=httpserver.url_for("").rstrip("/"))
    with pytest.raises(SourceError, match="more than 300 items"):
        endless.changes(USER, 0, client)
    assert len(httpserver.log) == 3


def test_a_response_without_a_version_is_an_error(library: Library, client: HttpClient) -> None:
    for version in ("", "new", "9" * 40):
        library.troubles = [Response("[]", headers={"Last-Modified-Version": version})]
        with pytest.raises(SourceError, match="no Last-Modified-Version"):
            source(library).changes(USER, 0, client)


def test_a_long_backoff_is_a_rate_limit(library: Library, client: HttpClient) -> None:
    for number in range(_PAGE_SIZE + 1):
        library.put(f"K{number:03}", f"Title {number}")
    library.troubles = [Response("[]", headers={"Backoff": "600", "Last-Modified-Version": "1"})]
    source(library).changes(USER, 0, client)
    with pytest.raises(SourceRateLimited):
        source(library).changes(USER, 0, client)
