from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from newsletter.rendering.features import uses_of, uses_of_sheet, uses_of_style

KNOWN = {"css-at-media-prefers-color-scheme", "css-display-flex"}


def test_the_features_of_a_style_sheet_are_found() -> None:
    css = "@media (prefers-color-scheme: dark) { .a.b > p::after, #c { width: calc(1em + 2%) !important } }"

    within = ("css-at-media", "css-at-media-prefers-color-scheme")
    assert {use.feature for use in uses_of_sheet(css, KNOWN) if use.within == within} == {
        *("css-selector-class", "css-selector-chaining", "css-selector-child", "css-selector-type"),
        *("css-pseudo-element-after", "css-selector-grouping", "css-selector-id"),
        *("css-width", "css-unit-calc", "css-unit-em", "css-unit-percent", "css-important"),
    }


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("display: flex", {"css-display-flex"}),
        ("display: ruby", {"css-display"}),
        ("color: red; mso-hide: all; -webkit-text-size-adjust: none", set()),
        ("background-image: linear-gradient(red, blue)", {"css-background-image", "css-linear-gradient"}),
        ("}{ nothing", set()),
    ],
)
def test_the_features_of_a_style_are_found(css: str, expected: set[str]) -> None:
    assert {use.feature for use in uses_of_style(css, KNOWN)} == expected


def test_the_features_of_a_page_are_found() -> None:
    page = html.document_fromstring(
        '<!doctype html><style>.a { float: left }</style><body><!-- x --><video></video><b style="opacity: 0">x</b>'
        '<a href="#x" role="button">x</a><a href="mailto:a@b.example">x</a><section></section></body>'
    )

    assert {use.feature for use in uses_of(page, KNOWN)} == {
        *("html-doctype", "html-style", "css-selector-class", "css-float", "html-body", "html-comments", "html-video"),
        *("html-strong", "css-opacity", "html-anchor-links", "html-role", "html-mailto-links", "html-semantics"),
    }


@given(st.text(max_size=300))
def test_any_text_is_read_as_css(css: str) -> None:
    assert all(use.feature for use in (*uses_of_sheet(css, KNOWN), *uses_of_style(css, KNOWN)))
