from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.feed_discovery import find_feed, is_same_server, root_element
from tests.sources.feeds import PAGE, alternate, page


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
def test_the_first_feed_that_is_not_of_comments_is_found(links: list[str], found: str | None) -> None:
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
def test_links_are_resolved_against_the_base_of_a_page(base: str, found: str) -> None:
    assert find_feed(page(alternate("feed"), base=base).encode(), PAGE) == found


@given(
    st.binary() | st.lists(st.sampled_from(["<link ", "<![", "<!", "<base href=", "'", ">", "http://["])).map("".join)
)
def test_any_page_gives_a_feed_or_none(content: bytes | str) -> None:
    content = content.encode() if isinstance(content, str) else content
    assert find_feed(content, PAGE) is None
    assert root_element(content.decode("latin-1")).strip() == root_element(content.decode("latin-1"))


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
