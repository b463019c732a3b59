"""INSPIRE: the facts of its records, and its requests. What holds for all sources is in test_every_source.py."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsletter.errors import SourceError
from newsletter.models import Entry, PartialDate, Refusal
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.inspire import _MAX_PAGES, _PAGE_SIZE, Inspire
from tests.factories import TODAY

RECORDING = Path(__file__).parent / "recordings" / "inspire.json"
SPAN = Span(date(2026, 5, 1), TODAY)


def parse(content: Any) -> list[Entry | Refusal]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(Inspire().parse(Document("x", body), TODAY))


def only(**metadata: Any) -> Entry:
    """The entry of one record."""
    record = {"id": "1", "metadata": {"titles": [{"title": "Counting Clouds"}], **metadata}}
    (entry,) = parse({"hits": {"total": 1, "hits": [record]}})
    assert isinstance(entry, Entry)
    return entry


def fetch(server: HTTPServer) -> list[Document]:
    source = Inspire(follow=("t clouds or t kettles",), api=server.url_for("/literature"))
    with HttpClient(sleep=lambda _seconds: None) as client:
        return list(source.fetch(SPAN, client))


def test_records_are_parsed_with_all_their_facts() -> None:
    assert parse(RECORDING.read_bytes()) == [
        Entry(
            source="inspire", title="Counting Clouds with Small Language Models",
            abstract="We teach a small language model to count clouds. It counts well on clear days.",
            authors=("Ada Example", "Ben Sample Jr."), arxiv_id="2605.01234", doi="10.1000/clouds",
            published=date(2026, 5, 6), categories=("hep-ex", "physics.ao-ph", "Experiment-HEP"),
            keywords=("cloud: counting",), venue="Journal of Clouds",
        ),
        Entry(
            source="inspire", title="Kettles That Know When to Whistle", authors=("Cy Specimen",),
            published=PartialDate(2025), url="https://inspirehep.net/literature/2700002",
        ),
        Refusal("x, entry 3", "no title"),
    ]  # fmt: skip


def test_a_single_record_is_parsed() -> None:
    record = json.loads(RECORDING.read_bytes())["hits"]["hits"][0]
    assert [one.title for one in parse(record) if isinstance(one, Entry)] == [
        "Counting Clouds with Small Language Models"
    ]


@pytest.mark.parametrize(
    ("source", "written", "read"),
    [
        ("arXiv", r"$H\to\gamma\gamma$ at $\sqrt{s}=13$ TeV with p<s", "H→γγ at √s=13 TeV with p<s"),
        ("Elsevier", "<math><msup><mi>m</mi><mn>2</mn></msup></math> of <i>B</i> mesons", "m² of B mesons"),
        (None, "Jets &amp; photons", "Jets & photons"),
    ],
)  # fmt: skip
def test_tex_of_arxiv_and_markup_of_publishers_become_text(source: str | None, written: str, read: str) -> None:
    entry = only(titles=[{"title": written, "source": source}], abstracts=[{"value": written, "source": source}])
    assert (entry.title, entry.abstract) == (read, read)


def test_the_text_of_arxiv_is_preferred_and_an_empty_one_passed_over() -> None:
    abstracts = [{"source": "Springer", "value": "Theirs."}, {"source": "arXiv", "value": "Ours."}]
    assert only(abstracts=abstracts).abstract == "Ours."
    assert only(abstracts=[*abstracts[:1], {"source": "arXiv", "value": " "}]).abstract == "Theirs."


@pytest.mark.parametrize(
    ("metadata", "authors"),
    [
        ({"authors": [{"full_name": "van der Meer, Anna"}, {"full_name": None}, 5]}, ("Anna van der Meer",)),
        ({"collaborations": [{"value": "CLOUD"}]}, ("CLOUD Collaboration",)),
        ({"collaborations": [{"value": "The Kettle Collaboration"}]}, ("The Kettle Collaboration",)),
        ({"corporate_author": ["Institute of Weather"]}, ("Institute of Weather",)),
        ({"authors": "Ada"}, ()),
    ],
)
def test_authors_are_people_or_else_those_that_sign_as_one(metadata: dict[str, Any], authors: tuple[str, ...]) -> None:
    assert only(**metadata).authors == authors


def test_facts_of_a_wrong_type_are_missing() -> None:
    names = (
        "abstracts", "authors", "collaborations", "arxiv_eprints", "dois", "publication_info", "earliest_date",
        "imprints", "keywords", "inspire_categories", "document_type", "withdrawn", "control_number",
    )  # fmt: skip
    wrongs: tuple[Any, ...] = (None, 5, "text", {}, [None], [[]], [{"value": 5}])
    for wrong in wrongs:
        assert only(**dict.fromkeys(names, wrong)) == Entry(
            source="inspire", title="Counting Clouds",
            url="https://inspirehep.net/literature/5" if wrong == 5 else None,
        )  # fmt: skip


def test_volumes_are_passed_over_and_a_withdrawn_record_is_marked() -> None:
    volume = {"metadata": {"titles": [{"title": "Proceedings of Clouds"}], "document_type": ["proceedings"]}}
    (left_out,) = parse({"hits": {"hits": [volume]}})
    assert left_out == Refusal("x, entry 1", "a whole volume (proceedings), not a paper", is_left_out=True)
    assert only(withdrawn=True).withdrawn


def test_an_error_of_the_api_is_the_error_of_the_pull() -> None:
    with pytest.raises(SourceError, match="INSPIRE error: Maximum search page size"):
        parse({"status": 400, "message": "Maximum search page size of `1000` results exceeded."})


def test_the_days_are_those_on_which_records_were_added(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/literature").respond_with_data(RECORDING.read_bytes())
    assert len(fetch(httpserver)) == 1
    asked = httpserver.log[0][0].args
    assert asked["q"] == f"(t clouds or t kettles) and da >= 2026-05-01 and da <= {TODAY}"
    assert (asked["sort"], asked["page"]) == ("mostrecent", "1")
    assert "authors.full_name" in asked["fields"].split(",")


def test_pages_are_asked_for_up_to_the_last_or_up_to_the_bound(httpserver: HTTPServer) -> None:
    record = {"metadata": {"titles": [{"title": "Clouds"}]}}
    total: int | None = 2 * _PAGE_SIZE

    def respond(_request: Request) -> Response:
        return Response(json.dumps({"hits": {"total": total, "hits": [record] * _PAGE_SIZE}}))

    httpserver.expect_request("/literature").respond_with_handler(respond)
    assert len(fetch(httpserver)) == 2
    total = None  # and never an end
    assert len(fetch(httpserver)) == _MAX_PAGES
