from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from newsletter.errors import SourceError, SourceRateLimited
from newsletter.models import Entry, Refusal
from newsletter.sources import Document, Span
from newsletter.sources.feed import Feed
from newsletter.sources.feed_discovery import find_feed, is_same_server, top_element
from newsletter.sources.http.client import HttpClient
from tests.factories import TODAY

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/">
  <title>Journal of Clouds</title>
  <link rel="self" href="https://clouds.example/feeds/new.atom"/>
  <link href="https://clouds.example/"/>
  <author><name>The Editors</name></author>
  <prism:publicationName>Journal of Clouds</prism:publicationName>
  <entry>
    <title type="html">Counting &lt;i&gt;Clouds&lt;/i&gt;\n   with $\\alpha$</title>
    <link href="../papers/1"/>
    <id>https://doi.org/10.5555/Clouds.1</id>
    <published>2026-05-06T23:30:00-04:00</published>
    <updated>2026-05-07T12:00:00Z</updated>
    <author><name>Ada Example</name><email>ada@clouds.example</email></author>
    <author><name>Sample, Ben</name></author>
    <summary>A teaser.</summary>
    <content type="html">&lt;h2&gt;Abstract&lt;/h2&gt;&lt;p&gt;We count clouds &amp;amp; rain.&lt;/p&gt;</content>
    <category term="clouds" scheme="http://clouds.example/terms" label="Clouds"/>
    <category term="http://schemas.example/kind#post"/>
    <category label="rain"/>
  </entry>
