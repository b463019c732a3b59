"""Feeds in the shape of those of Reddit, Lemmy and Hacker News, about papers that do not exist."""

from __future__ import annotations

from datetime import date
from html import escape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Entry, Refusal
from newsletter.sources.formats.submissions import is_submission, paper_in
from tests.sources.feeds import parse

CLOUDS = "https://arxiv.org/abs/2605.01234"
THREAD = "https://www.reddit.com/r/MachineLearning/comments/1abcde/r_counting_clouds/"


def reddit(target: str, title: str = "[R] Counting Clouds", body: str = "") -> bytes:
    content = escape(
        f'{body} &#32; submitted by &#32; <a href="https://www.reddit.com/user/ada"> /u/ada </a> <br/> '
        f'<span><a href="{target}">[link]</a></span> &#32; <span><a href="{THREAD}">[comments]</a></span>'
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">
    <category term="MachineLearning" label="r/MachineLearning"/><id>/r/MachineLearning/new/.rss</id>
    <link rel="self" href="https://www.reddit.com/r/MachineLearning/new/.rss"/><title>newest submissions</title>
    <entry><author><name>/u/ada</name><uri>https://www.reddit.com/user/ada</uri></author>
    <category term="MachineLearning" label="r/MachineLearning"/><content type="html">{content}</content>
    <id>t3_1abcde</id><link href="{THREAD}"/><updated>2026-05-08T07:00:00+00:00</updated>
    <published>2026-05-08T07:00:00+00:00</published><title>{title}</title></entry></feed>""".encode()


def item(inside: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>Newest</title><link>https://site.example/</link><item>{inside}</item></channel></rss>"
    ).encode()


def hacker_news(target: str) -> bytes:
    comments = "https://news.ycombinator.com/item?id=45000001"
    return item(
        f"<title><![CDATA[Counting Clouds]]></title><description><![CDATA[<p>Article URL: <a href='{target}'>{target}"
        f"</a></p><p>Comments URL: <a href='{comments}'>{comments}</a></p><p>Points: 7</p>]]></description>"
        f"<pubDate>Fri, 08 May 2026 07:00:00 +0000</pubDate><link>{target}</link><dc:creator>ada</dc:creator>"
        f'<comments>{comments}</comments><guid isPermaLink="false">{comments}</guid>'
    )


def lemmy(link: str, target: str = "") -> bytes:
    post, people = "https://lemmy.example/post/77", "https://lemmy.example/u/ada"
    page = f'<br><a href="{target}">{target}</a>' if target else ""
    text = (
        f'submitted by <a href="{people}">ada</a> to <a href="https://lemmy.example/c/clouds">clouds</a>'
        f'<br>7 points | <a href="{post}">2 comments</a>{page}<p>What do you think?</p>'
    )
    return item(
        f"<title>Counting Clouds</title><link>{link}</link><description>{escape(text)}</description>"
        f"<comments>{post}</comments><guid>{post}</guid><pubDate>Fri, 08 May 2026 07:00:00 +0000</pubDate>"
        f"<dc:creator>{people}</dc:creator>"
    )


FEEDS = [
    pytest.param(reddit(CLOUDS), id="reddit"),
    pytest.param(hacker_news(CLOUDS), id="hacker news"),
    pytest.param(lemmy(CLOUDS), id="lemmy"),
    pytest.param(lemmy("https://lemmy.example/post/77", CLOUDS), id="lemmy, in the text"),
]


@pytest.mark.parametrize("feed", FEEDS)
def test_the_paper_is_the_page_that_is_linked_to(feed: bytes) -> None:
    (entry,) = parse(feed)
    assert isinstance(entry, Entry)
    assert (entry.title, entry.arxiv_id, entry.url) == ("Counting Clouds", "2605.01234", CLOUDS)
    assert (entry.authors, entry.abstract) == ((), "")  # who submitted it did not write it
    assert entry.published == date(2026, 5, 8)


def test_an_address_with_parameters_is_kept() -> None:
    (entry,) = parse(reddit("https://clouds.example/paper?id=7&amp;v=2"))
    assert isinstance(entry, Entry)
    assert entry.url == "https://clouds.example/paper?id=7&v=2"


@pytest.mark.parametrize(
    "feed",
    [
        reddit(THREAD, "[D] Which clouds do you count?", "<p>I wonder.</p>"),
        lemmy("https://lemmy.example/post/77"),
        reddit("javascript:alert(1)"),
    ],
    ids=["reddit", "lemmy", "no address"],
)
def test_a_submission_without_a_link_is_no_paper(feed: bytes) -> None:
    (left_out,) = parse(feed)
    assert isinstance(left_out, Refusal)
    assert left_out.is_left_out


def test_other_feeds_are_as_they_were() -> None:
    (entry,) = parse(item("<title>On Clouds</title><link>https://clouds.example/1</link><author>Ada Example</author>"))
    assert isinstance(entry, Entry)
    assert (entry.url, entry.authors) == ("https://clouds.example/1", ("Ada Example",))
    assert not is_submission({"link": "https://notreddit.com/1", "summary": "submitted by hand"})


VALUES: st.SearchStrategy[Any] = st.none() | st.integers() | st.text(max_size=30) | st.just([{"value": "x"}])


@given(st.dictionaries(st.sampled_from(["title", "link", "id", "comments", "summary", "content"]), VALUES))
def test_any_values_are_a_paper_or_none(found: dict[str, Any]) -> None:
    found["id"] = "https://news.ycombinator.com/item?id=1"
    assert is_submission(found)
    paper = paper_in(found)
    assert paper is None or str(paper["link"]).startswith("http")
