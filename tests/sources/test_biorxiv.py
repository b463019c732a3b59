from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources import Document, Span
from newsletter.sources.biorxiv import Biorxiv, Medrxiv
from newsletter.sources.http.client import HttpClient
from tests.factories import TODAY

ROW: dict[str, Any] = {
    "doi": "10.64898/2026.05.04.123456",
    "title": "Clouds in the\n  hippocampus of <i>Mus nubilus</i>",
    "authors": "Example, A.; Sample, B. C.; van Specimen, D.",
    "author_corresponding": "Ada Example",
    "author_corresponding_institution": "Institute of Clouds &amp; Rain",
    "date": "2026-05-06",
    "version": "1",
    "type": "new results",
    "license": "cc_by",
    "category": "neuroscience",
    "jatsxml": "https://www.biorxiv.org/content/early/2026/05/06/2026.05.04.123456.source.xml",
    "abstract": "Abstract\nWe look for clouds.\n\nWe find 10<sup>3</sup>.",
    "published": "NA",
    "server": "bioRxiv",
}
ENTRY = Entry(
    source="biorxiv",
    title="Clouds in the hippocampus of Mus nubilus",
    abstract="We look for clouds. We find 10³.",
    authors=("A. Example", "B. C. Sample", "D. van Specimen"),
    organization="Institute of Clouds & Rain",
    doi="10.64898/2026.05.04.123456",
    published=date(2026, 5, 6),
    categories=("neuroscience",),
    venue="bioRxiv",
    version=1,
    url="https://www.biorxiv.org/content/10.64898/2026.05.04.123456v1",
)


def response(*rows: Any, total: Any = None, status: str = "ok") -> dict[str, Any]:
    message = {"status": status, "cursor": 0, "count": len(rows), "total": len(rows) if total is None else total}
    return {"messages": [message], "collection": list(rows)}


def row(**changes: Any) -> dict[str, Any]:
    return {**ROW, **changes}


def parse(content: Any, source: Biorxiv | Medrxiv = Biorxiv()) -> list[Entry | Refusal]:  # noqa: B008 - it is frozen
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(source.parse(Document("saved.json", body), TODAY))


def one(**changes: Any) -> Entry:
    (entry,) = parse(response(row(**changes)))
    assert isinstance(entry, Entry)
    return entry


# -- what a row says ----------------------------------------------------------------------------------


def test_a_row_is_parsed_with_all_its_facts() -> None:
    assert parse(response(ROW)) == [ENTRY]


def test_medrxiv_is_parsed_the_same_way_under_its_own_name() -> None:
    assert parse(response(ROW), Medrxiv()) == [
        replace(ENTRY, source="medrxiv", venue="medRxiv", url=(ENTRY.url or "").replace("biorxiv", "medrxiv"))
    ]


def test_a_doi_and_a_title_suffice() -> None:
    assert parse(response({"doi": "10.1101/123456", "title": "Counting Clouds"})) == [
        Entry(
            source="biorxiv",
            title="Counting Clouds",
            doi="10.1101/123456",
            venue="bioRxiv",
            url="https://www.biorxiv.org/content/10.1101/123456",
        )
    ]


@pytest.mark.parametrize(
    ("version", "number", "published"),
    [
        ("1", 1, date(2026, 5, 6)),
        (1, 1, date(2026, 5, 6)),
        ("2", 2, None),  # the day is that of the second version
        (12, 12, None),
        ("0", None, None),
        ("latest", None, None),
        (True, None, None),
        (None, None, None),
    ],
)
def test_only_the_first_version_has_the_day_of_publication(
    version: Any, number: int | None, published: date | None
) -> None:
    entry = one(version=version)
    assert (entry.version, entry.published) == (number, published)
    assert str(entry.url).endswith(f"123456v{number}" if number else "123456")


def test_the_newest_of_several_versions_is_kept_in_any_order() -> None:
    second, third = row(version="2", title="Two", date="2026-05-07"), row(version="3", title="Three", date="2026-05-08")
    other = row(doi="10.64898/2026.05.04.999999")
    for rows in ([second, third, other], [third, other, second], [third, second, third, other]):
        found = parse(response(*rows))
        assert [(entry.title, entry.version) for entry in found if isinstance(entry, Entry)] == [
            ("Three", 3),
            (ENTRY.title, 1),
        ]


@pytest.mark.parametrize("order", [1, -1])
def test_a_newer_version_has_the_publication_day_of_the_first(order: int) -> None:
    rows = [ROW, row(version="2", title="Two", date="2026-05-08")][::order]
    assert [(e.title, e.published) for e in parse(response(*rows)) if isinstance(e, Entry)] == [
        ("Two", date(2026, 5, 6))
    ]


