from __future__ import annotations

from datetime import date
from typing import Any
from xml.sax.saxutils import escape

import pytest

from newsletter.models import Entry, PartialDate
from tests.sources.feeds import ATOM, JSON_FEED, one, parse, rss

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
def test_authors_are_parsed_in_every_form_without_their_email(item: str, authors: tuple[str, ...]) -> None:
    assert one(item).authors == authors


def test_an_atom_entry_without_authors_has_those_of_its_source_or_of_the_feed() -> None:
    head, entry, tail = ATOM.partition("<author><name>Ada")[0], "", "</entry></feed>"
    assert [one.authors for one in parse(head + entry + tail) if isinstance(one, Entry)] == [("The Editors",)]
    source = "<source><author><name>Elsewhere</name></author></source>"
    assert [one.authors for one in parse(head + source + tail) if isinstance(one, Entry)] == [("Elsewhere",)]


def test_an_rss_item_does_not_have_the_authors_of_its_channel() -> None:
    assert one("", channel="<managingEditor>ed@clouds.example (Ed)</managingEditor>").authors == ()


@pytest.mark.parametrize(
    ("record", "authors"),
    [
        ({"authors": [{"name": "Ada Example"}]}, ("Ada Example",)),
        ({"author": {"name": "Ada Example and Ben Sample"}}, ("Ada Example", "Ben Sample")),
        ({"authors": [], "author": {"name": "Ada Example"}}, ("Ada Example",)),
        ({"authors": [{"url": "https://ada.example"}]}, ("The Editors",)),
        ({"authors": "Ada"}, ("The Editors",)),
        ({}, ("The Editors",)),
    ],
)
def test_authors_of_a_json_feed_in_both_of_its_versions(record: dict[str, Any], authors: tuple[str, ...]) -> None:
    (entry,) = parse({**JSON_FEED, "items": [{"title": "Clouds", **record}]})
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
        ('<x:created xmlns:x="http://purl.org/dc/terms/">2026-05-06</x:created>', date(2026, 5, 6)),
        ("<pubDate>6 May 2026</pubDate>", date(2026, 5, 6)),  # feedparser knows this one
        ("<dc:date>2026-5-6</dc:date>", date(2026, 5, 6)),
        ("<dc:date>00:00:00</dc:date>", None),  # and for these it says something
        ("<dc:date>2026-126</dc:date>", None),
        ("<dc:date>2026-04-31</dc:date>", None),
        ("<dc:date>2026-04</dc:date>", PartialDate(2026, 4)),  # of a month the last day that it may be
        ("<dc:date>2026</dc:date>", PartialDate(2026)),
        ("<pubDate>soon</pubDate><dc:date>2026-05-06</dc:date>", date(2026, 5, 6)),
        ("<pubDate>0001-01-01T00:00:00Z</pubDate>", None),
        ("<pubDate>2027-01-01T00:00:00Z</pubDate>", None),  # of a volume that is not out
        ("<pubDate>soon</pubDate>", None),
        ("", None),
    ],
)
def test_the_date_is_kept_as_written(item: str, published: date | None) -> None:
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
def test_a_retraction_is_recognised_by_the_title(title: str, withdrawn: bool) -> None:
    assert one(f"<title>{title}</title>").withdrawn is withdrawn


def test_an_item_with_media_is_an_entry() -> None:
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
def test_the_link_is_an_absolute_http_url(item: str, url: str | None) -> None:
    assert one(item, channel="<link>https://clouds.example/feed/</link>").url == url


def test_a_relative_link_is_resolved_against_the_url_of_the_feed() -> None:
    content = rss("<title>A</title><link>1</link>")
    found = [parse(content, place) for place in ("https://clouds.example/feeds/new.xml", "/tmp/new.xml")]  # noqa: S108
    assert [entry.url for (entry,) in found if isinstance(entry, Entry)] == ["https://clouds.example/feeds/1", None]


@pytest.mark.parametrize("base", [{"feed_url": "x"}, {"feed_url": None, "home_page_url": 7}, {}])
def test_links_of_a_json_feed_are_resolved_against_its_url(base: dict[str, Any]) -> None:
    feed = {**JSON_FEED, "home_page_url": "https://clouds.example/", **base}
    found = parse(feed, "https://clouds.example/feeds/new.json")
    assert [entry.url for entry in found if isinstance(entry, Entry)] == ["https://clouds.example/papers/1"]


def test_the_external_url_replaces_a_missing_one() -> None:
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
def test_identifiers_are_found_in_every_field(item: str, identity: tuple[str | None, str | None, int | None]) -> None:
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
def test_a_biorxiv_url_has_a_doi_and_a_version(link: str, doi: str | None, version: int | None) -> None:
    entry = one(f"<link>{link}</link>")
    assert (entry.doi, entry.version, entry.url) == (doi, version, link)


def test_an_explicit_doi_has_precedence_over_that_of_a_url() -> None:
    link = "<link>http://biorxiv.org/cgi/content/short/2025.12.01.123456v1?rss=1</link>"
    assert (
        one(f"<dc:identifier>doi:10.64898/2025.12.01.123456</dc:identifier>{link}").doi == "10.64898/2025.12.01.123456"
    )


@pytest.mark.parametrize(("kind", "kept"), [("new", 1), ("cross", 1), ("replace", 0), ("replace-cross", 0)])
def test_new_versions_in_the_daily_feed_of_arxiv_are_skipped(kind: str, kept: int) -> None:
    item = f"<title>A</title><arxiv:announce_type>{kind}</arxiv:announce_type>"
    assert len(parse(rss(item, "<title>B</title>"))) == kept + 1


def test_texts_that_are_plain_have_no_tags() -> None:
    inside = "<title>The &lt;s&gt; token</title><{0}>p&lt;s for all t and u&gt;0</{0}>"
    atom = "<feed xmlns='http://www.w3.org/2005/Atom'><entry>" + inside.format("summary") + "</entry></feed>"
    listed = "<arxiv:announce_type>new</arxiv:announce_type>" + inside.format("description")
    for feed in (atom, rss(listed)):
        [entry] = parse(feed)
        assert isinstance(entry, Entry)
        assert (entry.title, entry.abstract) == ("The <s> token", "p<s for all t and u>0")


def test_a_plain_text_that_closes_elements_is_markup() -> None:
    title = "<title type='text'>&lt;i&gt;E. coli&lt;/i&gt;</title>"
    [entry] = parse(f"<feed xmlns='http://www.w3.org/2005/Atom'><entry>{title}</entry></feed>")
    assert isinstance(entry, Entry)
    assert entry.title == "E. coli"