</feed>
"""
ENTRY = Entry(
    source="feed",
    title="Counting Clouds with α",
    abstract="We count clouds & rain.",
    authors=("Ada Example", "Ben Sample"),
    doi="10.5555/clouds.1",
    published=date(2026, 5, 6),
    keywords=("clouds", "rain"),
    venue="Journal of Clouds",
    url="https://clouds.example/papers/1",
)
JSON_FEED: dict[str, Any] = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Journal of Clouds",
    "home_page_url": "https://clouds.example/",
    "feed_url": "https://clouds.example/feeds/new.json",
    "authors": [{"name": "The Editors"}],
    "items": [
        {
            "id": "https://doi.org/10.5555/clouds.1",
            "url": "/papers/1",
            "title": "Counting Clouds",
            "summary": "A teaser.",
            "content_html": "<p>We count clouds &amp; rain.</p>",
            "date_published": "2026-05-06T23:30:00-04:00",
            "authors": [{"name": "Ada Example"}, {"name": "Ben Sample", "url": "https://ben.example"}],
            "tags": ["clouds", "rain"],
        }
    ],
}
NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/" '
    'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
)


def rss(*items: str, channel: str = "") -> str:
    inside = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0" {NAMESPACES}><channel><title>All</title>{channel}{inside}</channel></rss>'


def parse(content: str | bytes | dict[str, Any], place: str = "saved.xml") -> list[Entry | Refusal]:
    content = json.dumps(content) if isinstance(content, dict) else content
    content = content.encode() if isinstance(content, str) else content
    return list(Feed().parse(Document(place, content), TODAY))


def one(item: str, channel: str = "") -> Entry:
    """Return the entry of an RSS item with these elements."""
    (entry,) = parse(rss(item if "<title>" in item else f"<title>Counting Clouds</title>{item}", channel=channel))
    assert isinstance(entry, Entry)
    return entry


# -- whole feeds --------------------------------------------------------------------------------------


def test_a_full_atom_entry_is_read_whole() -> None:
    assert parse(ATOM) == [ENTRY]


def test_a_full_item_of_a_json_feed_is_read_whole() -> None:
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


def test_an_entry_of_a_title_alone_is_enough() -> None:
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
def test_a_feed_without_entries_is_a_quiet_day(empty: str | dict[str, Any]) -> None:
    assert parse(empty) == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "no XML"),
        ("Rate exceeded.", "no XML"),
        ("<!doctype html><html><head><title>502</title></head></html>", "<html> at its top"),
        ('<html xmlns:atom="http://www.w3.org/2005/Atom"><body>Hello</body></html>', "<html> at its top"),
        ("<!-- x --><HTML><item><title>x</title></item></HTML>", "<html> at its top"),
        ("<catalog><book><title>x</title></book></catalog>", "<catalog> at its top"),
        ('<opml xmlns:a="http://www.w3.org/2005/Atom"/>', "<opml> at its top"),
        ("<" + "x" * 10_000 + "/>", "<xxxxx"),
        (b"\x80\x81\x00", "no XML"),
        (b"\x1f\x8b\x08\x00broken", "a damaged gzip file"),
        ("{", "not JSON"),
        ('{"a": ' * 100_000, "not JSON"),
        ('{"a": ' + "9" * 5000 + "}", "not JSON"),
        ("{}", "no JSON Feed"),
        ('{"version": 1, "items": []}', "no JSON Feed"),
        ('{"version": "1.1", "items": []}', "no JSON Feed"),
        ('{"version": "https://jsonfeed.org/version/1.1"}', "without a list of items"),
        ('[{"title": "x"}]', "no XML"),
        ('<!DOCTYPE rss [<!ENTITY a "aaaa">]><rss version="2.0"/>', "declares entities"),
        (rss("<title>&#99999999999999;</title>"), "not a feed that can be read (OverflowError)"),
    ],
)
def test_what_is_no_feed_is_one_error_that_names_the_file(content: str | bytes, why: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(content)
    assert str(caught.value).startswith("saved.xml: ")
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32"])
def test_entities_are_refused_in_every_encoding(encoding: str) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><channel/></rss>'
    with pytest.raises(SourceError, match="declares entities"):
        parse(bomb.encode(encoding))


def test_a_file_named_by_the_document_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "other.xml"
    path.write_text(ATOM)
    with pytest.raises(SourceError, match="no XML"):
        parse(str(path))


def test_an_untitled_entry_is_refused_alone_with_its_number() -> None:
    untitled = "<description>Hello</description>"
    assert parse(rss("<title>A</title>", untitled, "<title> \u200b</title>", "<title>B</title>")) == [
        Entry(source="feed", title="A"),
        Refusal("saved.xml, entry 2", "no title"),
        Refusal("saved.xml, entry 3", "no title"),
        Entry(source="feed", title="B"),
    ]


@pytest.mark.parametrize("odd", [None, 7, "title", [], {}, {"title": 7}, {"title": ""}])
def test_an_odd_item_of_a_json_feed_is_refused_alone(odd: Any) -> None:
    found = parse({**JSON_FEED, "items": [odd, *JSON_FEED["items"]]}, "saved.json")
    assert found[0] == Refusal("saved.json, entry 1", "no title")
    assert len(found) == 2


# -- encodings and broken XML -------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-be", "utf-16-le", "utf-32-be"])
@pytest.mark.parametrize("declaration", ["", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-16"?>'])
def test_unicode_is_read_in_every_form_whatever_is_declared(encoding: str, declaration: str) -> None:
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
def test_other_encodings_are_read_as_declared_or_as_they_are(declared: str, written: str, title: str) -> None:
    content = f'<?xml version="1.0" encoding="{declared}"?>' + rss(f"<title>{title}</title>")
    assert [entry.title for entry in parse(content.encode(written)) if isinstance(entry, Entry)] == [title]


def test_one_byte_that_is_wrong_spoils_one_text_only() -> None:
    content = rss("<title>Über Wolken</title>", "<title>B\xe4r</title>").encode("utf-8").replace(b"\xc3\xa4", b"\xe4")
    assert [entry.title for entry in parse(content) if isinstance(entry, Entry)] == ["Über Wolken", "Bär"]


@pytest.mark.parametrize(
    "illegal", ["\x00", "\x0b", "\ufffe", "&#0;", "&#08;", "&#x1F;", "&#31;", "&#xD800;", "&#xdfff;"]
)
def test_characters_that_xml_does_not_have_are_left_out(illegal: str) -> None:
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
def test_broken_xml_is_read_as_far_as_it_goes(broken: str) -> None:
    assert [entry.title for entry in parse(broken) if isinstance(entry, Entry)] == ["Clouds & Rain"]


def test_an_author_without_end_takes_no_time() -> None:
    assert len(one(f"<author>{'a' * 200_000}</author>").authors[0]) == 1000


# -- what an entry says -------------------------------------------------------------------------------


PICTURE = escape('<img src="1.png" alt="A cloud">')


@pytest.mark.parametrize(
    ("item", "abstract"),
    [
        ("<description>We count.</description>", "We count."),
        ("<description>&lt;p&gt;We &amp;lt; count.&lt;/p&gt;</description>", "We < count."),
        ("<description>A</description><content:encoded>&lt;p&gt;We count.&lt;/p&gt;</content:encoded>", "We count."),
        ("<description>We count.</description><content:encoded>A</content:encoded>", "We count."),
        (f"<description>We count.</description><content:encoded>{PICTURE * 9}</content:encoded>", "We count."),
        ("<description>&lt;script&gt;alert(1)&lt;/script&gt;We count.</description>", "We count."),
        ("<description>Abstract: We count.</description>", "We count."),
        ("<description></description>", ""),
    ],
)  # fmt: skip
def test_the_abstract_is_the_longer_of_summary_and_content(item: str, abstract: str) -> None:
    assert one(item).abstract == abstract


@pytest.mark.parametrize(
    ("item", "authors"),
    [
        ("<dc:creator>Ada Example</dc:creator>", ("Ada Example",)),
        ("<dc:creator>Ada Example</dc:creator><dc:creator>Ben Sample</dc:creator>", ("Ada Example", "Ben Sample")),
        ("<dc:creator>Ada Example, Ben Sample, and Cy S.</dc:creator>", ("Ada Example", "Ben Sample", "Cy S.")),
        ("<dc:creator>Example, A., Sample, B.-C.</dc:creator>", ("A. Example", "B.-C. Sample")),
        ("<dc:creator>Example, A.; Sample, B.</dc:creator>", ("A. Example", "B. Sample")),
        ("<author>ada@clouds.example (Ada Example)</author>", ("Ada Example",)),
        ("<author>ada@clouds.org (Ada Example)</author>", ("Ada Example",)),
        ("<author>Ada Example &lt;ada@clouds.example&gt;</author>", ("Ada Example",)),
        ("<author>ada@clouds.example</author>", ()),
        ("<dc:creator>Ada Example (mailto:ada@clouds.example)</dc:creator>", ("Ada Example",)),
        ("<dc:creator>Ren\\'e Example</dc:creator>", ("René Example",)),
        ("<dc:creator> </dc:creator>", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_authors_are_read_in_every_fashion_and_never_their_mail(item: str, authors: tuple[str, ...]) -> None:
    assert one(item).authors == authors


def test_an_atom_entry_without_authors_has_those_of_its_source_or_of_the_feed() -> None:
    head, entry, tail = ATOM.partition("<author><name>Ada")[0], "", "</entry></feed>"
    assert [one.authors for one in parse(head + entry + tail) if isinstance(one, Entry)] == [("The Editors",)]
    source = "<source><author><name>Elsewhere</name></author></source>"
    assert [one.authors for one in parse(head + source + tail) if isinstance(one, Entry)] == [("Elsewhere",)]


def test_an_rss_item_does_not_have_the_authors_of_its_channel() -> None:
    assert one("", channel="<managingEditor>ed@clouds.example (Ed)</managingEditor>").authors == ()


@pytest.mark.parametrize(
    ("said", "authors"),
    [
        ({"authors": [{"name": "Ada Example"}]}, ("Ada Example",)),
        ({"author": {"name": "Ada Example and Ben Sample"}}, ("Ada Example", "Ben Sample")),
        ({"authors": [], "author": {"name": "Ada Example"}}, ("Ada Example",)),
        ({"authors": [{"url": "https://ada.example"}]}, ("The Editors",)),
        ({"authors": "Ada"}, ("The Editors",)),
        ({}, ("The Editors",)),
    ],
)
def test_authors_of_a_json_feed_in_both_of_its_versions(said: dict[str, Any], authors: tuple[str, ...]) -> None:
    (entry,) = parse({**JSON_FEED, "items": [{"title": "Clouds", **said}]})
    assert isinstance(entry, Entry)
    assert entry.authors == authors


@pytest.mark.parametrize(
    ("item", "published"),
    [
        ("<pubDate>Wed, 06 May 2026 23:30:00 -0400</pubDate>", date(2026, 5, 6)),  # as written, not as it was in UTC
        ("<dc:date>2026-05-06</dc:date>", date(2026, 5, 6)),
        ("<dc:date>2026-05-06T00:00:00Z</dc:date>", date(2026, 5, 6)),
        ("<dc:date>2026-05-07</dc:date><pubDate>Wed, 06 May 2026 12:00:00 GMT</pubDate>", date(2026, 5, 6)),
        ("<prism:publicationDate>2026-05-06</prism:publicationDate>", date(2026, 5, 6)),
        ("<pubDate>6 May 2026</pubDate>", date(2026, 5, 6)),  # feedparser knows this one
        ("<dc:date>2026-5-6</dc:date>", date(2026, 5, 6)),
        ("<dc:date>00:00:00</dc:date>", None),  # and for these it says something
        ("<dc:date>2026-126</dc:date>", None),
        ("<dc:date>2026-04-31</dc:date>", None),
        ("<dc:date>2026-04</dc:date>", date(2026, 4, 30)),  # of a month the last day that it may be
        ("<dc:date>2026</dc:date>", TODAY),
        ("<pubDate>soon</pubDate><dc:date>2026-05-06</dc:date>", date(2026, 5, 6)),
        ("<pubDate>0001-01-01T00:00:00Z</pubDate>", None),
        ("<pubDate>2027-01-01T00:00:00Z</pubDate>", None),  # of a volume that is not out
        ("<pubDate>soon</pubDate>", None),
        ("", None),
    ],
)
def test_the_day_published_is_the_one_written(item: str, published: date | None) -> None:
    assert one(item).published == published


@pytest.mark.parametrize(
    ("item", "venue"),
    [
        ("<prism:publicationName>Journal of Clouds</prism:publicationName>", "Journal of Clouds"),
        ("<dc:source>Clouds, Published online: 2026-05-06; | doi:10.5555/clouds.1</dc:source>", "Clouds"),
        ("<dc:source>Clouds</dc:source>", "Clouds"),
        ("<dc:source>Clouds</dc:source><prism:publicationName>Rain</prism:publicationName>", "Rain"),
        ("<dc:source>https://clouds.example</dc:source>", None),
        ("", None),
    ],
)
def test_the_venue_is_the_journal_where_one_is_named(item: str, venue: str | None) -> None:
    assert one(item).venue == venue


@pytest.mark.parametrize(
    ("title", "withdrawn"),
    [("RETRACTED: Clouds", True), ("Withdrawn Article: Clouds", True), ("Retracted clouds", False)],
)
def test_a_title_tells_that_a_paper_was_taken_back(title: str, withdrawn: bool) -> None:
    assert one(f"<title>{title}</title>").withdrawn is withdrawn


def test_an_episode_with_media_is_an_entry_like_any_other() -> None:
    entry = one('<enclosure url="https://a.example/1.mp3" type="audio/mpeg"/><media:title>Other</media:title>')
    assert (entry.title, entry.url) == ("Counting Clouds", None)


# -- links --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "url"),
    [
        ("<link>https://clouds.example/1?a=1&amp;b=2</link>", "https://clouds.example/1?a=1&b=2"),
        ("<link> https://clouds.example/1\n</link>", "https://clouds.example/1"),
        ("<link>/1</link>", "https://clouds.example/1"),
        ("<guid>https://clouds.example/1</guid>", "https://clouds.example/1"),
        ('<guid isPermaLink="false">https://clouds.example/1</guid>', None),
        ("<link>https://proxy.example/~r/1</link><feedburner:origLink>https://a.example/1</feedburner:origLink>", "https://a.example/1"),
        ("<link>javascript:alert(1)</link>", None),
        ("<link>https://[::1/</link>", None),
        ("<link></link>", None),
    ],
)  # fmt: skip
def test_the_link_is_a_web_address_of_its_own_right(item: str, url: str | None) -> None:
    assert one(item, channel="<link>https://clouds.example/feed/</link>").url == url


def test_a_relative_link_is_relative_to_where_the_feed_was() -> None:
    content = rss("<title>A</title><link>1</link>")
    found = [parse(content, place) for place in ("https://clouds.example/feeds/new.xml", "/tmp/new.xml")]  # noqa: S108
    assert [entry.url for (entry,) in found if isinstance(entry, Entry)] == ["https://clouds.example/feeds/1", None]


@pytest.mark.parametrize("base", [{"feed_url": "x"}, {"feed_url": None, "home_page_url": 7}, {}])
def test_links_of_a_json_feed_are_relative_to_it(base: dict[str, Any]) -> None:
    feed = {**JSON_FEED, "home_page_url": "https://clouds.example/", **base}
    found = parse(feed, "https://clouds.example/feeds/new.json")
    assert [entry.url for entry in found if isinstance(entry, Entry)] == ["https://clouds.example/papers/1"]


def test_a_linked_page_stands_in_for_an_item_without_its_own() -> None:
    feed = {**JSON_FEED, "items": [{"title": "A", "external_url": "https://a.example/1"}]}
    assert [entry.url for entry in parse(feed) if isinstance(entry, Entry)] == ["https://a.example/1"]


# -- which paper it is --------------------------------------------------------------------------------


ABS = "<link>https://arxiv.org/abs/2605.01234"


@pytest.mark.parametrize(
    ("item", "identity"),
    [
        (f"{ABS}</link>", ("2605.01234", None, None)),
        (f"{ABS}v3</link>", ("2605.01234", None, 3)),
        (f"{ABS}</link><guid>oai:arXiv.org:2605.01234v2</guid>", ("2605.01234", None, 2)),
        (f"{ABS}v2</link><guid>oai:arXiv.org:2605.99999v1</guid>", ("2605.99999", None, 1)),
        ("<link>https://doi.org/10.48550/arXiv.2605.01234</link>", ("2605.01234", None, None)),
        ("<guid>oai:arXiv.org:math/0601001v1</guid><arxiv:DOI>10.5555/A</arxiv:DOI>", ("math/0601001", "10.5555/a", 1)),
        ("<guid>2605.01234</guid>", (None, None, None)),  # it may be any number
        ("<link>https://doi.org/10.5555/clouds.1?rss=1</link>", (None, "10.5555/clouds.1", None)),
        ("<prism:doi>10.5555/Clouds.1</prism:doi>", (None, "10.5555/clouds.1", None)),
        ("<dc:identifier>doi:10.5555/clouds.1</dc:identifier>", (None, "10.5555/clouds.1", None)),
        ("<guid>10.5555/clouds.1</guid>", (None, "10.5555/clouds.1", None)),
        ("<link>https://www.nature.com/articles/s41586-026-00001-2</link>", (None, None, None)),
        ("<link>https://clouds.example/doi/10.5555/clouds.1</link>", (None, None, None)),
        ("<guid>tag:clouds.example,2026:1</guid>", (None, None, None)),
    ],
)  # fmt: skip
def test_ids_are_found_where_an_entry_names_itself(
    item: str, identity: tuple[str | None, str | None, int | None]
) -> None:
    entry = one(item)
    assert (entry.arxiv_id, entry.doi, entry.version) == identity


@pytest.mark.parametrize(
    ("link", "doi", "version"),
    [
        ("http://biorxiv.org/cgi/content/short/2023.12.16.123456v1?rss=1", "10.1101/2023.12.16.123456", 1),
        ("http://medrxiv.org/cgi/content/short/2023.12.16.12345678v2?rss=1", "10.1101/2023.12.16.12345678", 2),
        ("https://www.biorxiv.org/content/10.1101/2023.12.16.123456v1", "10.1101/2023.12.16.123456", 1),
        ("https://www.biorxiv.org/content/10.1101/2023.12.16.123456v12.full.pdf", "10.1101/2023.12.16.123456", 12),
        ("https://www.biorxiv.org/content/10.1101/2023.12.16.123456", "10.1101/2023.12.16.123456", None),
        ("https://www.biorxiv.org/content/10.64898/2026.01.27.123456v1", "10.64898/2026.01.27.123456", 1),
        ("https://www.biorxiv.org/content/early/2019/01/02/123456", "10.1101/123456", None),
        ("http://biorxiv.org/cgi/content/short/123456v1?rss=1", "10.1101/123456", 1),
        ("http://biorxiv.org/cgi/content/short/2026.05.04.123456v1?rss=1", "10.64898/2026.05.04.123456", 1),
        ("http://biorxiv.org/cgi/content/short/2025.12.01.123456v1?rss=1", None, None),  # of either prefix
        ("https://www.biorxiv.org/content/about", None, None),
        ("https://biorxiv.example/content/10.1101/2023.12.16.123456v1", None, None),
    ],
)
def test_an_address_of_biorxiv_holds_a_doi_and_a_version(link: str, doi: str | None, version: int | None) -> None:
    entry = one(f"<link>{link}</link>")
    assert (entry.doi, entry.version, entry.url) == (doi, version, link)


def test_a_doi_that_is_said_outright_goes_before_that_of_an_address() -> None:
    link = "<link>http://biorxiv.org/cgi/content/short/2025.12.01.123456v1?rss=1</link>"
    assert (
        one(f"<dc:identifier>doi:10.64898/2025.12.01.123456</dc:identifier>{link}").doi == "10.64898/2025.12.01.123456"
    )


@pytest.mark.parametrize(("kind", "kept"), [("new", 1), ("cross", 1), ("replace", 0), ("replace-cross", 0)])
def test_new_versions_in_arxivs_daily_feed_are_left_out(kind: str, kept: int) -> None:
    item = f"<title>A</title><arxiv:announce_type>{kind}</arxiv:announce_type>"
    assert len(parse(rss(item, "<title>B</title>"))) == kept + 1


# -- anything -----------------------------------------------------------------------------------------

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


@settings(max_examples=200)
@example(b"{}")
@example(b"<\x00")
@example(b"<rss>&#99999999999999;</rss")
@given(st.binary())
def test_any_bytes_give_entries_refusals_or_one_error(content: bytes) -> None:
    assert only_entries_and_refusals(content)


@settings(max_examples=300)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 20), PIECES), max_size=6))
def test_any_damage_to_a_feed_gives_entries_refusals_or_one_error(
    content: str, damages: list[tuple[int, int, str]]
) -> None:
    for start, length, piece in damages:
        content = content[:start] + piece + content[start + length :]
    assert only_entries_and_refusals(content.encode())


@settings(max_examples=200)
@given(FEEDS)
def test_any_json_gives_entries_refusals_or_one_error(feed: dict[str, Any]) -> None:
    assert only_entries_and_refusals(json.dumps(feed).encode())


# -- pages that name a feed ---------------------------------------------------------------------------

PAGE = "https://clouds.example/news/index.html"


def page(*links: str, base: str = "") -> str:
    return f"<!doctype html><html><head><title>Clouds</title>{base}{''.join(links)}</head><body>Hello</body></html>"


def alternate(href: str, kind: str = "application/rss+xml", title: str = "Clouds", rel: str = "alternate") -> str:
    return f'<link rel="{rel}" type="{kind}" title="{title}" href="{href}">'


@pytest.mark.parametrize(
    ("links", "found"),
    [
        ([alternate("https://a.example/feed")], "https://a.example/feed"),
        ([alternate("feed.xml", "application/atom+xml")], "https://clouds.example/news/feed.xml"),
        ([alternate("/feed.json", "application/feed+json")], "https://clouds.example/feed.json"),
        ([alternate("//a.example/feed?a=1&amp;b=2")], "https://a.example/feed?a=1&b=2"),
        ([alternate("/a", "Application/RSS+XML; charset=utf-8", rel="home ALTERNATE")], "https://clouds.example/a"),
        (["<LINK REL=alternate TYPE=application/rss+xml HREF=/a>"], "https://clouds.example/a"),
        ([alternate("/a"), alternate("/b")], "https://clouds.example/a"),
        ([alternate("/comments/feed/", title="C"), alternate("/b")], "https://clouds.example/b"),
        ([alternate("/a", title="Clouds » Comments Feed"), alternate("/b")], "https://clouds.example/b"),
        ([alternate("/comments/feed/")], None),
        ([alternate("javascript:alert(1)"), alternate(""), alternate("/b")], "https://clouds.example/b"),
        ([alternate("http://[::1"), alternate("http://a.example:99999/"), alternate("http://a.example:0/")], None),
        ([alternate("/a", "text/html"), alternate("/a", "application/json")], None),
        ([alternate("/a", rel="stylesheet")], None),
        (["<!-- ", alternate("/a"), " -->"], None),
        ([], None),
    ],
)  # fmt: skip
def test_the_first_feed_that_is_not_of_comments_is_taken(links: list[str], found: str | None) -> None:
    assert find_feed(page(*links).encode(), PAGE) == found


@pytest.mark.parametrize(
    ("base", "found"),
    [
        ('<base href="https://b.example/x/">', "https://b.example/x/feed"),
        ('<base href="/x/"><base href="/y/">', "https://clouds.example/x/feed"),
        ('<base target="_top">', "https://clouds.example/news/feed"),
        ('<base href="data:,">', "https://clouds.example/news/feed"),
    ],
)
def test_links_are_relative_to_the_base_of_a_page(base: str, found: str) -> None:
    assert find_feed(page(alternate("feed"), base=base).encode(), PAGE) == found


@given(
    st.binary() | st.lists(st.sampled_from(["<link ", "<![", "<!", "<base href=", "'", ">", "http://["])).map("".join)
)
def test_any_page_names_a_feed_or_none(content: bytes | str) -> None:
    content = content.encode() if isinstance(content, str) else content
    assert find_feed(content, PAGE) is None
    assert top_element(content.decode("latin-1")).strip() == top_element(content.decode("latin-1"))


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("https://clouds.example:443/feed", True),
        ("HTTPS://Clouds.example", True),
        ("http://clouds.example/", False),  # another port
        ("https://clouds.example:8443/", False),
        ("https://a.clouds.example/", False),
        ("https://clouds.example:99999/", False),
    ],
)
def test_a_server_is_a_host_and_a_port(other: str, same: bool) -> None:
    assert is_same_server(PAGE, other) is same


# -- asking -------------------------------------------------------------------------------------------

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


def test_every_address_is_read_as_it_is(httpserver: HTTPServer, follow: Follow) -> None:
    serve(httpserver, "/a.xml", ATOM)
    serve(httpserver, "/b", json.dumps(JSON_FEED), "application/json")
    serve(httpserver, "/c", rss(), "text/html")  # many servers know no better
    found = list(follow("/a.xml", "/b", "/c"))
    assert [one.place for one in found] == [httpserver.url_for(path) for path in ("/a.xml", "/b", "/c")]
    assert [len(parse(one.content)) for one in found] == [1, 1, 0]
    assert all("application/rss+xml" in request.headers["Accept"] for request, _ in httpserver.log)


def test_without_an_address_there_is_nothing_to_do() -> None:
    with (
        HttpClient() as client,
        pytest.raises(SourceError, match=r"^feed: nothing to follow \(newsletter pull feed https://"),
    ):
        list(Feed().fetch(Span(TODAY, TODAY), client))


def test_a_page_leads_to_its_feed_on_the_same_server(httpserver: HTTPServer, follow: Follow) -> None:
    serve(httpserver, "/news/", page(alternate("new.xml")), "text/html")
    serve(httpserver, "/news/new.xml", ATOM)
    (found,) = follow("/news/")
    assert (found.place, found.content) == (httpserver.url_for("/news/new.xml"), ATOM.encode())


def test_a_page_does_not_lead_into_a_private_network(httpserver: HTTPServer, follow: Follow) -> None:
    with HTTPServer() as inner:
        for path, address in (("/port", inner.url_for("/secret")), ("/name", "http://intranet.example/secret")):
            serve(httpserver, path, page(alternate(address)), "text/html")
            with pytest.raises(SourceError, match="a private address, which is not followed"):
                list(follow(path))
        assert inner.log == []


@pytest.mark.parametrize("content", [page(), page(alternate("/comments/feed")), "Rate exceeded.", "<catalog/>", ""])
def test_an_address_of_neither_kind_is_one_error(httpserver: HTTPServer, follow: Follow, content: str) -> None:
    serve(httpserver, "/", content, "text/html")
    with pytest.raises(SourceError) as caught:
        list(follow("/"))
    assert caught.value.message == f"{httpserver.url_for('/')}: neither a feed nor a page that names one"
    assert caught.value.hint


def test_a_page_that_names_no_feed_but_a_page_is_an_error(httpserver: HTTPServer, follow: Follow) -> None:
    serve(httpserver, "/", page(alternate("/loop")), "text/html")
    serve(httpserver, "/loop", page(alternate("/loop")), "text/html")
    with pytest.raises(SourceError, match="/loop: not a feed: <html> at its top"):
        list(follow("/"))
    assert len(httpserver.log) == 2


def test_one_failing_address_does_not_keep_the_others_from_being_read(httpserver: HTTPServer, follow: Follow) -> None:
    httpserver.expect_request("/gone").respond_with_data(status=404)
    serve(httpserver, "/a.xml", ATOM)
    documents = follow("/gone", "/a.xml")
    assert next(documents).content == ATOM.encode()
    with pytest.raises(SourceError, match=r"/gone: answered 404 NOT FOUND$"):
        next(documents)


def test_several_failing_addresses_are_one_short_error(httpserver: HTTPServer, follow: Follow) -> None:
    httpserver.expect_request("/gone").respond_with_data(status=404)
    serve(httpserver, "/page", page(), "text/html")
    with pytest.raises(SourceError) as caught:
        list(follow("/gone", "/page"))
    gone, neither = httpserver.url_for("/gone"), httpserver.url_for("/page")
    assert str(caught.value) == (
        f"2 feeds failed: {gone}: answered 404 NOT FOUND; {neither}: neither a feed nor a page that names one"
    )


def test_a_server_that_asks_for_patience_is_given_it(httpserver: HTTPServer, follow: Follow) -> None:
    for path, wait in (("/a", "600"), ("/b", "7200")):
        httpserver.expect_request(path).respond_with_data(status=429, headers={"Retry-After": wait})
    httpserver.expect_request("/gone").respond_with_data(status=404)
    for places, wait_s in ((("/a",), 600), (("/a", "/gone", "/b"), 7200)):
        with pytest.raises(SourceRateLimited) as caught:
            list(follow(*places))
        assert caught.value.wait_s == wait_s


def test_a_feed_that_did_not_change_is_not_read_again(
    httpserver: HTTPServer, follow: Follow, client: HttpClient
) -> None:
    unchanged = {"If-None-Match": '"1"'}
    httpserver.expect_request("/a.xml", headers=unchanged).respond_with_data(status=304)
    serve(httpserver, "/a.xml", ATOM, ETag='"1"')
    assert len(list(follow("/a.xml"))) == 1
    client.start_over(dict(client.validators))
    assert list(follow("/a.xml")) == []
    assert client.unchanged == 1


def test_a_page_that_did_not_change_still_leads_to_its_feed(
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


def test_the_recorded_feeds_are_read_whole(shared: Path) -> None:
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
    assert sum(len(told) for name, told in found.items() if not name.endswith(".json")) == 54
    assert [
        len([one for one in told if isinstance(one, Entry)]) for name, told in found.items() if name.endswith(".json")
    ] == [3, 1]
    assert [one.why for told in found.values() for one in told if isinstance(one, Refusal)] == ["no title"] * 3
    (preprint,) = found["rss_1.0_biorxiv.xml"]
    assert isinstance(preprint, Entry)
    assert (preprint.doi, preprint.version, preprint.venue, len(preprint.authors)) == (
        "10.1101/2023.12.16.571984", 1, "bioRxiv", 10,
    )  # fmt: skip


def test_arxivs_own_feed_is_read_as_one_of_many(shared: Path) -> None:
    (path,) = (shared / "arxiv-feed").iterdir()
    entries = [one for one in parse(path.read_bytes()) if isinstance(one, Entry)]
    assert len({entry.arxiv_id for entry in entries if entry.arxiv_id and entry.version == 1}) == 7
    assert [entry for entry in entries if not entry.authors or entry.abstract.startswith("arXiv:")] == []