def test_a_doi_in_capitals_is_the_same_doi() -> None:
    assert len(parse(response(row(doi="10.1101/ABC"), row(doi="https://doi.org/10.1101/abc", version="2")))) == 1


@pytest.mark.parametrize(
    ("changes", "withdrawn"),
    [
        ({}, False),
        ({"type": "withdrawn"}, True),
        ({"type": "Withdrawn"}, True),
        ({"title": "WITHDRAWN: Clouds"}, True),
        ({"title": "Withdrawn : Clouds"}, True),
        ({"title": "Withdrawn clouds and where they went"}, False),
        ({"abstract": "WITHDRAWN: see below."}, True),
        ({"abstract": "The authors have withdrawn this manuscript, as no cloud was seen."}, True),
        ({"abstract": "bioRxiv has withdrawn this preprint."}, True),
        ({"abstract": "This manuscript has been withdrawn by its authors."}, True),
        ({"abstract": "We ask why an article was withdrawn and how often."}, False),
        ({"abstract": "The drug was withdrawn from the market."}, False),
    ],
)
def test_a_withdrawn_preprint_is_recognised_by_its_type_or_text(changes: dict[str, str], withdrawn: bool) -> None:
    assert one(**changes).withdrawn is withdrawn


@pytest.mark.parametrize("nothing", ["NA", "", None, 7, []])
def test_na_is_a_missing_organisation_or_category(nothing: Any) -> None:
    entry = one(author_corresponding_institution=nothing, category=nothing)
    assert (entry.organization, entry.categories) == (None, ())


# -- categories ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("followed", ["cell biology", "Cell Biology", "cell_biology", "CELL-BIOLOGY", " cell  biology"])
def test_a_followed_category_matches_in_every_spelling(followed: str) -> None:
    rows = [ROW, row(doi="10.1101/654321", category="Cell Biology"), row(doi="10.1101/654322", category=None)]
    found = parse(response(*rows), Biorxiv(follow=(followed,)))
    assert [entry.doi for entry in found if isinstance(entry, Entry)] == ["10.1101/654321"]


def test_all_categories_are_kept_if_none_is_followed() -> None:
    assert len(parse(response(ROW, row(doi="10.1101/1", category="zoology"), row(doi="10.1101/2", category="")))) == 3


# -- refusals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (None, "not a preprint"),
        ("10.1101/123456", "not a preprint"),
        ([], "not a preprint"),
        ({}, "no title"),
        (row(title=" "), "no title"),
        (row(title=7), "no title"),
        (row(doi=None), "no DOI (its doi is None)"),
        (row(doi="2605.01234"), "no DOI (its doi is '2605.01234')"),
    ],
)
def test_an_invalid_row_alone_is_refused_with_its_number_and_the_reason(odd: Any, why: str) -> None:
    found = parse(response(ROW, odd, row(doi="10.1101/654321")))
    assert [one for one in found if isinstance(one, Refusal)] == [Refusal("saved.json, entry 2", why)]
    assert [one.doi for one in found if isinstance(one, Entry)] == [ENTRY.doi, "10.1101/654321"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "invalid JSON"),
        (b"<html>", "invalid JSON"),
        (b"\xff\xfe", "invalid JSON"),
        (b"[" * 100_000, "invalid JSON"),
        (b"[" + b"9" * 5_000 + b"]", "invalid JSON"),
        ([], "expected a JSON object"),
        ({}, "no collection"),
        ({"messages": [{"status": "ok"}]}, "no collection"),
        ({"messages": "ok", "collection": {}}, "no collection"),
        (response(status="Error: server not known"), "unexpected response from bioRxiv: Error: server not known"),
        ({"messages": [{"status": "down"}]}, "unexpected response from bioRxiv: down"),
    ],
)
def test_an_unexpected_response_is_an_error_that_names_the_file(content: Any, why: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(content)
    assert str(caught.value).startswith("saved.json: ")
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        response(),
        response(total=0, status="no posts found"),
        {"messages": [{"status": "no posts found for 2026-05-08"}]},
        {"messages": [{"status": "no posts found"}], "collection": ""},
    ],
)
def test_a_day_without_posts_is_not_an_error(content: Any) -> None:
    assert parse(content) == []


# -- properties ---------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["status", "total"]), inner),
    max_leaves=6,
)
ROWS = JSON | st.dictionaries(st.sampled_from(sorted(ROW)), JSON).map(lambda odd: {**ROW, **odd})
ANSWERS = JSON | st.builds(
    lambda rows, message: {"messages": message, "collection": rows}, JSON | st.lists(ROWS, max_size=4), JSON
)


