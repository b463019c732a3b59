from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from newsletter.errors import SourceError, SourceRateLimited
from newsletter.models import Entry, Refusal
from newsletter.sources import Document, Span
from newsletter.sources.feed import Feed
from newsletter.sources.http.client import HttpClient
from tests.factories import TODAY
from tests.sources.feeds import ATOM, ENTRY, JSON_FEED, alternate, one, page, parse, rss

# -- whole feeds --------------------------------------------------------------------------------------


def test_an_atom_entry_is_parsed_with_all_its_facts() -> None:
    assert parse(ATOM) == [ENTRY]


def test_an_item_of_a_json_feed_is_parsed_with_all_its_facts() -> None:
    assert parse(JSON_FEED, "saved.json") == [
        Entry(
            source="feed",
            title="Counting Clouds",
            abstract="We count clouds & rain.",
            authors=("Ada Example", "Ben Sample"),
            doi="10.5555/clouds.1",
            published=date(2026, 5, 6),
            keywords=("clouds", "rain"),
            url="https://clouds.example/papers/1",
        )
    ]


def test_a_title_suffices() -> None:
    assert one("") == Entry(source="feed", title="Counting Clouds")


@pytest.mark.parametrize(
    "empty",
    [
        rss(),
        '<feed xmlns="http://www.w3.org/2005/Atom"/>',
        '<?xml version="1.0"?><!-- <html> --><rss version="0.91"><channel/></rss>',
        '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "https://example.org/rss.dtd"><rss version="0.91"/>',
        '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel/></r:RDF>',
        {**JSON_FEED, "items": []},
    ],
)
def test_a_feed_without_entries_is_not_an_error(empty: str | dict[str, Any]) -> None:
    assert parse(empty) == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "not XML"),
        ("Rate exceeded.", "not XML"),
        ("<!doctype html><html><head><title>502</title></head></html>", "<html>"),
        ('<html xmlns:atom="http://www.w3.org/2005/Atom"><body>Hello</body></html>', "<html>"),
        ("<!-- x --><HTML><item><title>x</title></item></HTML>", "<html>"),
        ("<catalog><book><title>x</title></book></catalog>", "<catalog>"),
        ('<opml xmlns:a="http://www.w3.org/2005/Atom"/>', "<opml>"),
        ("<" + "x" * 10_000 + "/>", "<xxxxx"),
        (b"\x80\x81\x00", "not XML"),
        (b"\x1f\x8b\x08\x00broken", "corrupt gzip file"),
        ("{", "invalid JSON"),
        ('{"a": ' * 100_000, "invalid JSON"),
        ('{"a": ' + "9" * 5000 + "}", "invalid JSON"),
        ("{}", "not JSON Feed"),
        ('{"version": 1, "items": []}', "not JSON Feed"),
        ('{"version": "1.1", "items": []}', "not JSON Feed"),
        ('{"version": "https://jsonfeed.org/version/1.1"}', "without a list of items"),
        ('[{"title": "x"}]', "not XML"),
        ('<!DOCTYPE rss [<!ENTITY a "aaaa">]><rss version="2.0"/>', "XML entity declarations are not allowed"),
        (rss("<title>&#99999999999999;</title>"), "invalid feed (OverflowError)"),
    ],
)
def test_a_document_of_another_kind_is_an_error_that_names_the_file(content: str | bytes, why: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(content)
    assert str(caught.value).startswith("saved.xml: ")
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32"])
def test_entities_are_refused_in_every_encoding(encoding: str) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><channel/></rss>'
    with pytest.raises(SourceError, match="XML entity declarations are not allowed"):
        parse(bomb.encode(encoding))


def test_a_file_named_by_the_document_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "other.xml"
    path.write_text(ATOM)
    with pytest.raises(SourceError, match="not XML"):
        parse(str(path))


def test_only_an_untitled_entry_is_refused_with_its_number() -> None:
    untitled = "<description>Hello</description>"
    assert parse(rss("<title>A</title>", untitled, "<title> \u200b</title>", "<title>B</title>")) == [
        Entry(source="feed", title="A"),
        Refusal("saved.xml, entry 2", "no title"),
        Refusal("saved.xml, entry 3", "no title"),
        Entry(source="feed", title="B"),
    ]


@pytest.mark.parametrize("odd", [None, 7, "title", [], {}, {"title": 7}, {"title": ""}])
def test_only_an_invalid_item_of_a_json_feed_is_refused(odd: Any) -> None:
    found = parse({**JSON_FEED, "items": [odd, *JSON_FEED["items"]]}, "saved.json")
    assert found[0] == Refusal("saved.json, entry 1", "no title")
    assert len(found) == 2


# -- encodings and broken XML -------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-be", "utf-16-le", "utf-32-be"])
@pytest.mark.parametrize("declaration", ["", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-16"?>'])
def test_every_unicode_encoding_is_detected_despite_the_declaration(encoding: str, declaration: str) -> None:
    content = declaration + rss("<title>Über Wolken ☁</title>")
    assert parse(content.encode(encoding)) == [Entry(source="feed", title="Über Wolken ☁")]


@pytest.mark.parametrize(
    ("declared", "written", "title"),
    [
        ("iso-8859-1", "iso-8859-1", "Über Wolken"),
        ("ISO-8859-2", "iso-8859-2", "Chmury śnieżne"),
        ("windows-1252", "cp1252", "“Wolken”"),
        ("iso-8859-1", "cp1252", "“Wolken”"),  # what is declared so often is this
        ("utf-8", "cp1252", "Über “Wolken”"),
        ("iso-8859-1", "utf-8", "Über Wolken"),
        ("us-ascii", "utf-8", "Über Wolken"),
        ("gb2312", "gb18030", "数云"),
        ("Shift_JIS", "shift_jis", "雲を数える"),
        ("punycode", "utf-8", "Über Wolken"),
        ("unicode_escape", "utf-8", "Über Wolken"),
        ("no-such-thing", "utf-8", "Über Wolken"),
    ],
)
def test_other_encodings_are_decoded_as_declared(declared: str, written: str, title: str) -> None:
    content = f'<?xml version="1.0" encoding="{declared}"?>' + rss(f"<title>{title}</title>")
    assert [entry.title for entry in parse(content.encode(written)) if isinstance(entry, Entry)] == [title]


def test_an_invalid_byte_affects_one_text_only() -> None:
    content = rss("<title>Über Wolken</title>", "<title>B\xe4r</title>").encode("utf-8").replace(b"\xc3\xa4", b"\xe4")
    assert [entry.title for entry in parse(content) if isinstance(entry, Entry)] == ["Über Wolken", "Bär"]


@pytest.mark.parametrize(
    "illegal", ["\x00", "\x0b", "\ufffe", "&#0;", "&#08;", "&#x1F;", "&#31;", "&#xD800;", "&#xdfff;"]
)
def test_characters_that_xml_does_not_allow_are_removed(illegal: str) -> None:
    assert one(f"<title>Clou{illegal}ds</title>").title == "Clouds"


@pytest.mark.parametrize(
    "broken",
    [
        rss("<title>Clouds & Rain</title>"),
        rss("<title>Clouds &nbsp;&amp; Rain</title>"),
        rss("<title>Clouds & Rain</title>").removesuffix("</channel></rss>"),
        "<br />\n<b>Warning</b>: oops\n" + rss("<title>Clouds &amp; Rain</title>"),
        "\n\n  " + rss("<title>Clouds &amp; Rain</title>"),
    ],
)
def test_malformed_xml_is_parsed_up_to_the_error(broken: str) -> None:
    assert [entry.title for entry in parse(broken) if isinstance(entry, Entry)] == ["Clouds & Rain"]


def test_an_endless_author_is_parsed_in_linear_time() -> None:
    assert len(one(f"<author>{'a' * 200_000}</author>").authors[0]) == 1000


# -- properties ---------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "url"]), inner),
    max_leaves=6,
)
ITEMS = st.dictionaries(st.sampled_from(sorted(JSON_FEED["items"][0])), JSON).map(
    lambda odd: {**JSON_FEED["items"][0], **odd}
)
FEEDS = st.builds(
    lambda odd, items: {**JSON_FEED, **odd, "items": items},
    st.dictionaries(st.sampled_from(["feed_url", "home_page_url", "authors", "author"]), JSON),
    st.lists(JSON | ITEMS, max_size=3),
)
PIECES = st.sampled_from([
    "<", ">", "</", "&", "&#", "x", ";", "]]>", "<![CDATA[", "<!--", "-->", "<?", "?>", "<!DOCTYPE", "[", "title",
    "link", "item", "entry", "<item>", "<content:encoded>", "<a b='", '"', "xml:base=", "http://[", "\x00", "é", " ",
    "<dc:date>", "<guid>",
])  # fmt: skip
SEEDS = [ATOM, rss("<title>A</title><link>/1</link><pubDate>Wed, 06 May 2026 12:00:00 GMT</pubDate>", "<guid>x</guid>")]


def only_entries_and_refusals(content: bytes) -> bool:
    """Whether parsing gives entries with titles and one-line refusals, or a SourceError, and nothing else."""
    try:
        found = parse(content)
    except SourceError as error:
        return "\n" not in str(error)
    return all(bool(one.title) if isinstance(one, Entry) else "\n" not in str(one) for one in found)


@example(b"{}")
@example(b"<\x00")
@example(b"<rss>&#99999999999999;</rss")
@given(st.binary())
def test_any_bytes_give_entries_refusals_or_one_error(content: bytes) -> None:
    assert only_entries_and_refusals(content)


@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 20), PIECES), max_size=6))
def test_a_corrupted_feed_gives_entries_refusals_or_one_error(
    content: str, damages: list[tuple[int, int, str]]
) -> None:
    for start, length, piece in damages:
        content = content[:start] + piece + content[start + length :]
    assert only_entries_and_refusals(content.encode())


