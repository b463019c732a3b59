from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources import Document, Span, Web
from newsletter.sources.arxiv import Arxiv
from tests.factories import TODAY

RECORDING = (Path(__file__).parent / "recordings/arxiv.xml").read_bytes()
ATOM = 'xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'


def parse(content: bytes | str, **settings: Any) -> list[Entry | Refusal]:
    content = content.encode() if isinstance(content, str) else content
    return list(Arxiv(**settings).parse(Document("x", content), TODAY))


def entry(inside: str) -> Entry:
    (told,) = parse(
        f"<feed {ATOM}><entry><title>Clouds</title><id>http://arxiv.org/abs/2605.00001v1</id>{inside}</entry></feed>"
    )
    assert isinstance(told, Entry)
    return told


def announced(kind: str, number: int = 1) -> str:
    return f"""<entry><id>oai:arXiv.org:2605.0000{number}v{number}</id><title>Clouds {number}</title>
        <summary>arXiv:2605.0000{number}v{number} Announce Type: {kind} \nAbstract: We count.</summary>
        <category term="cs.CL"/><published>2026-05-08T00:00:00-04:00</published>
        <arxiv:announce_type>{kind}</arxiv:announce_type><dc:creator>Jos\\'e Example, Ben Sample</dc:creator></entry>"""


# -- parsing ------------------------------------------------------------------------------------------


def test_an_answer_of_the_api_is_read_with_all_its_facts() -> None:
    told = parse(RECORDING)
    assert told == [
        Entry(
            source="arxiv", title="Counting Clouds with Small Language Models",
            abstract="We teach a small language model to count n clouds. It counts well on clear days.",
            authors=("Ada Example", "Ben Sample"), arxiv_id="2605.01234", version=2, doi="10.1000/clouds",
            published=date(2026, 5, 6), categories=("cs.CL", "cs.LG"), venue="Journal of Clouds 1 (2026)",
        ),
        Entry(
            source="arxiv", title="Spoons of the Second Kind", abstract="A spoon is a spoon.", authors=("Cy Specimen",),
            arxiv_id="cs/0601001", version=1, published=date(2006, 1, 1), categories=("cs.AI",), withdrawn=True,
        ),
        Refusal("x, entry 3", "no title"),
    ]  # fmt: skip


def test_an_announcement_is_read_with_its_day_and_all_its_authors() -> None:
    (told,) = parse(f"<feed {ATOM}>{announced('new')}</feed>")
    assert told == Entry(
        source="arxiv", title="Clouds 1", abstract="We count.", authors=("José Example", "Ben Sample"), version=1,
        arxiv_id="2605.00001", listed=TODAY, categories=("cs.CL",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("announce", "kept"), [(("new", "cross"), [1, 2]), (("new",), [1]), (("replace", "replace-cross"), [3, 4])]
)
def test_only_the_announcements_that_are_wanted_are_kept(announce: tuple[str, ...], kept: list[int]) -> None:
    kinds = ("new", "cross", "replace", "replace-cross")
    feed = "".join(announced(kind, number) for number, kind in enumerate(kinds, start=1))
    told = [one for one in parse(f"<feed {ATOM}>{feed}</feed>", announce=announce) if isinstance(one, Entry)]
    assert [one.version for one in told] == kept
    assert {one.listed for one in told} == ({TODAY} if kept[0] < 3 else {None})


def test_the_rss_feed_says_the_same_as_the_atom_feed() -> None:
    rss = """<rss version="2.0" xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/">
      <channel><title>cs.CL updates on arXiv.org</title><item><title>Clouds 1</title>
      <link>https://arxiv.org/abs/2605.00001</link><guid isPermaLink="false">oai:arXiv.org:2605.00001v1</guid>
      <description>arXiv:2605.00001v1 Announce Type: new \nAbstract: We count.</description><category>cs.CL</category>
      <pubDate>Fri, 08 May 2026 00:00:00 -0400</pubDate><arxiv:announce_type>new</arxiv:announce_type>
      <dc:creator>Jos\\'e Example, Ben Sample</dc:creator></item></channel></rss>"""
    assert parse(rss) == parse(f"<feed {ATOM}>{announced('new')}</feed>")


def test_an_empty_feed_is_fine() -> None:
    assert parse(f"<feed {ATOM}/>") == parse("<rss><channel/></rss>") == []


@pytest.mark.parametrize(
    ("inside", "withdrawn"),
    [
        ("<arxiv:comment>This paper has been withdrawn by the authors</arxiv:comment>", True),
        ("<arxiv:comment>withdrawn by arXiv administrators due to overlap</arxiv:comment>", True),
        ("<arxiv:comment>Withdrawn</arxiv:comment>", True),
        ("<summary>This submission has been withdrawn as it was wrong.</summary>", True),
        ("<summary>The paper is withdrawn.</summary>", True),
        ("<summary>We study how often, over many years and fields, this paper has been withdrawn.</summary>", False),
        ("<summary>Patients who withdrew are withdrawn.</summary>", False),
        ("<arxiv:comment>12 pages</arxiv:comment>", False),
    ],
)
def test_a_withdrawal_is_seen(inside: str, withdrawn: bool) -> None:
    assert entry(inside).withdrawn is withdrawn


@pytest.mark.parametrize(
    ("doi", "expected"), [("10.1000/ABC", "10.1000/abc"), ("10.48550/arXiv.2605.00001", None), ("nonsense", None)]
)
def test_a_doi_is_the_journals(doi: str, expected: str | None) -> None:
    assert entry(f"<arxiv:doi>{doi}</arxiv:doi>").doi == expected


def test_an_error_of_arxivs_is_told_in_its_words() -> None:
    feed = f"""<feed {ATOM}><entry><id>https://arxiv.org/api/errors#x</id><title>Error</title>
        <summary>incorrect id format for abc</summary></entry></feed>"""
    with pytest.raises(SourceError, match=r"^x: arXiv answers: incorrect id format for abc$"):
        parse(feed)


@pytest.mark.parametrize("content", ["Rate exceeded.", "<html><body/></html>", "", "<feed", "<a/>"])
def test_what_is_no_answer_is_an_error(content: str) -> None:
    with pytest.raises(SourceError, match=r"^x: not "):
        parse(content)


# -- fetching -----------------------------------------------------------------------------------------


def answer(*numbers: int, total: int) -> str:
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/2605.{number:05}v1</id><title>{number}</title></entry>" for number in numbers
    )
    return f'<feed {ATOM}><totalResults xmlns="http://a9.com/-/spec/opensearch/1.1/">{total}</totalResults>{entries}</feed>'