def only_entries_and_refusals(content: bytes) -> bool:
    """Whether parsing gives well-formed entries and one-line refusals, or a SourceError, and nothing else."""
    try:
        found = parse(content)
    except SourceError as error:
        return "\n" not in str(error)
    return all(bool(one.title and one.doi) if isinstance(one, Entry) else "\n" not in str(one) for one in found)


@example(b"{}")
@given(st.binary())
def test_any_bytes_give_entries_refusals_or_one_error(content: bytes) -> None:
    assert only_entries_and_refusals(content)


@given(ANSWERS)
def test_any_json_gives_entries_refusals_or_one_error(content: Any) -> None:
    assert only_entries_and_refusals(json.dumps(content).encode())


# -- requests -----------------------------------------------------------------------------------------


def fetch(server: HTTPServer, source: type[Biorxiv] | type[Medrxiv] = Biorxiv, known: bool = False) -> list[Document]:
    with HttpClient(sleep=lambda _s: None) as client:
        if known:
            address = server.url_for("/details/biorxiv/2026-05-07/2026-05-08/0/json")
            list(source(api=server.url_for("/details")).fetch(Span(date(2026, 5, 7), TODAY), client))
            client.start_over({address: client.validators[address]})
        return list(source(api=server.url_for("/details")).fetch(Span(date(2026, 5, 7), TODAY), client))


def expect(server: HTTPServer, cursor: int, content: Any, name: str = "biorxiv", **more: Any) -> None:
    path = f"/details/{name}/2026-05-07/2026-05-08/{cursor}/json"
    server.expect_oneshot_request(path).respond_with_json(content, **more)


def rows(start: int, number: int) -> list[dict[str, Any]]:
    return [row(doi=f"10.1101/{start + index}") for index in range(number)]


@pytest.mark.parametrize("source", [Biorxiv, Medrxiv])
def test_the_days_of_the_span_are_requested(httpserver: HTTPServer, source: type[Biorxiv] | type[Medrxiv]) -> None:
    expect(httpserver, 0, response(ROW), source.name)
    (document,) = fetch(httpserver, source)
    assert document.place == httpserver.url_for(f"/details/{source.name}/2026-05-07/2026-05-08/0/json")
    assert json.loads(document.content) == response(ROW)
    httpserver.check()


@pytest.mark.parametrize("total", [70, "70"])
def test_the_cursor_advances_by_the_rows_received_up_to_the_total(httpserver: HTTPServer, total: Any) -> None:
    for start, number in ((0, 30), (30, 30), (60, 10)):
        expect(httpserver, start, response(*rows(start, number), total=total))
    assert len(fetch(httpserver)) == 3
    assert len(httpserver.log) == 3
    httpserver.check()


@pytest.mark.parametrize("total", ["many", {}, -1, 10**12])
def test_without_a_valid_total_an_empty_page_is_the_last(httpserver: HTTPServer, total: Any) -> None:
    expect(httpserver, 0, response(*rows(0, 30), total=total))
    expect(httpserver, 30, response(status="no posts found"))
    assert len(fetch(httpserver)) == 2
    httpserver.check()


def test_endless_pages_are_not_followed(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.sources.biorxiv._MAX_PAGES", 5)
    httpserver.expect_request(re.compile("/details/.*")).respond_with_json(response(ROW, total=10**6))
    assert len(fetch(httpserver)) == 5


def test_an_unmodified_response_has_no_documents(httpserver: HTTPServer) -> None:
    expect(httpserver, 0, response(ROW), headers={"ETag": '"1"'})
    path = "/details/biorxiv/2026-05-07/2026-05-08/0/json"
    httpserver.expect_request(path, headers={"If-None-Match": '"1"'}).respond_with_data(status=304)
    assert fetch(httpserver, known=True) == []
    assert len(httpserver.log) == 2


def test_an_error_response_is_one_error(httpserver: HTTPServer) -> None:
    expect(httpserver, 0, {}, status=404)
    with pytest.raises(SourceError, match="0/json: HTTP 404 NOT FOUND"):
        fetch(httpserver)


def test_an_invalid_json_response_is_yielded_before_the_error(httpserver: HTTPServer) -> None:
    httpserver.expect_request(re.compile("/details/.*")).respond_with_data("Error : (2002) Connection refused")
    with pytest.raises(SourceError, match="0/json: invalid JSON"):
        fetch(httpserver)
