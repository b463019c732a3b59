"""The Anthology's facts, pitfalls and requests; how any source is served is in test_every_source.py."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsletter.errors import SourceError
from newsletter.models import Entry, PartialDate, Refusal, StatedDate
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.acl import Acl
from tests.factories import TODAY

RECORDING = Path(__file__).parent / "recordings" / "acl.xml"
SPAN = Span(date(2026, 5, 7), TODAY)


def parse(content: bytes) -> list[Entry | Refusal]:
    return list(Acl().parse(Document("x", content), TODAY))


def collection(*volumes: str, name: str = "2026.cloud") -> bytes:
    return f'<collection id="{name}">{"".join(volumes)}</collection>'.encode()


def volume(name: str, added: str, *papers: str) -> str:
    return f'<volume id="{name}" ingest-date="{added}">{"".join(papers)}</volume>'


def paper(title: str = "Counting Clouds", rest: str = "", **attributes: str) -> str:
    written = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f"<paper{written}><title>{title}</title>{rest}</paper>"


def only(rest: str = "", title: str = "Counting Clouds", meta: str = "") -> Entry:
    (entry,) = parse(collection(volume("1", "2026-05-06", f"<meta>{meta}</meta>", paper(title, rest))))
    assert isinstance(entry, Entry)
    return entry


def serve(server: HTTPServer, files: dict[str, bytes]) -> None:
    def handle(request: Request) -> Response:
        name = request.path.rpartition("/")[2]
        return Response(files[name]) if name in files else Response(status=404)

    server.expect_request(re.compile("/xml/.*")).respond_with_handler(handle)


def fetch(server: HTTPServer, *follow: str, span: Span = SPAN) -> list[Document]:
    with HttpClient(sleep=lambda _s: None) as client:
        return list(Acl(follow=follow, api=server.url_for("/xml")).fetch(span, client))


def titles(documents: list[Document]) -> list[str]:
    found = [one for document in documents for one in Acl().parse(document, TODAY)]
    return [one.title for one in found if isinstance(one, Entry)]


# -- papers -------------------------------------------------------------------------------------------


def test_papers_are_parsed_with_all_their_facts() -> None:
    book = "Proceedings of the 3rd Meeting on Cloud Linguistics (Volume 1: Long Papers)"
    assert parse(RECORDING.read_bytes()) == [
        Entry(
            source="acl", title="Counting Clouds with Small Language Models",
            abstract="We count clouds in time O(n²), where p < 0.05. They are many.",
            authors=("Ada Example", "Ben Sample"), organization="The Cloud Laboratory", doi="10.1000/clouds",
            published=PartialDate(2026, 5), categories=("cloud",), venue=book,
            url="https://aclanthology.org/2026.cloud-long.1/", pdf_url="https://aclanthology.org/2026.cloud-long.1.pdf",
        ),
        Entry(
            source="acl", title="Kettles That Know When to Whistle", authors=("Specimen",),
            published=PartialDate(2026, 5), categories=("cloud",), venue=book, withdrawn=True,
            url="https://aclanthology.org/2026.cloud-long.2/", pdf_url="https://aclanthology.org/2026.cloud-long.2.pdf",
        ),
        Refusal("x, 2026.cloud-long, entry 3", "no title"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("paper_facts", "meta", "published"),
    [
        ("", "<year>2026</year><month>July</month>", PartialDate(2026, 7)),
        ("", "<year>2026</year><month>July 27 - August 1</month>", PartialDate(2026)),
        ("", "<year>2026</year>", PartialDate(2026)),
        ("<year>2025</year><month>12</month>", "<year>2026</year>", PartialDate(2025, 12)),
        ("", "<year>soon</year>", None),
        ("", "", None),
    ],
)
def test_the_date_is_that_of_the_paper_or_else_of_its_volume(
    paper_facts: str, meta: str, published: StatedDate | None
) -> None:
    assert only(paper_facts, meta=meta).published == published


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("<url>P19-1001</url>", "https://aclanthology.org/P19-1001/"),
        ("<url>https://clouds.example/1.pdf</url>", "https://clouds.example/1.pdf"),
        ("<url>../1 2</url>", None),
        ("<url/>", None),
        ("", None),
    ],
)
def test_the_page_of_a_paper_is_that_of_its_id(url: str, page: str | None) -> None:
    assert only(url).url == page


def test_without_a_url_the_id_of_a_paper_follows_from_the_ids_around_it() -> None:
    (entry,) = parse(collection(volume("long", "2026-05-06", paper(rest='<pdf hash="0"/>', id="7"))))
    assert isinstance(entry, Entry)
    assert (entry.url, entry.pdf_url) == tuple(
        f"https://aclanthology.org/2026.cloud-long.7{end}" for end in ("/", ".pdf")
    )
    (old,) = parse(collection(volume("1", "2019-05-06", paper(id="7")), name="P19"))
    assert isinstance(old, Entry)
    assert (old.url, old.pdf_url) == (None, None)


def test_markup_is_read_and_what_looks_like_markup_stays() -> None:
    title = "<b>Clouds</b> of <fixed-case>BERT</fixed-case>: &lt;mask&gt; and <tex-math>\\alpha_1</tex-math>"
    assert only(title=title).title == "Clouds of BERT: <mask> and α₁"


def test_the_venue_of_a_journal_is_its_title() -> None:
    assert only(meta="<journal-title>Cloud Letters</journal-title>").venue == "Cloud Letters"


@pytest.mark.parametrize("notice", ["<retracted>No.</retracted>", '<removed date="2026-05-07"/>'])
def test_a_paper_that_was_retracted_or_removed_is_withdrawn(notice: str) -> None:
    assert only(notice).withdrawn
    assert not only().withdrawn


def test_front_matter_is_not_a_paper() -> None:
    front = "<frontmatter><url>2026.cloud-1.0</url></frontmatter>"
    assert parse(collection(volume("1", "2026-05-06", front, paper("Proceedings", id="0")))) == []


def test_a_document_of_another_kind_is_an_error() -> None:
    with pytest.raises(SourceError, match=r"^x: unexpected response from the ACL Anthology: root element <rss>$"):
        parse(b"<rss/>")


# -- requests -----------------------------------------------------------------------------------------


def test_the_papers_of_a_venue_are_those_added_in_the_days(httpserver: HTTPServer) -> None:
    serve(httpserver, {
        "2026.cloud.xml": collection(
            volume("long", "2026-05-06", paper("New")), volume("short", "2026-03-01", paper("Old")),
            volume("demo", "", paper("Undated")), volume("late", "2027-01-01", paper("To come")),
            volume("journal", "2026-01-01", paper("Of January"), paper("Of May", ingest_date="2026-05-07")),
        ),
        "2025.cloud.xml": collection(volume("long", "2025-05-06", paper("Of last year"))),
    })  # fmt: skip
    assert titles(fetch(httpserver, "cloud")) == ["New", "Of May"]


def test_a_venue_that_meets_every_second_year_is_no_error(httpserver: HTTPServer) -> None:
    serve(httpserver, {"2025.cloud.xml": collection(volume("1", "2026-05-06", paper("Late")))})
    assert titles(fetch(httpserver, "cloud")) == ["Late"]
    with pytest.raises(SourceError, match=r"/xml/2026\.clud\.xml: HTTP 404: the Anthology has no venue 'clud'"):
        fetch(httpserver, "clud")


def test_a_collection_and_a_volume_are_read_as_a_whole(httpserver: HTTPServer) -> None:
    long, short = volume("long", "2019-01-01", paper("Long")), volume("short", "2019-01-01", paper("Short"))
    serve(httpserver, {
        "2019.cloud.xml": collection(long, short),
        "P19.xml": collection(volume("1", "2019-01-01", paper("P")), name="P19"),
    })  # fmt: skip
    assert titles(fetch(httpserver, "2019.cloud")) == ["Long", "Short"]
    assert titles(fetch(httpserver, "2019.cloud-short", "P19", "P19-1")) == ["Short", "P", "P"]
    with pytest.raises(SourceError, match=r"2019\.cloud\.xml: no volume 'demo' \(its volumes: long, short\)"):
        fetch(httpserver, "2019.cloud-demo")


@pytest.mark.parametrize("followed", ["ACL", "2026", "../../etc/passwd", "acl long", "2026.acl-long.1"])
def test_what_is_neither_a_venue_nor_a_volume_is_not_asked_for(httpserver: HTTPServer, followed: str) -> None:
    with pytest.raises(SourceError, match="neither a venue nor a volume"):
        fetch(httpserver, followed)
    assert httpserver.log == []


def test_an_unmodified_collection_has_no_documents(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/xml/2026.cloud.xml", headers={"If-None-Match": '"1"'}).respond_with_data(status=304)
    httpserver.expect_request("/xml/2026.cloud.xml").respond_with_data(collection(), headers={"ETag": '"1"'})
    httpserver.expect_request("/xml/2025.cloud.xml").respond_with_data(status=404)
    source = replace(Acl(), follow=("cloud",), api=httpserver.url_for("/xml"))
    with HttpClient(sleep=lambda _s: None) as client:
        assert titles(list(source.fetch(SPAN, client))) == []
        client.start_over(dict(client.validators))
        assert list(source.fetch(SPAN, client)) == []
        assert client.unchanged == 1
