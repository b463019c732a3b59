"""OPML, in which programs that read feeds exchange what they follow.

Format: http://opml.org/spec2.opml; an outline with the attribute `xmlUrl` is a feed, others are folders.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from newsletter.errors import SourceError
from newsletter.models import Refusal
from newsletter.sources.documents import Document
from newsletter.sources.formats import values
from newsletter.sources.formats.xml import read_xml

# Browsers' schemes for subscribing: feed://clouds.example/rss and feed:https://clouds.example/rss.
_FEED_SCHEME = re.compile(r"feed:(?://)?(?=https?://)|feed(?=://)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A feed that someone follows."""

    url: str
    title: str = ""


def read_opml(document: Document) -> tuple[list[Subscription], list[Refusal]]:
    """Return the feeds of a list, in any depth, and what is none; the same feed twice is one.

    Raises:
        SourceError: The document is not OPML.
    """
    root = read_xml(document)
    if root.tag.lower() != "opml":
        raise SourceError(f"{document.place}: not OPML: root element <{root.tag[:40]}>")
    found: dict[str, Subscription] = {}
    refusals = []
    for number, outline in enumerate(root.iter("outline"), start=1):
        attributes = {name.lower(): value for name, value in outline.attrib.items()}
        if "xmlurl" not in attributes:
            continue
        written = attributes["xmlurl"].strip()
        url = values.link(_FEED_SCHEME.sub(lambda match: "https" if match[0].lower() == "feed" else "", written, 1))
        if url is None:
            refusals.append(Refusal(f"{document.place}, outline {number}", f"not a URL: {written[:100]!r}"))
        else:
            title = values.text(attributes.get("title") or attributes.get("text"))
            found.setdefault(url, Subscription(url, title))
    return list(found.values()), refusals


def write_opml(title: str, feeds: Iterable[Subscription]) -> bytes:
    """Return a list of feeds."""
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = title
    body = ET.SubElement(root, "body")
    for feed in feeds:
        ET.SubElement(body, "outline", type="rss", text=feed.title or feed.url, xmlUrl=feed.url)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"
