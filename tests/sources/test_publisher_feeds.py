"""Whole feeds in the shape of their publishers, written by us: what an entry of each becomes."""

from __future__ import annotations

from datetime import date

import pytest

from newsletter.models import Entry
from newsletter.sources import Document
from newsletter.sources.feed import Feed

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/"><channel rdf:about="{link}"><title>{title}</title>
<link>{link}</link></channel>{item}</rdf:RDF>"""
RSS = """<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>{title}</title>
<link>{link}</link>{item}</channel></rss>"""

CELL = RDF.format(
    link="https://www.cell.com/cell/current",
    title="Cell",
    item="""<item rdf:about="https://www.cell.com/cell/fulltext/S0092-8674(26)00123-4?rss=yes">
<title>Counting clouds in cells</title><link>https://www.cell.com/cell/fulltext/S0092-8674(26)00123-4?rss=yes</link>
<description>Clouds in cells are counted by a model.</description>
<dc:title>Counting clouds in cells</dc:title><dc:creator>Ann Doe, John Smith</dc:creator>
<dc:identifier>10.1016/j.cell.2026.05.001</dc:identifier><dc:source>Cell 189, 1 (2026)</dc:source>
<dc:date>2026-05-08</dc:date><prism:publicationName>Cell</prism:publicationName><prism:volume>189</prism:volume>
<prism:number>1</prism:number><prism:publicationDate>2026-05-08</prism:publicationDate></item>""",
)
ELIFE = RSS.format(
    link="https://elifesciences.org",
    title="eLife: latest articles",
    item="""<item><title>Counting clouds in mice</title><link>https://elifesciences.org/articles/101234</link>
<description>Mice count clouds.</description><author>ann@example.org (Ann Doe)</author>
<category>Neuroscience</category><pubDate>Fri, 08 May 2026 00:00:00 +0000</pubDate>
<guid isPermaLink="false">https://elifesciences.org/articles/101234</guid></item>""",
)
FRONTIERS = RSS.format(
    link="https://www.frontiersin.org/journals/clouds",
    title="Frontiers in Clouds | New and Recent Articles",
    item="""<item><guid isPermaLink="true">https://www.frontiersin.org/articles/10.3389/fcl.2026.1234567</guid>
<link>https://www.frontiersin.org/articles/10.3389/fcl.2026.1234567</link>
<title><![CDATA[Counting clouds at the front]]></title><pubDate>2026-05-08T00:00:00Z</pubDate>
<category>Original Research</category><author>Ann Doe</author><author>John Smith</author>
<description><![CDATA[BackgroundClouds are many.MethodsWe counted.ConclusionThey are 12.]]></description></item>""",
)
SCIENCE = RDF.format(
    link="https://www.science.org/loi/science?af=R",
    title="AAAS: Science: Table of Contents",
    item="""<item rdf:about="https://www.science.org/doi/abs/10.1126/science.abc1234?af=R">
<title>Counting clouds</title><link>https://www.science.org/doi/abs/10.1126/science.abc1234?af=R</link>
<description>Science, Volume 392, Issue 6798, Page 601-605, May 2026.&lt;br/&gt;</description>
<dc:identifier>doi:10.1126/science.abc1234</dc:identifier><dc:source>Science</dc:source>
<dc:date>2026-05-07T07:00:00Z</dc:date><dc:creator>Ann DoeJohn Smith1MIT, Town2Cloud Laboratory, City</dc:creator>
<prism:publicationName>Science</prism:publicationName></item>""",
)
SPRINGER = RSS.format(
    link="https://link.springer.com",
    title="Latest Results for Journal of Clouds",
    item="""<item><title>Counting clouds in spring</title>
<link>https://link.springer.com/article/10.1007/s00332-026-0001-2</link><guid>10.1007/s00332-026-0001-2</guid>
<description>&lt;h3&gt;Abstract&lt;/h3&gt; &lt;p&gt;We count.&lt;/p&gt;</description>
<pubDate>2026-05-08</pubDate></item>""",
)
AUTHORS = ("Ann Doe", "John Smith")
DAY = date(2026, 5, 8)


@pytest.mark.parametrize(
    ("feed", "authors", "doi", "published", "venue", "abstract"),
    [
        (CELL, AUTHORS, "10.1016/j.cell.2026.05.001", DAY, "Cell", "Clouds in cells are counted by a model."),
        (ELIFE, ("Ann Doe",), "10.7554/elife.101234", DAY, "eLife", "Mice count clouds."),
        (
            FRONTIERS,
            AUTHORS,
            "10.3389/fcl.2026.1234567",
            DAY,
            "Frontiers in Clouds",
            "Background: Clouds are many. Methods: We counted. Conclusion: They are 12.",
        ),
        (SCIENCE, AUTHORS, "10.1126/science.abc1234", date(2026, 5, 7), "Science", ""),
        (SPRINGER, (), "10.1007/s00332-026-0001-2", DAY, "Journal of Clouds", "We count."),
    ],
    ids=["cell", "elife", "frontiers", "science", "springer"],
)
def test_the_entry_of_a_publishers_feed(
    feed: str, authors: tuple[str, ...], doi: str, published: date, venue: str | None, abstract: str
) -> None:
    (entry,) = Feed().parse(Document("feed.xml", feed.encode()), DAY)
    assert isinstance(entry, Entry)
    assert (entry.authors, entry.doi, entry.published) == (authors, doi, published)
    assert (entry.venue, entry.abstract) == (venue, abstract)