@given(FEEDS)
def test_any_json_gives_entries_refusals_or_one_error(feed: dict[str, Any]) -> None:
    assert only_entries_and_refusals(json.dumps(feed).encode())


# -- requests -----------------------------------------------------------------------------------------

Follow = Callable[..., Iterator[Document]]


@pytest.fixture
def client() -> Iterator[HttpClient]:
    with HttpClient(sleep=lambda _s: None, resolve=lambda _host, _port: ["127.0.0.1"]) as opened:
        yield opened


@pytest.fixture
def follow(httpserver: HTTPServer, client: HttpClient) -> Follow:
    """Fetch what these paths of the server give, or these addresses."""

    def fetch(*places: str) -> Iterator[Document]:
        addresses = tuple(httpserver.url_for(place) if place.startswith("/") else place for place in places)
        return Feed(follow=addresses).fetch(Span(TODAY, TODAY), client)

    return fetch


def serve(server: HTTPServer, path: str, content: str, kind: str = "application/xml", **headers: str) -> None:
    server.expect_request(path).respond_with_data(content, content_type=kind, headers=headers)


def test_every_url_is_requested(httpserver: HTTPServer, follow: Follow) -> None:
    serve(httpserver, "/a.xml", ATOM)
    serve(httpserver, "/b", json.dumps(JSON_FEED), "application/json")
    serve(httpserver, "/c", rss(), "text/html")  # many servers know no better
    found = list(follow("/a.xml", "/b", "/c"))
    assert [one.place for one in found] == [httpserver.url_for(path) for path in ("/a.xml", "/b", "/c")]
    assert [len(parse(one.content)) for one in found] == [1, 1, 0]
    assert all("application/rss+xml" in request.headers["Accept"] for request, _ in httpserver.log)


