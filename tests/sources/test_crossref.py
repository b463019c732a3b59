"""Crossref's pitfalls; its plain facts are in test_apis.py, and how any source is served in test_every_source.py."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.crossref import Crossref
from tests.factories import TODAY

#: The names that Crossref says may be selected, any other of which makes it reject the request.
SELECTABLE = frozenset({
    "abstract", "URL", "resource", "member", "posted", "score", "created", "degree", "update-policy", "short-title",
    "license", "ISSN", "container-title", "issued", "update-to", "issue", "prefix", "approved", "indexed",
    "article-number", "clinical-trial-number", "accepted", "author", "group-title", "DOI", "is-referenced-by-count",
    "updated-by", "event", "chair", "standards-body", "original-title", "funder", "translator", "published",
    "archive", "published-print", "alternative-id", "subject", "subtitle", "published-online", "publisher-location",
    "content-domain", "reference", "title", "link", "type", "publisher", "volume", "references-count", "ISBN",
    "issn-type", "assertion", "deposited", "page", "content-created", "short-container-title", "relation", "editor",
})  # fmt: skip


def parse(content: Any) -> list[Entry | Refusal]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(Crossref().parse(Document("saved.json", body), TODAY))


def works(*items: Any) -> dict[str, Any]:
    return {"status": "ok", "message-type": "work-list", "message": {"items": list(items)}}


def only(title: str = "Counting Clouds", /, **facts: Any) -> Entry:
    """The one entry of a response with one work."""
    (entry,) = parse(works({"title": [title], "DOI": "10.1000/clouds", **facts}))
    assert isinstance(entry, Entry)
    return entry


# -- preprints ----------------------------------------------------------------------------------------


def preprint(doi: str, **facts: Any) -> Entry:
    return only("Counting Clouds", DOI=doi, type=facts.pop("type", "posted-content"), **facts)


@pytest.mark.parametrize(
    ("doi", "venue"),
    [
        ("10.26434/chemrxiv-2026-abcde", "ChemRxiv"),
        ("10.31234/osf.io/abcde", "PsyArXiv"),
        ("10.21203/rs.3.rs-1234567/v1", "Research Square"),
        ("10.1101/2026.05.06.123456", None),  # bioRxiv or medRxiv
        ("10.99999/unheard-of", None),
    ],
)
def test_the_venue_of_a_preprint_is_its_server(doi: str, venue: str | None) -> None:
    assert (preprint(doi).venue, preprint(doi).doi) == (venue, doi)
    assert preprint(doi, **{"container-title": ["Clouds Online"]}).venue == "Clouds Online"


def test_an_article_under_the_prefix_of_a_server_is_not_one_of_its_preprints() -> None:
    article = preprint("10.1590/clouds.v2", type="journal-article")
    assert (article.venue, article.doi, article.version) == (None, "10.1590/clouds.v2", None)
    assert preprint("10.2139/ssrn.1234567", type="journal-article").venue == "SSRN"


def test_a_later_version_of_a_preprint_has_the_doi_of_the_first_and_no_day_of_publication() -> None:
    days = {"posted": {"date-parts": [[2026, 5, 7]]}, "published": None, "created": {"date-parts": [[2026, 5, 8]]}}
    first, second = (preprint(f"10.21203/rs.3.rs-1234567/v{number}", **days) for number in (1, 2))
    assert (first.doi, first.version, first.published) == ("10.21203/rs.3.rs-1234567/v1", 1, date(2026, 5, 7))
    assert (second.doi, second.version, second.published) == ("10.21203/rs.3.rs-1234567/v1", 2, None)


@pytest.mark.parametrize(
    ("subject", "group", "categories"),
    [
        (None, "Organic Chemistry", ("Organic Chemistry",)),
        (["Clouds"], "Organic Chemistry", ("Clouds", "Organic Chemistry")),
        (["Clouds"], ["Chemistry"], ("Clouds",)),
        ({}, None, ()),
    ],
)
def test_the_group_of_a_preprint_is_a_category(subject: Any, group: Any, categories: tuple[str, ...]) -> None:
    assert preprint("10.26434/x", subject=subject, **{"group-title": group}).categories == categories


@pytest.mark.parametrize(
    ("source", "filters"),
    [
        (Crossref(preprints=("chemrxiv",)), ["prefix:10.26434,type:posted-content"]),
        (Crossref(follow=("10.26434",)), ["prefix:10.26434,type:posted-content"]),
        (Crossref(follow=("10.99999",)), ["prefix:10.99999,type:posted-content"]),
        (Crossref(preprints=("ssrn", "psyarxiv")), ["prefix:10.2139", "prefix:10.31234,type:posted-content"]),
        (
            Crossref(follow=("clouds",), preprints=("biorxiv-medrxiv",)),
            ["", "prefix:10.64898,type:posted-content", "prefix:10.1101,type:posted-content"],
        ),
    ],
    ids=["server", "prefix", "unknown prefix", "two servers", "a query and two prefixes"],
)
def test_a_preprint_server_is_asked_for_by_its_prefix(
    source: Crossref, filters: list[str], httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/works").respond_with_json(works())
    with HttpClient(sleep=lambda _s: None) as client:
        list(replace(source, api=httpserver.url_for("/works")).fetch(Span(TODAY, TODAY), client))
    day = "from-created-date:2026-05-08,until-created-date:2026-05-08"
    assert [request.args["filter"] for request, _ in httpserver.log] == [
        f"{day},{one}" if one else day for one in filters
    ]


def test_pages_that_never_end_are_not_followed_for_ever(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.sources.crossref._MAX_PAGES", 3)
    monkeypatch.setattr("newsletter.sources.crossref._PAGE_SIZE", 1)
    endless = works({"title": ["Clouds"]})
    endless["message"]["next-cursor"] = "again"
    httpserver.expect_request("/works").respond_with_json(endless)
    with HttpClient(sleep=lambda _s: None) as client:
        source = Crossref(preprints=("chemrxiv",), api=httpserver.url_for("/works"))
        assert len(list(source.fetch(Span(TODAY, TODAY), client))) == 3


# -- notices, and retracted papers -------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["retraction", "partial_retraction", "withdrawal", "removal", "expression_of_concern"])
def test_a_notice_about_another_paper_is_skipped(kind: str) -> None:
    notice = {"title": ["On Clouds"], "DOI": "10.1000/2", "update-to": [{"type": kind, "DOI": "10.1000/1"}]}
    assert parse(works(notice)) == []


@pytest.mark.parametrize(
    ("kind", "withdrawn"),
    [("retraction", True), ("withdrawal", True), ("removal", True), ("expression_of_concern", False)],
)
def test_a_notice_that_updates_itself_is_about_the_paper(kind: str, withdrawn: bool) -> None:
    assert only("Clouds", **{"update-to": [{"type": kind, "DOI": "10.1000/CLOUDS"}]}).withdrawn is withdrawn


@pytest.mark.parametrize("kind", ["new_version", "new_edition", "correction", "clarification"])
def test_other_updates_are_papers(kind: str) -> None:
    assert not only("Clouds", **{"update-to": [{"type": kind, "DOI": "10.1000/1"}]}).withdrawn


@pytest.mark.parametrize(
    "title",
    [
        "Retraction: On Clouds",
        "Retraction to: On Clouds",
        "Retraction Note: On Clouds",
        "RETRACTION NOTE to: On Clouds",
        "Withdrawal Notice: On Clouds",
        "Notice of Retraction: On Clouds",
        "Editorial Expression of Concern: On Clouds",
    ],
)
def test_a_notice_is_recognised_by_its_title(title: str) -> None:
    assert parse(works({"title": [title]})) == []


@pytest.mark.parametrize(
    "title",
    [
        "Withdrawal of inhaled steroids in asthma",
        "Withdrawal to the clouds",
        "Retraction of the tongue in kettles",
        "Withdrawn cohorts in trials of kettles",
        "Retracted papers: a survey",
    ],
)
def test_a_paper_about_withdrawal_or_retraction_is_a_paper(title: str) -> None:
    assert (only(title).title, only(title).withdrawn) == (title, False)


@pytest.mark.parametrize(
    "title",
    [
        "RETRACTED: On Clouds",
        "RETRACTED On Clouds",
        "[Retracted] On Clouds",
        "Retracted Article: On Clouds",
        "WITHDRAWN: On Clouds",
        "Withdrawn - On Clouds",
    ],
)
def test_a_retraction_is_recognised_by_the_title(title: str) -> None:
    assert only(title).withdrawn


@pytest.mark.parametrize("kind", ["component", "peer-review", "grant", "journal", "journal-issue", "book-series"])
def test_works_that_are_not_papers_are_skipped(kind: str) -> None:
    assert parse(works({"title": ["On Clouds"], "type": kind})) == []


# -- identity and names -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "identity"),
    [
        ({"alternative-id": ["1234.56789"]}, None),  # a publisher's own number
        ({"alternative-id": ["arXiv:2605.01234v2"]}, "2605.01234"),
        ({"alternative-id": "arXiv:2605.01234"}, None),
        ({"relation": {"has-preprint": [{"id-type": "doi", "id": "10.48550/arXiv.2605.01234"}]}}, "2605.01234"),
        ({"relation": {"has-preprint": [{"id-type": "arxiv", "id": "2605.01234"}]}}, "2605.01234"),
        ({"relation": {"has-preprint": [{"id-type": "arxiv", "id": "http://arxiv.org/abs/2605.01234"}]}}, "2605.01234"),
        ({"relation": {"has-preprint": [{"id-type": "other", "id": "1234.56789"}]}}, None),
        ({"relation": {"references": [{"id-type": "arxiv", "id": "2605.01234"}]}}, None),
        ({"relation": {"has-preprint": [{"id-type": "arxiv", "id": 2605}]}}, None),
    ],
)  # fmt: skip
def test_only_explicit_arxiv_ids_are_recognised(facts: dict[str, Any], identity: str | None) -> None:
    assert only(**facts).arxiv_id == identity


def test_the_name_of_a_group_is_not_reordered() -> None:
    authors = [{"family": "Example, Ada"}, {"name": "Cloud Group, Kettle School"}, {"given": 7}, {"family": "Sample"}]
    assert only(author=authors).authors == ("Ada Example", "Cloud Group, Kettle School", "Sample")


# -- documents ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"Resource not found.", "invalid JSON ('Resource not found.')"),
        (b"<!DOCTYPE html><html></html>", "invalid JSON"),
        ({"status": "ok", "message-type": "type", "message": {"id": "x"}}, "from Crossref: message type 'type'"),
        ({"status": "ok", "message-type": "work-list", "message": {}}, "a work list without items"),
        ({"status": "ok", "message-type": "work-list", "message": {"items": None}}, "a work list without items"),
        ({"status": "ok", "message-type": "work", "message": {"items": 5}}, "a work list without items"),
        ({"status": "ok", "message-type": "work", "message": []}, "unexpected response from Crossref"),
        ({"status": "failed", "message": "odd"}, "Crossref error: failed"),
    ],
)
def test_an_unexpected_response_is_one_error(content: Any, why: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(content)
    assert str(caught.value).startswith("saved.json: ")
    assert why in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "DOI", "id"]), inner),
    max_leaves=5,
)
NAMES = ["title", "DOI", "update-to", "relation", "alternative-id", "author", "published", "link", "institution"]


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), JSON) | JSON, max_size=3))
def test_works_of_any_shape_are_entries_or_refusals(items: list[Any]) -> None:
    assert all(isinstance(one, Entry | Refusal) for one in parse(works(*items)))


def test_only_selectable_fields_are_requested(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/works").respond_with_json(works())
    with HttpClient(sleep=lambda _seconds: None) as client:
        list(Crossref(follow=("clouds",), api=httpserver.url_for("/works")).fetch(Span(TODAY, TODAY), client))
    assert set(httpserver.log[0][0].args["select"].split(",")) - SELECTABLE == set()


# -- recorded responses ---------------------------------------------------------------------------------


def responses(folder: Path) -> list[tuple[int, bytes]]:
    """Status and body of every recorded response."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        for one in yaml.safe_load(path.read_bytes())["interactions"]:
            body = one["response"]["body"]["string"]
            body = body.encode() if isinstance(body, str) else body
            found.append((one["response"]["status"]["code"], body))
    return found


def test_the_recorded_works_are_parsed_completely(shared: Path) -> None:
    items: list[Entry | Refusal] = []
    errors: list[str] = []
    for status, body in responses(shared / "crossref"):
        try:
            one = parse(body)
        except SourceError as error:
            errors.append(str(error))
            continue
        assert status == 200
        items += one
    # Works with a title that are of a paper's type, as counted without this program; 18 more are no papers.
    assert len(items) == len([one for one in items if isinstance(one, Entry)]) == 165
    assert all(len(error.splitlines()) == 1 for error in errors)
    assert len(errors) == 27  # 21 failures, 2 in BibTeX, and lists of members, licences and types
    assert not any(isinstance(one, Entry) and one.withdrawn for one in items)


def test_a_recorded_response_may_be_compressed(shared: Path) -> None:
    packed = [body for _, body in responses(shared / "crossref") if body[:2] == b"\x1f\x8b"]
    assert packed
    assert all(gzip.decompress(body) for body in packed)
