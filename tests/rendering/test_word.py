from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from newsletter.rendering.word import ignored_by_word, is_met, word_page


def ignored(body: str) -> list[str]:
    return list(ignored_by_word(html.document_fromstring(f"<html><body>{body}</body></html>")))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("mso", True), ("!mso", False), ("gte mso 9", True), ("lt mso 9", False), ("(gte mso 9)|(IE)", True),
        ("IE", False), ("mso 12", False), ("mso 16", True), ("!(IE)", True),
    ],
)  # fmt: skip
def test_word_meets_conditions_about_itself(condition: str, expected: bool) -> None:
    assert is_met(condition) is expected


def test_word_reads_what_is_meant_for_it_and_not_what_is_meant_for_others() -> None:
    page = "a<!--[if mso]><table><tr><td><![endif]-->b<!--[if !mso]><!-->c<!--<![endif]-->d<!-- e -->"

    assert word_page(page) == "a<table><tr><td>bd<!-- e -->"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<p style="color: #222; margin: 0; line-height: 20px">x</p>', []),
        ('<div style="float: left">x</div>', ["float of div"]),
        ('<div style="display: block; position: relative; top: 1px">x</div>', ["position of div", "top of div"]),
        ('<td style="padding: 4px; width: 20px; background-image: url(x)">x</td>', ["background-image of td"]),
        ('<div style="width: 50%">x</div>', ["width of div"]),
        ('<table width="600" style="max-width: 600px"></table>', []),
        ('<table style="max-width: 600px"></table>', ["max-width of table"]),
        ('<span style="border-radius: 9px; padding: 0 9px; overflow: hidden">x</span>', []),
        ('<span style="margin: 4px">x</span>', ["margin of span"]),
        ('<p style="color: #222 !important">x</p>', ["!important of p"]),
        ('<img src="x" alt="">', ["the size of img"]),
        ('<img src="x" alt="" width="40">', []),
        ('<a style="padding: 12px 24px">x</a>', ["padding of a"]),
        ('<style>td { mso-padding-alt: 12px }</style><a style="padding: 12px 24px">x</a>', []),
        ('<p style="mso-line-height-rule: exactly">x</p>', []),
        ('<div style="float: left"></div><div style="float: left"></div>', ["float of div"]),
    ],
)  # fmt: skip
def test_what_word_ignores_is_found(body: str, expected: list[str]) -> None:
    assert ignored(body if "<td" not in body else f"<table><tr>{body}</tr></table>") == expected


@given(st.text(max_size=200))
def test_any_style_and_any_comment_is_read(text: str) -> None:
    element = html.fromstring("<p>x</p>")
    element.set("style", "".join(character for character in text if character.isprintable()))

    assert all(isinstance(what, str) for what in ignored_by_word(element))
    assert isinstance(word_page(f"<!--[if {text}]>"), str)
