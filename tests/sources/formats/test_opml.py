from __future__ import annotations

import pytest

from newsletter.errors import SourceError
from newsletter.sources.documents import Document
from newsletter.sources.formats.opml import Subscription, read_opml, write_opml


def test_what_is_written_is_read() -> None:
    feeds = [Subscription("https://clouds.example/rss?a=1&b=2", "Clouds & Co"), Subscription("http://b.example/", "B")]
    assert read_opml(Document("x", write_opml("Feeds", feeds))) == (feeds, [])


def test_other_xml_is_refused() -> None:
    with pytest.raises(SourceError, match="not OPML"):
        read_opml(Document("x", b"<rss/>"))
