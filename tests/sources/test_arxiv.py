from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources import Document, HttpClient, Span
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


def code_url(comment: str, abstract: str = "") -> str | None:
    return entry(f"<arxiv:comment>{comment}</arxiv:comment><summary>{abstract}</summary>").code_url


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


def rss_1(title: str) -> list[Entry | Refusal]:
    return parse(
        f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
          xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><dc:date>2023-05-08T20:30:00-05:00</dc:date></channel>
          <item rdf:about="http://arxiv.org/abs/2305.00001"><title>{title}</title>
          <link>http://arxiv.org/abs/2305.00001</link><description>&lt;p&gt;We count.&lt;/p&gt;</description>
          <dc:creator>&lt;a href="http://arxiv.org/find/cs/1/au:+E_A/0/1"&gt;Ada Example&lt;/a&gt; (Lab, Town),
          &lt;a href="http://arxiv.org/find/cs/1/au:+S_B/0/1"&gt;B&amp;#xe9;n Sample&lt;/a&gt;</dc:creator>
          </item></rdf:RDF>""",
        announce=("new", "cross", "replace"),
    )


def test_the_rss_feed_of_before_2024_says_most_of_it_in_the_title() -> None:
    new = Entry(
        source="arxiv", title="Clouds", abstract="We count.", authors=("Ada Example", "Bén Sample"),
        arxiv_id="2305.00001", version=1, listed=date(2023, 5, 8), categories=("cs.CL",),
    )  # fmt: skip
    assert rss_1("Clouds. (arXiv:2305.00001v1 [cs.CL])") == [new]
    assert rss_1("Clouds. (arXiv:2305.00001v1 [cs.CL] CROSS LISTED)") == [new]
    assert rss_1("Clouds. (arXiv:2305.00001v4 [cs.CL] UPDATED)") == [replace(new, version=4, listed=None)]
    assert [one.title for one in rss_1("On (arXiv: a study)") if isinstance(one, Entry)] == ["On (arXiv: a study)"]


def test_an_announcement_is_known_by_its_text_where_there_is_no_element_for_it() -> None:
    feed = re.sub("<arxiv:announce_type>.*</arxiv:announce_type>", "", announced("replace"))
    assert parse(f"<feed {ATOM}>{feed}</feed>") == []
    assert len(parse(f"<feed {ATOM}>{feed}</feed>", announce=("replace",))) == 1


def test_a_kind_of_announcement_that_nobody_knows_is_left_out() -> None:
    assert parse(f"<feed {ATOM}>{announced('absonly')}</feed>") == []


def test_an_announcement_without_a_day_is_of_its_feeds_day() -> None:
    (told,) = parse(
        f"""<rss {ATOM}><channel><pubDate>Fri, 08 May 2026 00:00:00 -0400</pubDate><item><title>Clouds</title>
        <guid>oai:arXiv.org:2605.00001v1</guid><arxiv:announce_type>new</arxiv:announce_type></item></channel></rss>"""
    )
    assert isinstance(told, Entry)
    assert told.listed == TODAY


def test_an_answer_of_the_api_is_kept_whatever_is_wanted_of_announcements() -> None:
    assert len(parse(RECORDING, announce=("replace",))) == 3


def test_an_empty_feed_is_fine() -> None:
    assert parse(f"<feed {ATOM}/>") == parse("<rss><channel/></rss>") == []


@pytest.mark.parametrize(
    ("inside", "authors"),
    [
        ("<author><name>Ada Example</name><arxiv:affiliation>Lab</arxiv:affiliation></author>", ("Ada Example",)),
        ("<author><name>Cloud Team</name></author><author><name>:</name></author><author><name>Li</name></author>",
         ("Cloud Team", "Li")),
        ("<author/><author>Ada</author><author><name> </name></author>", ()),
        ("<dc:creator>Ada Example (Lab, Town), Ben Sample III</dc:creator>", ("Ada Example", "Ben Sample III")),
        ("<dc:creator>Plato, Ben Sample</dc:creator>", ("Plato", "Ben Sample")),
        ("<dc:creator>Ada Example</dc:creator>", ("Ada Example",)),
        ("<dc:creator/>", ()),
    ],
)  # fmt: skip
def test_authors_are_read_as_they_stand(inside: str, authors: tuple[str, ...]) -> None:
    assert entry(inside).authors == authors


@pytest.mark.parametrize(
    ("inside", "categories"),
    [
        ('<category term="cs.LG"/><arxiv:primary_category term="hep-th"/>', ("hep-th", "cs.LG")),
        (
            '<category term="cond-mat.str-el"/><category term="68T50"/><category term="I.2.7, H.3"/>',
            ("cond-mat.str-el",),
        ),
        ("<category/><arxiv:primary_category/>", ()),
    ],
)
def test_categories_are_arxivs_own_with_the_primary_one_first(inside: str, categories: tuple[str, ...]) -> None:
    assert entry(inside).categories == categories


NOTICES = {
    "This paper has been withdrawn by the authors": True,
    "12 pages, 3 figures. This article was temporarily withdrawn due to an error in (3)": True,
    "withdrawn by arXiv administrators due to overlap": True,
    "arXiv admin note: submission has been withdrawn by arXiv administrators": True,
    "Withdrawn": True,
    "8 pages. Withdrawn.": True,
    "8 pages - withdrawn by arXiv": True,
    "Submitted to CLOUDS 2026 (withdrawn)": False,
    "Submitted to CLOUDS 2026, withdrawn": False,
    "The authors have withdrawn this paper": True,
    "Paper withdrawn": True,
    "This paper has been withdrawn from arXiv": True,
    "This paper was withdrawn from the Workshop on Clouds": False,
    "Replaces arXiv:2605.00002, which has been withdrawn by the authors": False,
    "An earlier version of this paper has been withdrawn": False,
    "12 pages": False,
}


@pytest.mark.parametrize(
    ("inside", "withdrawn"),
    [
        *((f"<arxiv:comment>{comment}</arxiv:comment>", withdrawn) for comment, withdrawn in NOTICES.items()),
        ("<summary>This submission has been withdrawn as it was wrong.</summary>", True),
        ("<summary>The paper is withdrawn.</summary>", True),
        ("<summary>  This paper\nhas been\nwithdrawn.</summary>", True),
        ("<summary>We study how often, over many years and fields, this paper has been withdrawn.</summary>", False),
        ("<summary>We count. This paper has been withdrawn, we found.</summary>", False),
        ("<summary>Withdrawn patients are rarely counted.</summary>", False),
        ("<summary>Patients who withdrew are withdrawn.</summary>", False),
    ],
)
def test_a_withdrawal_is_seen(inside: str, withdrawn: bool) -> None:
    assert entry(inside).withdrawn is withdrawn


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Code: https://github.com/ada/clouds", "https://github.com/ada/clouds"),
        ("12 pages; our code will be at http://www.github.com/ada/clouds.git.", "https://github.com/ada/clouds"),
        ("The implementation (https://gitlab.com/ada/clouds/) is free.", "https://gitlab.com/ada/clouds"),
        (r"Code is at \url{https://github.com/ada/small\_clouds}.", "https://github.com/ada/small_clouds"),
        ("Code: https://github.com/ada/all/tree/main/clouds.", "https://github.com/ada/all/tree/main/clouds"),
        (
            "Our code: https://github.com/ada/clouds (see https://github.com/Ada/Clouds)",
            "https://github.com/ada/clouds",
        ),
        ("Code: https://github.com/ada/clouds, https://github.com/ben/spoons", None),
        ("Project page: https://github.com/ada/clouds", None),
        ("We publish code. Data: https://github.com/ada/clouds", None),
        ("Data: https://github.com/ada/code", None),
        ("Code: https://github.com/ada", None),
        ("Code: https://ada.example/clouds", None),
        ("Code: https://github.com.example/ada/clouds", None),
        ("", None),
    ],
)
def test_a_repository_that_a_sentence_calls_the_code_is_it_if_it_is_the_only_one(
    said: str, expected: str | None
) -> None:
    assert code_url(said) == code_url("", said) == expected


def test_another_repository_in_the_abstract_makes_the_code_uncertain() -> None:
    assert code_url("Code: https://github.com/ada/clouds", "After https://github.com/ben/spoons we count.") is None


@pytest.mark.parametrize(
    ("doi", "expected"),
    [
        ("10.1000/ABC", "10.1000/abc"),
        ("https://doi.org/10.1000/abc", "10.1000/abc"),
        ("10.1000/abc 10.1000/def", "10.1000/abc"),
        ("10.48550/arXiv.2605.00001", None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_a_doi_is_the_journals(doi: str, expected: str | None) -> None:
    assert entry(f"<arxiv:doi>{doi}</arxiv:doi>").doi == entry(f"<arxiv:DOI>{doi}</arxiv:DOI>").doi == expected


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        ("<id>http://arxiv.org/abs/2605.00001v1</id>", "no title"),
        ("<id>http://arxiv.org/abs/2605.00001v1</id><title> \n </title>", "no title"),
        ("<title>Clouds</title>", "no arXiv id"),
        ("<title>Clouds</title><id>10.1000/182</id><link href='https://clouds.example/1'/>", "no arXiv id"),
    ],
)
def test_an_odd_entry_is_refused_alone_with_its_number_and_why(inside: str, why: str) -> None:
    good = "<entry><title>Clouds</title><id>http://arxiv.org/abs/2605.00001v1</id></entry>"
    told = parse(f"<feed {ATOM}>{good}<entry>{inside}</entry>{good}</feed>")
    assert told == [entry(""), Refusal("x, entry 2", why), entry("")]


def test_the_link_says_the_id_where_nothing_else_does() -> None:
    (told,) = parse(
        f"<feed {ATOM}><entry><title>A</title><link href='https://arxiv.org/abs/math/0601001v2'/></entry></feed>"
    )
    assert told == Entry(source="arxiv", title="A", arxiv_id="math/0601001", version=2)


def test_an_error_of_arxivs_is_told_in_its_words() -> None:
    feed = f"""<feed {ATOM}><entry><id>https://arxiv.org/api/errors#x</id><title>Error</title>
        <summary>incorrect id format for abc</summary></entry></feed>"""
    with pytest.raises(SourceError, match=r"^x: arXiv answers: incorrect id format for abc$"):
        parse(feed)


FEED_ERROR = f"""<feed {ATOM}><title>Feed error for query: https://rss.example/atom/cs.XX</title>
    <subtitle>Bad subject class 'XX'.</subtitle></feed>"""


def test_an_error_of_the_feeds_is_told_in_its_words() -> None:
    rss = "<channel><title>Feed error for query: x</title><description>Bad archive 'x'.</description></channel>"
    for feed, words in ((FEED_ERROR, "Bad subject class 'XX'."), (f"<rss>{rss}</rss>", "Bad archive 'x'.")):
        with pytest.raises(SourceError) as caught:
            parse(feed)
        assert str(caught.value) == f"x: arXiv answers: {words}"


@pytest.mark.parametrize("content", ["Rate exceeded.", "<html><body/></html>", "", "<feed", "<a/>"])
def test_what_is_no_answer_is_an_error(content: str) -> None:
    with pytest.raises(SourceError, match=r"^x: not "):
        parse(content)


# -- anything -----------------------------------------------------------------------------------------


def only_entries_and_refusals(content: bytes) -> bool:
    """Whether parsing gives well-formed entries and one-line refusals, or a `SourceError`, and nothing else."""
    try:
        found = parse(content, announce=("new", "cross", "replace", "replace-cross"))
    except SourceError as error:
        return str(error).startswith("x: ") and "\n" not in str(error)
    return all(bool(one.title and one.arxiv_id) if isinstance(one, Entry) else "\n" not in str(one) for one in found)


@settings(max_examples=200)
@example(b"<feed/>")
@example(b"<rss><channel><item><title>(arXiv:</title></item></channel></rss>")
@given(st.binary())
def test_any_bytes_give_entries_refusals_or_one_error(content: bytes) -> None:
    assert only_entries_and_refusals(content)


NAMES = ("entry", "item", "id", "title", "summary", "author", "name", "category", "comment", "doi", "published",
         "announce_type", "creator", "channel", "pubDate", "link", "guid")  # fmt: skip
WORDS = st.sampled_from(
    ["http://arxiv.org/abs/2605.00001v2", "Clouds", "new", "2026-05-08", "2026-99-99", "10.1000/1", "Error", ",;()",
     "A (arXiv:2605.00001v1 [cs.CL])", "(arXiv:x [y])", "Code: https://github.com/a/b", "/api/errors"]
) | st.text(st.characters(codec="utf-8", min_codepoint=32, exclude_characters="<&"), max_size=9)  # fmt: skip
ELEMENTS = st.recursive(
    WORDS,
    lambda inner: st.builds(
        lambda name, insides: f"<{name} term='cs.CL' href='x'>{''.join(insides)}</{name}>",
        st.sampled_from(NAMES),
        st.lists(inner, max_size=5),
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(st.lists(ELEMENTS, max_size=6), st.sampled_from(["feed", "rss", "RDF"]))
def test_any_elements_in_any_order_give_entries_refusals_or_one_error(insides: list[str], top: str) -> None:
    assert only_entries_and_refusals(f"<{top}><entry>{''.join(insides)}</entry></{top}>".encode())


@pytest.mark.parametrize(
    "piece", ["(arXiv:", "(arXiv: [", "Withdrawn ", "https://github.com/a/", "Code. ", ". the paper "]
)
def test_long_texts_take_no_long_time(piece: str) -> None:
    long = piece * 20_000
    one = f"<entry><id>2605.00001</id><title>{long}</title><summary>{long}</summary><comment>{long}</comment></entry>"
    assert len(parse(f"<feed>{one}</feed>")) == 1


# -- fetching -----------------------------------------------------------------------------------------


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


def test_all_categories_are_read_from_one_feed(httpserver: HTTPServer) -> None:
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


def test_a_word_that_is_no_archive_is_a_query(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api").respond_with_data(response(total=0))
    fetch(httpserver, "transformers", "cs.CL AND ti:clouds", "CS.CL")
    assert [query.split(" AND sub")[0] for _, query, _ in asked(httpserver)] == [
        "(transformers)", "(cs.CL AND ti:clouds)", "(CS.CL)",
    ]  # fmt: skip


def test_nothing_to_follow_is_an_error_that_says_what_to_type(httpserver: HTTPServer) -> None:
    with pytest.raises(SourceError, match=r"^arxiv: nothing to follow \(.*newsletter pull arxiv cs\.CL cs\.LG"):
        fetch(httpserver)


def test_a_feed_that_did_not_change_is_no_document(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/atom/cs.CL").respond_with_data(status=304)
    assert fetch(httpserver, "cs.CL") == []


def test_a_query_whose_answer_did_not_change_is_not_paged_through(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api").respond_with_data(status=304)
    assert fetch(httpserver, "ti:clouds") == []
    assert len(httpserver.log) == 1


def test_a_category_that_there_is_not_is_told_in_arxivs_words(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/atom/cs.XX").respond_with_data(FEED_ERROR, status=400)
    with pytest.raises(SourceError, match=r"/atom/cs\.XX: arXiv answers: Bad subject class 'XX'\.$"):
        fetch(httpserver, "cs.XX")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f"<feed {ATOM}><entry><id>https://arxiv.org/api/errors#x</id><summary>odd query</summary></entry></feed>",
         "arXiv answers: odd query"),
        ("<feed/>", "answered 400 Bad Request (is what you follow spelled right?)"),
        ("Bad Request", "not XML: 'Bad Request'"),
    ],
)  # fmt: skip
def test_a_query_that_arxiv_cannot_read_is_told_in_its_words(httpserver: HTTPServer, content: str, words: str) -> None:
    httpserver.expect_request("/api").respond_with_data(content, status=400)
    with pytest.raises(SourceError) as caught:
        fetch(httpserver, "ti:((")
    assert str(caught.value).endswith(f": {words}")


def test_what_the_feed_no_longer_holds_is_asked_of_the_api(httpserver: HTTPServer) -> None:
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


def test_a_query_is_asked_page_by_page(httpserver: HTTPServer) -> None:
    pages = {"0": (1, 2), "2": (3,)}

    def handle(request: Request) -> Response:
        return Response(response(*pages[request.args["start"]], total=3))

    httpserver.expect_request("/api").respond_with_handler(handle)
    assert len(fetch(httpserver, 'ti:"clouds"')) == 2
    assert list(asked(httpserver)) == [
        ("/api", '(ti:"clouds") AND submittedDate:[202605040000 TO 202605082359]', start) for start in ("0", "2")
    ]


def test_a_page_that_is_empty_by_mistake_is_asked_for_once_more(httpserver: HTTPServer) -> None:
    for page in (response(1, total=2), response(total=2), response(2, total=2)):
        httpserver.expect_ordered_request("/api").respond_with_data(page)
    assert len(fetch(httpserver, "ti:clouds")) == 2


def test_a_page_that_stays_empty_is_an_error(httpserver: HTTPServer) -> None:
    for page in (response(1, total=2), response(total=2), response(total=2)):
        httpserver.expect_ordered_request("/api").respond_with_data(page)
    with pytest.raises(SourceError, match="an empty page, though 2 are said to be there"):
        fetch(httpserver, "ti:clouds")


@pytest.mark.parametrize(
    ("most", "pages"), [(0, []), (1, [("0", "1")]), (200, [("0", "200")]), (250, [("0", "200"), ("200", "50")])]
)
def test_no_more_is_asked_for_than_is_wanted_of_a_query(
    httpserver: HTTPServer, most: int, pages: list[tuple[str, str]]
) -> None:
    def handle(request: Request) -> Response:
        start = int(request.args["start"])
        return Response(response(*range(start + 1, start + 1 + int(request.args["max_results"])), total=9_999))

    httpserver.expect_request("/api").respond_with_handler(handle)
    assert sum(len(parse(one.content)) for one in fetch(httpserver, "ti:clouds", max_results=most)) == most
    assert [(one.args["start"], one.args["max_results"]) for one, _ in httpserver.log] == pages
    assert {(one.args["sortBy"], one.args["sortOrder"]) for one, _ in httpserver.log} <= {
        ("submittedDate", "descending")
    }


def test_where_no_total_is_told_a_page_that_is_not_full_is_the_last(httpserver: HTTPServer) -> None:
    for page in (range(1, 201), range(201, 204)):
        content = re.sub("<totalResults.*</totalResults>", "", response(*page, total=0))
        httpserver.expect_ordered_request("/api").respond_with_data(content)
    assert [len(parse(one.content)) for one in fetch(httpserver, "ti:clouds")] == [200, 3]
    httpserver.check()


# -- recorded answers ---------------------------------------------------------------------------------


def recorded(path: Path) -> Document:
    """The answer in a file; its text may be UTF-8 that was read as Latin-1."""
    body = json.loads(path.read_bytes())["body"]
    try:
        content = body.encode("latin-1")
        content.decode()
    except UnicodeError:
        content = body.encode()
    return Document(path.name, content)


def test_the_recorded_answers_of_the_api_are_read_whole(shared: Path) -> None:
    counts: list[int | str] = []
    for path in sorted((shared / "arxiv-atom").glob("*.json")):
        try:
            told = list(Arxiv().parse(recorded(path), TODAY))
        except SourceError as error:
            counts.append(str(error).partition(": arXiv answers: ")[1])
            continue
        counts.append(len(told))
        entries = [one for one in told if isinstance(one, Entry)]
        assert len(entries) == len(told)
        assert all(one.abstract and one.authors and one.published and one.version for one in entries)
        assert all(one.categories and not one.listed for one in entries)
    # In the order of the files' names.
    assert counts == [0, 0, 1, ": arXiv answers: ", 1, 10, 10, 10, 10, 15]


def test_the_recorded_feed_is_read_whole(shared: Path) -> None:
    (path,) = (shared / "arxiv-feed").glob("atom-*.xml")
    document = Document(path.name, path.read_bytes())
    for announce, count in ((("new", "cross"), 7), (("cross",), 5), (("new",), 2), (("replace", "replace-cross"), 0)):
        told = list(Arxiv(announce=announce).parse(document, TODAY))
        assert Counter(type(one) for one in told) == ({Entry: count} if count else {})
        days = {(one.listed, one.published) for one in told if isinstance(one, Entry)}
        assert days <= {(date(2025, 8, 20), None)}