def fetch(httpserver: HTTPServer, *follow: str, first: date = TODAY) -> list[Document]:
    source = Arxiv(follow=follow, api=httpserver.url_for("/api"), feed=httpserver.url_for("/atom"))
    with Web(sleep=lambda _seconds: None) as web:
        return list(source.fetch(Span(first, TODAY), web))


def asked(httpserver: HTTPServer) -> Iterator[tuple[str, str, str]]:
    for request, _ in httpserver.log:
        yield request.path, request.args.get("search_query", ""), request.args.get("start", "")


def test_all_categories_are_read_from_one_feed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/atom/cs.CL+math.CO+hep-th+eess.*").respond_with_data(answer(total=0))
    assert len(fetch(httpserver, "cs.CL", "math.CO", "hep-th", "eess.*")) == 1


def test_what_the_feed_no_longer_holds_is_asked_of_the_api(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/atom/cs.CL+cs.LG").respond_with_data(answer(total=0))
    httpserver.expect_request("/api").respond_with_data(answer(1, total=1))
    assert len(fetch(httpserver, "cs.CL", "cs.LG", first=date(2026, 5, 1))) == 2
    assert list(asked(httpserver))[1] == (
        "/api", "(cat:cs.CL OR cat:cs.LG) AND submittedDate:[202604270000 TO 202605082359]", "0",
    )  # fmt: skip


def test_a_query_is_asked_page_by_page(httpserver: HTTPServer) -> None:
    pages = {"0": (1, 2), "2": (3,)}

    def handle(request: Request) -> Response:
        return Response(answer(*pages[request.args["start"]], total=3))

    httpserver.expect_request("/api").respond_with_handler(handle)
    assert len(fetch(httpserver, 'ti:"clouds"')) == 2
    assert list(asked(httpserver)) == [
        ("/api", '(ti:"clouds") AND submittedDate:[202605040000 TO 202605082359]', start) for start in ("0", "2")
    ]


def test_a_page_that_is_empty_by_mistake_is_asked_for_once_more(httpserver: HTTPServer) -> None:
    for page in (answer(1, total=2), answer(total=2), answer(2, total=2)):
        httpserver.expect_ordered_request("/api").respond_with_data(page)
    assert len(fetch(httpserver, "ti:clouds")) == 2


def test_a_page_that_stays_empty_is_an_error(httpserver: HTTPServer) -> None:
    for page in (answer(1, total=2), answer(total=2), answer(total=2)):
        httpserver.expect_ordered_request("/api").respond_with_data(page)
    with pytest.raises(SourceError, match="an empty page, though 2 are said to be there"):
        fetch(httpserver, "ti:clouds")
