"""Short DOIs are resolved where there is a network, and stay where there is none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from newsletter.models import Entry
from newsletter.pipeline.short_dois import resolve_short_dois
from newsletter.sources import HttpClient
from newsletter.store import Store
from tests.factories import NOW

SHORT = "10/gf4qx9"
ENTRY = Entry(source="file", title="Counting Clouds", authors=("Ada Example",), short_doi=SHORT)


def response(alias: Any) -> dict[str, Any]:
    data = {"format": "string", "value": alias}
    return {"responseCode": 1, "handle": SHORT, "values": [{"index": 1, "type": "HS_ALIAS", "data": data}]}


def api(httpserver: HTTPServer) -> str:
    return httpserver.url_for("/handles")


def test_a_short_doi_becomes_the_doi_it_stands_for(store: Store, client: HttpClient, httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request(f"/handles/{SHORT}").respond_with_json(response("10.1000/ABC"))
    store.papers.add(ENTRY, NOW)
    assert resolve_short_dois(store, client, NOW, api=api(httpserver)) == 1
    (paper,) = store.papers.newest(9)
    assert (paper.doi, paper.short_doi, paper.key) == ("10.1000/abc", SHORT, "doi:10.1000/abc")
    assert store.papers.named(SHORT) == store.papers.named("10.1000/abc") == paper
    assert resolve_short_dois(store, client, NOW, api=api(httpserver)) == 0  # nothing is left to ask


def test_a_paper_known_by_its_doi_is_merged(store: Store, client: HttpClient, httpserver: HTTPServer) -> None:
    httpserver.expect_request(f"/handles/{SHORT}").respond_with_json(response("10.1000/abc"))
    store.papers.add(Entry(source="crossref", title="Counting clouds, corrected", doi="10.1000/abc"), NOW)
    store.papers.add(ENTRY, NOW)
    assert store.papers.count() == 2
    resolve_short_dois(store, client, NOW, api=api(httpserver))
    (paper,) = store.papers.newest(9)
    assert (paper.doi, paper.short_doi, paper.sources) == ("10.1000/abc", SHORT, ("crossref", "file"))


@pytest.mark.parametrize("alias", ["https://clouds.example/", "", 7, None, "10.1000/" + "x" * 2000, {"a": "b"}])
def test_a_value_that_is_no_doi_changes_nothing(
    store: Store, client: HttpClient, httpserver: HTTPServer, alias: Any
) -> None:
    httpserver.expect_request(f"/handles/{SHORT}").respond_with_json(response(alias))
    store.papers.add(ENTRY, NOW)
    before = store.papers.newest(9)
    assert resolve_short_dois(store, client, NOW, api=api(httpserver)) == 0
    assert store.papers.newest(9) == before


@pytest.mark.parametrize("body", ["", "[]", "<html>", "null", '{"values": {"a": 1}}', "[" * 100_000])
def test_any_response_is_survived(store: Store, client: HttpClient, httpserver: HTTPServer, body: str) -> None:
    httpserver.expect_request(f"/handles/{SHORT}").respond_with_data(body)
    store.papers.add(ENTRY, NOW)
    assert resolve_short_dois(store, client, NOW, api=api(httpserver)) == 0


def test_without_an_answer_it_stays_and_no_other_is_asked(
    store: Store, client: HttpClient, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(f"/handles/{SHORT}").respond_with_data(status=403)
    for number in range(3):
        store.papers.add(Entry(source="file", title=f"Clouds {number}", short_doi=SHORT[:-1] + str(number)), NOW)
    store.papers.add(ENTRY, NOW + timedelta(seconds=1))  # the newest, and so the first
    assert resolve_short_dois(store, client, NOW, api=api(httpserver)) == 0
    assert len(httpserver.log) == 1
    assert store.papers.named(SHORT) is not None


def test_one_that_nobody_knows_is_asked_for_a_week(store: Store, client: HttpClient, httpserver: HTTPServer) -> None:
    httpserver.expect_request(f"/handles/{SHORT}").respond_with_json({"responseCode": 100}, status=404)
    store.papers.add(ENTRY, NOW)
    for days in (0, 6, 8):
        resolve_short_dois(store, client, NOW + timedelta(days=days), api=api(httpserver))
    assert len(httpserver.log) == 2


def test_a_shutdown_ends_it(store: Store, client: HttpClient, httpserver: HTTPServer) -> None:
    store.papers.add(ENTRY, NOW)
    assert resolve_short_dois(store, client, NOW, lambda: True, api(httpserver)) == 0
    assert httpserver.log == []
