from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.rendering.markdown import note_html
from tests.rendering.test_digest import Page


def test_markdown_becomes_html_with_headings_below_the_digests() -> None:
    html = note_html("# Hello\n\n### Deep\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n*Read* [this](https://example.org).\n")

    assert "<h2>Hello</h2>" in html
    assert "<h2>Deep</h2>" in html
    assert "<table>" in html
    assert '<a href="https://example.org" rel="noopener noreferrer">this</a>' in html


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![pixel](http://evil.example/p.gif)",
        "![pixel](data:image/gif;base64,R0lGODlhAQABAAAAACw=)",
        "[x](javascript:alert(1))",
        '<a href="https://x.example" onclick="alert(1)" style="position:fixed">x</a>',
        "<style>*{display:none}</style>",
        "<form action=x><input></form>",
    ],
)
def test_active_content_is_removed(markdown: str) -> None:
    html = note_html(f"Hello\n\n{markdown}")

    assert not any(
        bad in html for bad in ("<script", "<img", "javascript:", "onclick", "style", "<form", "<input", "alert(")
    )


def test_an_image_keeps_its_alternative_text_and_gets_a_width() -> None:
    assert note_html("![A pear](https://x.example/pear.png)") == (
        '<p><img width="556" alt="A pear" src="https://x.example/pear.png"></p>'
    )


@pytest.mark.parametrize("blank", ["", " \n\t"])
def test_an_empty_note_is_empty(blank: str) -> None:
    assert note_html(blank) == ""


@pytest.mark.parametrize(
    "url", ["/about", "about.html", "//evil.example", "#top", "data:text/html,x", "ftp://x.example"]
)
def test_only_absolute_http_and_mailto_links_are_kept(url: str) -> None:
    absolute = note_html("[a](https://x.example/) [b](HTTP://x.example/) [c](mailto:ada@example.org)")

    assert absolute.count("href=") == 3
    assert note_html(f"[x]({url})") == '<p><a rel="noopener noreferrer">x</a></p>'


ALLOWED = {
    "p", "br", "em", "strong", "code", "pre", "a", "ul", "ol", "li", "blockquote", "h2", "hr", "del",
    "table", "thead", "tbody", "tr", "th", "td", "img",
}  # fmt: skip
SCRAPS = r"""
< > / " ' = <a_href= <script> </script> <style> </table> </td> <h1_class=x> <svg> <math> <!-- --> <![CDATA[ ]]>
onclick=alert(1) javascript: java&#115;cript: https://x.example/ [x]( [x]:_ ![x]( ) #_ ######_ >_ *_ 1._ ____
``` |a|b| |-|-| &lt; &#60; {{_7*7_}} word
"""
scraps = st.sampled_from([scrap.replace("_", " ") for scrap in SCRAPS.split()] + ["\n", "\n\n", "\t", "\x00", "\u202e"])


@given(st.lists(scraps, max_size=25).map("".join))
@example("<a href=https://x.example/ onclick=alert(1)>x")
def test_arbitrary_markdown_becomes_balanced_and_safe_html(markdown: str) -> None:
    page = Page(note_html(markdown))

    assert set(page.tags) <= ALLOWED
    assert {(tag, name) for tag, name, _ in page.attributes} <= {
        ("a", "href"), ("a", "rel"), ("img", "src"), ("img", "alt"), ("img", "width"),
    }  # fmt: skip
    assert all(src.startswith("https://") for src in page.values("src"))
    assert all(href.lower().startswith(("https:", "http:", "mailto:")) for href in page.values("href"))
    assert (page.comments, page.declarations) == ([], [])
