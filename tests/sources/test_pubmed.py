"""PubMed's pitfalls; its plain facts are in test_apis.py, and how any source is served in test_every_source.py."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from newsletter.errors import SourceError
from newsletter.models import Entry, PartialDate, Refusal, StatedDate
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.pubmed import Pubmed
from tests.factories import TODAY


def parse(content: str | bytes) -> list[Entry | Refusal]:
    body = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
    return list(Pubmed().parse(Document("saved.xml", body), TODAY))


def only(inside: str = "", title: str = "Clouds", after: str = "") -> Entry:
    """The one entry of a response with one article."""
    article = f"<Article><ArticleTitle>{title}</ArticleTitle>{inside}</Article>"
    (entry,) = parse(f"<PubmedArticle><MedlineCitation>{article}</MedlineCitation>{after}</PubmedArticle>")
    assert isinstance(entry, Entry)
    return entry


# -- titles and abstracts -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("<i>Clouds</i> of <b>CO<sub>2</sub></b>", "Clouds of CO₂"),
        ("10<sup>-3</sup> clouds", "10⁻³ clouds"),
        ("p &lt; 0.05 &amp; clouds", "p < 0.05 & clouds"),
        ("[Clouds and kettles].", "Clouds and kettles"),
        ("[Clouds and kettles]", "Clouds and kettles"),
        ("[The [18F] kettle].", "The [18F] kettle"),
        ("[A] and [B].", "[A] and [B]"),
        ("[].", "[]"),
        ("Clouds [and kettles].", "Clouds [and kettles]"),
        ("Kettles of the U.S.", "Kettles of the U.S."),
        ("Kettles...", "Kettles..."),
    ],
)
def test_markup_and_the_brackets_of_a_translation_are_removed_from_titles(written: str, title: str) -> None:
    assert only(title=written).title == title


def test_the_parts_of_an_abstract_keep_their_labels() -> None:
    parts = '<AbstractText Label="AIM">Count.</AbstractText><AbstractText Label="UNLABELLED">So.</AbstractText>'
    more = "<AbstractText/><AbstractText>We <i>did</i>.</AbstractText><CopyrightInformation>©</CopyrightInformation>"
    assert only(f"<Abstract>{parts}{more}</Abstract>").abstract == "AIM: Count. So. We did."


# -- identifiers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "arxiv_id", "doi"),
    [
        ('<ELocationID EIdType="pii">1234.56789</ELocationID>', None, None),  # a journal's own number
        ('<ELocationID EIdType="pii">arXiv:2605.01234v1</ELocationID>', "2605.01234", None),
        ('<ELocationID EIdType="doi">10.48550/arXiv.2605.01234</ELocationID>', "2605.01234", None),
        ('<ELocationID EIdType="doi" ValidYN="Y">10.1000/CLOUDS</ELocationID>', None, "10.1000/clouds"),
        ('<ELocationID EIdType="doi" ValidYN="N">10.1000/wrong</ELocationID>', None, None),
    ],
)
def test_only_valid_explicit_ids_are_recognised(written: str, arxiv_id: str | None, doi: str | None) -> None:
    entry = only(written)
    assert (entry.arxiv_id, entry.doi) == (arxiv_id, doi)


def test_the_ids_of_cited_articles_are_ignored() -> None:
    cited = '<ArticleIdList><ArticleId IdType="doi">10.1000/other</ArticleId></ArticleIdList>'
    assert (
        only(after=f"<PubmedData><ReferenceList><Reference>{cited}</Reference></ReferenceList></PubmedData>").doi
        is None
    )


def test_the_name_of_a_group_is_not_reordered() -> None:
    person = "<Author><LastName>Example</LastName><ForeName>Ada</ForeName></Author>"
    group = "<Author><CollectiveName>Cloud Group, Kettle School</CollectiveName></Author>"
    authors = only(f"<AuthorList>{person}{group}{person}<Author/></AuthorList>").authors
    assert authors == ("Ada Example", "Cloud Group, Kettle School", "Ada Example")


# -- days ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2018 May-Jun", PartialDate(2018, 6)),
        ("2017 Dec-2018 Jan", PartialDate(2018, 1)),
        ("1999-2000", PartialDate(2000)),
        ("Winter 2018", PartialDate(2018)),
        ("2026 May-Jun", PartialDate(2026, 6)),
        ("2026", PartialDate(2026)),
        ("12345", None),
        ("", None),
    ],
)
def test_a_date_is_as_precise_as_it_is_stated(written: str, day: StatedDate | None) -> None:
    issue = f"<JournalIssue><PubDate><MedlineDate>{written}</MedlineDate></PubDate></JournalIssue>"
    assert only(f"<Journal>{issue}</Journal>").published == day


@given(st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="<&"), max_size=20))
def test_any_text_as_a_date_is_handled(words: str) -> None:
    issue = f"<PubDate><Year>{words}</Year><Month>{words}</Month><Day>{words}</Day></PubDate>"
    found = only(f"<Journal><JournalIssue>{issue}</JournalIssue></Journal>").published
    assert found is None or isinstance(found, date)


# -- documents ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<eFetchResult/>", "unexpected response from PubMed: root element <eFetchResult>"),
        (b'{"error": "API rate limit exceeded"}', "not XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><PubmedArticleSet/>', "XML entity declarations are not allowed"),
        (b"<PubmedArticleSet>" + b"<i>" * 500, "unsupported XML: nested"),
        (b"<PubmedArticleSet>", "not well-formed XML: line 1, column 18: no element found"),
    ],
)
def test_an_unexpected_response_is_one_error(content: bytes, why: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(content)
    assert str(caught.value).startswith(f"saved.xml: {why}")


# -- requests -----------------------------------------------------------------------------------------


def fetch(server: HTTPServer, **settings: Any) -> list[Document]:
    source = Pubmed(follow=("clouds",), api=server.url_for("").rstrip("/"), **settings)
    with HttpClient(sleep=lambda _seconds: None) as client:
        return list(source.fetch(Span(TODAY, TODAY), client))


def test_a_search_without_results_requests_no_articles(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/esearch.fcgi").respond_with_json({"esearchresult": {"count": "0", "idlist": []}})
    assert fetch(httpserver) == []
    assert len(httpserver.log) == 1


@pytest.mark.parametrize(
    ("response", "why"),
    [
        ({"error": "API rate limit exceeded", "count": "4"}, "PubMed error: API rate limit exceeded"),
        ({"esearchresult": {"ERROR": "Empty term"}}, "PubMed error: Empty term"),
        ({"esearchresult": []}, "unexpected response from PubMed: no search result"),
        ([], "unexpected response from PubMed"),
    ],
)
def test_the_error_message_of_a_failed_search_is_quoted(httpserver: HTTPServer, response: Any, why: str) -> None:
    httpserver.expect_request("/esearch.fcgi").respond_with_json(response)
    with pytest.raises(SourceError, match=why):
        fetch(httpserver)


def test_a_key_is_sent_with_both_requests_and_never_shown(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/esearch.fcgi").respond_with_json({"esearchresult": {"idlist": ["1"]}})
    httpserver.expect_request("/efetch.fcgi").respond_with_data("<PubmedArticleSet/>")
    (document,) = fetch(httpserver, api_key="s3cret")
    assert [request.args["api_key"] for request, _ in httpserver.log] == ["s3cret", "s3cret"]
    assert "s3cret" not in document.place


# -- recorded responses ---------------------------------------------------------------------------------


def test_the_recorded_article_is_parsed_completely(shared: Path) -> None:
    (path,) = (shared / "pubmed").glob("*.xml")
    (entry,) = parse(path.read_bytes())
    assert isinstance(entry, Entry)
    assert entry.doi
    assert entry.authors
    assert entry.published
    assert ": " in entry.abstract  # a labelled one


# -- books --------------------------------------------------------------------------------------------

BOOK = """<PubmedBookArticle><BookDocument><PMID Version="1">20301425</PMID>
<ArticleIdList><ArticleId IdType="bookaccession">NBK1247</ArticleId></ArticleIdList>
<Book><Publisher><PublisherName>University of Clouds</PublisherName></Publisher>
<BookTitle book="clouds">The Book of Clouds<sup>®</sup></BookTitle><PubDate><Year>1993</Year></PubDate>
<AuthorList Type="editors"><Author><LastName>Case</LastName><ForeName>Cy</ForeName></Author></AuthorList></Book>
{chapter}<Abstract><AbstractText Label="DIAGNOSIS">It rains.</AbstractText></Abstract>
<KeywordList><Keyword>rain</Keyword></KeywordList>{date}</BookDocument></PubmedBookArticle>"""
CHAPTER = """<ArticleTitle book="clouds" part="rain">Rain.</ArticleTitle><AuthorList Type="authors">
<Author><LastName>Example</LastName><ForeName>Ada</ForeName></Author></AuthorList>"""
DATE = "<ContributionDate><Year>2026</Year><Month>05</Month><Day>08</Day></ContributionDate>"


def test_a_chapter_of_a_book_is_an_entry_whose_venue_is_the_book() -> None:
    assert parse(f"<PubmedArticleSet>{BOOK.format(chapter=CHAPTER, date=DATE)}</PubmedArticleSet>") == [
        Entry(
            source="pubmed",
            title="Rain",
            abstract="DIAGNOSIS: It rains.",
            authors=("Ada Example",),
            published=date(2026, 5, 8),
            keywords=("rain",),
            venue="The Book of Clouds®",
            url="https://pubmed.ncbi.nlm.nih.gov/20301425/",
        )
    ]


def test_a_whole_book_is_an_entry_of_its_publisher_and_editors_are_no_authors() -> None:
    (entry,) = parse(BOOK.format(chapter="", date=""))
    assert isinstance(entry, Entry)
    assert (entry.title, entry.authors, entry.venue) == ("The Book of Clouds®", (), "University of Clouds")
    assert entry.published == PartialDate(1993)


def test_books_and_articles_are_read_in_their_order_and_none_is_lost() -> None:
    citation = "<MedlineCitation><Article><ArticleTitle>{}</ArticleTitle></Article></MedlineCitation>"
    article = f"<PubmedArticle>{citation}</PubmedArticle>"
    broken = "<PubmedBookArticle><BookDocument/></PubmedBookArticle><PubmedBookArticle/>"
    inside = article.format("One") + BOOK.format(chapter=CHAPTER, date="") + broken + article.format("Two")
    found = parse(f"<PubmedArticleSet>{inside}</PubmedArticleSet>")
    assert [one.title if isinstance(one, Entry) else str(one) for one in found] == [
        "One",
        "Rain",
        "saved.xml, entry 3: no title",
        "saved.xml, entry 4: no title",
        "Two",
    ]