def test_nothing_to_follow_is_an_error_with_an_example() -> None:
    with (
        HttpClient() as client,
        pytest.raises(SourceError, match=r"^feed: nothing to follow \(newsletter pull feed https://"),
    ):
        list(Feed().fetch(Span(TODAY, TODAY), client))


def test_the_feed_of_a_page_on_the_same_server_is_followed(httpserver: HTTPServer, follow: Follow) -> None:
    serve(httpserver, "/news/", page(alternate("new.xml")), "text/html")
    serve(httpserver, "/news/new.xml", ATOM)
    (found,) = follow("/news/")
    assert (found.place, found.content) == (httpserver.url_for("/news/new.xml"), ATOM.encode())


def test_the_feed_of_a_page_in_a_private_network_is_not_followed(httpserver: HTTPServer, follow: Follow) -> None:
    with HTTPServer() as inner:
        for path, address in (("/port", inner.url_for("/secret")), ("/name", "http://intranet.example/secret")):
            serve(httpserver, path, page(alternate(address)), "text/html")
            with pytest.raises(SourceError, match="private address in link or redirect"):
                list(follow(path))
        assert inner.log == []


@pytest.mark.parametrize("content", [page(), page(alternate("/comments/feed")), "Rate exceeded.", "<catalog/>", ""])
def test_a_url_without_feed_is_one_error(httpserver: HTTPServer, follow: Follow, content: str) -> None:
    serve(httpserver, "/", content, "text/html")
    with pytest.raises(SourceError) as caught:
        list(follow("/"))
    assert caught.value.message == f"{httpserver.url_for('/')}: no feed found, neither here nor linked from this page"
    assert caught.value.hint


def test_a_page_that_links_to_another_page_as_feed_is_an_error(httpserver: HTTPServer, follow: Follow) -> None:
    serve(httpserver, "/", page(alternate("/loop")), "text/html")
    serve(httpserver, "/loop", page(alternate("/loop")), "text/html")
    with pytest.raises(SourceError, match="/loop: not a feed: root element <html>"):
        list(follow("/"))
    assert len(httpserver.log) == 2


