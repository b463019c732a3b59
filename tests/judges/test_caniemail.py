"""The CSS and HTML of every message against caniemail.com's data about mail clients.

A feature that a client does not support must be listed in `client_support.ENHANCEMENTS`, with its fallback.
"""

from __future__ import annotations

import re

import pytest
from lxml import html as lxml_html

from newsletter.rendering.client_support import ENHANCEMENTS, load_support
from newsletter.rendering.features import Use, uses_of
from newsletter.rendering.word import ignored_by_word, word_page

SUPPORT = load_support()


@pytest.fixture(scope="module")
def uses(pages: dict[str, str]) -> set[Use]:
    """Return all features that the messages use."""
    trees = map(lxml_html.document_fromstring, pages.values())
    return {use for tree in trees for use in uses_of(tree, SUPPORT.features)}


def test_every_essential_feature_is_supported_everywhere(uses: set[Use]) -> None:
    known = {use for use in uses if use.feature in SUPPORT.features and use.feature not in ENHANCEMENTS}

    assert {use.feature: (use.example, lack) for use in known if (lack := SUPPORT.unsupported(use))} == {}


def test_an_element_with_max_width_has_a_width_attribute(uses: set[Use]) -> None:
    elements = [use.example for use in uses if use.example.startswith("<") and "max-width" in use.example]

    assert elements
    assert [element for element in elements if ' width="' not in element] == []


def test_only_hidden_elements_are_cut_off(pages: dict[str, str]) -> None:
    cut = {
        style for html in pages.values() for style in re.findall(r'style="([^"]*(?:max-height|overflow)[^"]*)"', html)
    }

    assert [style for style in cut if "display:none" not in style.replace(" ", "")] == []


def test_caniemail_has_every_feature(uses: set[Use]) -> None:
    assert {use.feature: use.example for use in uses if use.feature not in SUPPORT.features} == {}


def test_every_listed_enhancement_is_needed(uses: set[Use]) -> None:
    needed = {use.feature for use in uses if use.feature in SUPPORT.features and SUPPORT.unsupported(use)}

    assert ENHANCEMENTS.keys() - needed == set()


def test_word_ignores_nothing_that_the_layout_needs(pages: dict[str, str]) -> None:
    trees = {name: lxml_html.document_fromstring(word_page(page)) for name, page in pages.items()}

    assert {name: ignored for name, tree in trees.items() if (ignored := list(ignored_by_word(tree)))} == {}
