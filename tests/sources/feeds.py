"""Invented feeds, and pages that link to one, for the tests of feeds."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from newsletter.models import Entry, Refusal
from newsletter.sources import Document
from newsletter.sources.feed import Feed
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


PAGE = "https://clouds.example/news/index.html"


def page(*links: str, base: str = "") -> str:
    return f"<!doctype html><html><head><title>Clouds</title>{base}{''.join(links)}</head><body>Hello</body></html>"


def alternate(href: str, kind: str = "application/rss+xml", title: str = "Clouds", rel: str = "alternate") -> str:
    return f'<link rel="{rel}" type="{kind}" title="{title}" href="{href}">'