def test_a_failing_url_does_not_stop_the_others(httpserver: HTTPServer, follow: Follow) -> None:
    httpserver.expect_request("/gone").respond_with_data(status=404)
    serve(httpserver, "/a.xml", ATOM)
    documents = follow("/gone", "/a.xml")
    assert next(documents).content == ATOM.encode()
    with pytest.raises(SourceError, match=r"/gone: HTTP 404 NOT FOUND$"):
        next(documents)


def test_several_failing_urls_are_one_short_error(httpserver: HTTPServer, follow: Follow) -> None:
    httpserver.expect_request("/gone").respond_with_data(status=404)
    serve(httpserver, "/page", page(), "text/html")
    with pytest.raises(SourceError) as caught:
        list(follow("/gone", "/page"))
    gone, neither = httpserver.url_for("/gone"), httpserver.url_for("/page")
    assert str(caught.value) == (
        f"2 feeds failed: {gone}: HTTP 404 NOT FOUND; {neither}: no feed found, neither here nor linked from this page"
    )


def test_a_rate_limit_with_retry_after_is_reported(httpserver: HTTPServer, follow: Follow) -> None:
    for path, wait in (("/a", "600"), ("/b", "7200")):
        httpserver.expect_request(path).respond_with_data(status=429, headers={"Retry-After": wait})
    httpserver.expect_request("/gone").respond_with_data(status=404)
    for places, wait_s in ((("/a",), 600), (("/a", "/gone", "/b"), 7200)):
        with pytest.raises(SourceRateLimited) as caught:
            list(follow(*places))
        assert caught.value.wait_s == wait_s


def test_an_unmodified_feed_is_not_parsed_again(httpserver: HTTPServer, follow: Follow, client: HttpClient) -> None:
    unchanged = {"If-None-Match": '"1"'}
    httpserver.expect_request("/a.xml", headers=unchanged).respond_with_data(status=304)
    serve(httpserver, "/a.xml", ATOM, ETag='"1"')
    assert len(list(follow("/a.xml"))) == 1
    client.start_over(dict(client.validators))
    assert list(follow("/a.xml")) == []
    assert client.unchanged == 1


def test_the_feed_of_an_unmodified_page_is_still_requested(
    httpserver: HTTPServer, follow: Follow, client: HttpClient
) -> None:
    httpserver.expect_request("/", headers={"If-None-Match": '"p"'}).respond_with_data(status=304)
    serve(httpserver, "/", page(alternate("/a.xml")), "text/html", ETag='"p"')
    httpserver.expect_request("/a.xml", headers={"If-None-Match": '"1"'}).respond_with_data(status=304)
    serve(httpserver, "/a.xml", ATOM, ETag='"1"')
    assert len(list(follow("/"))) == 1
    client.start_over(dict(client.validators))
    assert list(follow("/")) == []
    assert [(request.path, response.status_code) for request, response in httpserver.log] == [
        ("/", 200), ("/a.xml", 200), ("/", 200), ("/a.xml", 304),
    ]  # fmt: skip


# -- recorded feeds -----------------------------------------------------------------------------------


def test_the_recorded_feeds_are_parsed_completely(shared: Path) -> None:
    found: dict[str, list[Entry | Refusal]] = {}
    refused: list[str] = []
    files = sorted((shared / "feeds").iterdir())
    for path in files:
        try:
            found[path.name] = parse(path.read_bytes(), path.name)
        except SourceError as error:
            refused.append(str(error))
    assert len(files) == 38
    assert [error.partition(":")[0] for error in refused] == ["xml_sample_1.xml"]
    assert sum(len(items) for name, items in found.items() if not name.endswith(".json")) == 54
    assert [
        len([one for one in items if isinstance(one, Entry)]) for name, items in found.items() if name.endswith(".json")
    ] == [3, 1]
    assert [one.why for items in found.values() for one in items if isinstance(one, Refusal)] == ["no title"] * 3
    (preprint,) = found["rss_1.0_biorxiv.xml"]
    assert isinstance(preprint, Entry)
    assert (preprint.doi, preprint.version, preprint.venue, len(preprint.authors)) == (
        "10.1101/2023.12.16.571984", 1, "bioRxiv", 10,
    )  # fmt: skip


def test_the_feed_of_arxiv_is_parsed_like_any_other(shared: Path) -> None:
    (path,) = (shared / "arxiv-feed").iterdir()
    entries = [one for one in parse(path.read_bytes()) if isinstance(one, Entry)]
    assert len({entry.arxiv_id for entry in entries if entry.arxiv_id and entry.version == 1}) == 7
    assert [entry for entry in entries if not entry.authors or entry.abstract.startswith("arXiv:")] == []
