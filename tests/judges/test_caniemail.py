"""The CSS and HTML of every message against caniemail.com's data about mail clients.

A feature that Gmail, Outlook or Apple Mail does not support must be listed here, with its fallback.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import tinycss2  # type: ignore[import-untyped]

KNOWN: dict[str, Any] = json.loads(Path(__file__).with_name("caniemail.json").read_text(encoding="utf-8"))
CLIENTS: list[str] = KNOWN["clients"]
FEATURES: dict[str, str] = KNOWN["features"]

#: Progressive enhancements, with the fallback of each.
ENHANCEMENTS = {
    "css-at-media": "the layout is one column at any width, in light mode's colours",
    "css-at-media-prefers-color-scheme": "light mode's colours are inlined; clients may darken them themselves",
    "css-border-radius": "corners are square",
    "css-display-flex": "upvotes and stars follow their title, in place of standing at the right",
    "css-max-width": "Outlook for Windows uses the table's width attribute",
    "css-max-height": "only on the preheader, which display: none hides already",
    "css-min-width": "only for the titles at the top: a long one wraps, and is not cut",
    "css-overflow": "the preheader is hidden by display: none already; a long title at the top wraps",
    "css-table-layout": "the column is as wide as its longest word, at least",
    "css-text-overflow": "a long title at the top wraps, and is not cut",
    "css-white-space": "a line may break within a link; a long title at the top wraps",
    "html-anchor-links": "in Gmail on iOS the table of contents is plain text",
    "html-aria-label": "Windows Mail reads the link's text",
    "html-body": "Outlook for macOS drops its style; the table in it has the same",
    "html-doctype": "Outlook for Windows uses Word's layout engine, for which there are tables and attributes",
    "html-meta-color-scheme": "only Apple Mail on macOS uses it; the colours do not depend on it",
    "html-role": "Windows Mail announces layout tables",
}

#: Supported by every client, and not in the data.
ALWAYS = {
    "properties": {"color", "font-family", "font-style"},
    "elements": {"a", "br", "em", "head", "html", "meta", "title"},
    "attributes": {
        *("alt", "border", "charset", "class", "colspan", "content", "href", "id", "name", "rel", "rowspan", "src"),
        "style",
    },
    "functions": {"url"},
}

#: Vendor-specific properties, which other clients ignore.
PRIVATE = ("-webkit-text-size-adjust", "-ms-text-size-adjust", "mso-")

#: Properties and elements that caniemail groups.
PROPERTY_GROUPS = {
    "css-border": r"border(-(top|right|bottom|left))?(-(width|style|color))?",
    "css-border-radius": r"border-(top|bottom)-(left|right)-radius",
    "css-display-flex": r"flex-(grow|shrink|basis)",
    "css-left-right-top-bottom": r"left|right|top|bottom",
    "css-margin": r"margin-(top|right|bottom|left)",
    "css-outline": r"outline-(width|style|color)",
    "css-overflow": r"overflow-[xy]",
    "css-padding": r"padding-(top|right|bottom|left)",
    "css-variables": r"--.*",
}
ELEMENT_GROUPS = {
    "h1-h6": {"h1", "h2", "h3", "h4", "h5", "h6"},
    "lists": {"ul", "ol", "li", "dl", "dt", "dd"},
    "semantics": {
        *("article", "aside", "details", "figcaption", "figure", "footer", "header", "main", "mark", "nav"),
        *("section", "summary", "time"),
    },
    "strong": {"strong", "b"},
    "table": {"table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption", "col", "colgroup"},
    "strike": {"strike", "s"},
}
VALUES = {
    "rgb": "css-rgb",
    "rgba": "css-rgba",
    "calc": "css-unit-calc",
    "var": "css-variables",
    **dict.fromkeys(("min", "max", "clamp", "light-dark"), "css-function-{}"),
    **dict.fromkeys(("linear-gradient", "radial-gradient", "conic-gradient"), "css-{}"),
    **dict.fromkeys(("lab", "lch", "oklab", "oklch"), "css-modern-color"),
    **dict.fromkeys(("fit-content", "min-content", "max-content"), "css-intrinsic-size"),
    **dict.fromkeys(("system-ui", "ui-serif", "ui-sans-serif", "ui-rounded", "ui-monospace"), "css-sytem-ui"),
    **dict.fromkeys(("initial",), "css-unit-initial"),
}


@dataclass(frozen=True, slots=True)
class Use:
    """The use of a feature in a message, by caniemail's name or one that it does not have."""

    feature: str
    example: str
    #: Features that a client must support to reach this one.
    within: tuple[str, ...] = ()

    @property
    def unsupported(self) -> list[str]:
        """The clients that do not support it."""
        return [
            client
            for number, client in enumerate(CLIENTS)
            if FEATURES[self.feature][number] == "n"
            and not any(FEATURES[outer][number] == "n" for outer in self.within)
        ]


def of_style(css: str, within: tuple[str, ...] = ()) -> Iterator[Use]:
    """Tell what declarations use."""
    for node in tinycss2.parse_blocks_contents(css, skip_comments=True, skip_whitespace=True):
        assert node.type == "declaration", f"{node.type} in {css!r}"
        if node.name.startswith(PRIVATE):
            continue
        example = f"{node.name}: {tinycss2.serialize(node.value).strip()}"
        features = {_of_property(node.name, example), *_of_values(node.value)}
        if node.important:
            features.add("css-important")
        yield from (Use(feature, example, within) for feature in features if feature)


def _of_property(name: str, example: str) -> str:
    if name in ALWAYS["properties"]:
        return ""
    if name == "display":
        value = example.partition(": ")[2]
        return f"css-display-{value}" if f"css-display-{value}" in FEATURES else "css-display"
    return next((group for group, names in PROPERTY_GROUPS.items() if re.fullmatch(names, name)), f"css-{name}")


def _of_values(nodes: Iterable[Any]) -> Iterator[str]:
    for node in nodes:
        if node.type == "dimension":
            yield f"css-unit-{node.lower_unit}"
        elif node.type == "percentage":
            yield "css-unit-percent"
        elif node.type == "ident" and node.lower_value in VALUES:
            yield VALUES[node.lower_value].format(node.lower_value)
        elif node.type == "function":
            if node.lower_name not in ALWAYS["functions"]:
                yield VALUES.get(node.lower_name, "css-function-{}").format(node.lower_name)
            yield from _of_values(node.arguments)


def of_sheet(css: str, within: tuple[str, ...] = ()) -> Iterator[Use]:
    """Tell what a style sheet uses."""
    yield from _of_rules(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), within)


def _of_rules(rules: Sequence[Any], within: tuple[str, ...]) -> Iterator[Use]:
    for rule in rules:
        example = tinycss2.serialize(rule.prelude).strip()
        if rule.type == "qualified-rule":
            yield from (Use(feature, example, within) for feature in set(_of_selector(rule.prelude)))
            yield from of_style(tinycss2.serialize(rule.content), within)
            continue
        conditions = {f"css-at-{rule.lower_at_keyword}"}
        if rule.lower_at_keyword == "media":
            named = {f"css-at-media-{name}" for name in _names(rule.prelude)}
            conditions |= named & FEATURES.keys()
        yield from (Use(condition, f"@{rule.at_keyword} {example}", within) for condition in conditions)
        if rule.content is not None:
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            yield from _of_rules(inner, (*within, *sorted(conditions)))


def _names(nodes: Iterable[Any]) -> Iterator[str]:
    for node in nodes:
        if node.type == "ident":
            yield node.lower_value
        elif node.type == "() block":
            yield from _names(node.content)


def _of_selector(nodes: Sequence[Any]) -> Iterator[str]:
    combinators = {">": "child", "+": "adjacent-sibling", "~": "general-sibling", "*": "universal", ",": "grouping"}
    classes, before = 0, ""
    for node in nodes:
        kind = node.type if node.type != "literal" else node.value
        if kind in combinators:
            yield f"css-selector-{combinators[kind]}"
        elif kind == "hash":
            yield "css-selector-id"
        elif kind == "[] block":
            yield "css-selector-attribute"
        elif kind == "function":
            yield f"css-pseudo-class-{node.lower_name}"
        elif kind == "ident" and before == "::":
            yield f"css-pseudo-element-{node.lower_value}"
        elif kind == "ident":
            yield {".": "css-selector-class", ":": f"css-pseudo-class-{node.lower_value}"}.get(
                before, "css-selector-type"
            )
        classes = classes + (kind == ".") if kind in (".", "ident") else 0
        if classes == 2:
            yield "css-selector-chaining"
        if before == "whitespace" and kind not in (*combinators, "whitespace"):
            yield "css-selector-descendant"
        before = "::" if kind == before == ":" else "" if before in combinators and kind == "whitespace" else kind


class Page(HTMLParser):
    """Collects the features that the HTML of a message uses."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.uses: list[Use] = []
        self._sheet: list[str] | None = None
        self.feed(html)
        self.close()

    def handle_decl(self, decl: str) -> None:
        self.uses.append(Use("html-doctype", decl))

    def handle_comment(self, data: str) -> None:
        self.uses.append(Use("html-comments", data[:40]))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        example = self.get_starttag_text() or tag
        if tag == "style":
            self._sheet = []
        if tag not in ALWAYS["elements"]:
            group = next((name for name, tags in ELEMENT_GROUPS.items() if tag in tags), tag)
            self.uses.append(Use(f"html-{group}", example))
        for name, value in attrs:
            self.uses += [Use(feature, example) for feature in _of_attribute(tag, name, value or "")]
            if name == "style":
                self.uses += of_style(value or "")

    def handle_data(self, data: str) -> None:
        if self._sheet is not None:
            self._sheet.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "style" and self._sheet is not None:
            self.uses += of_sheet("".join(self._sheet))
            self._sheet = None


def _of_attribute(tag: str, name: str, value: str) -> Iterator[str]:
    if name == "href" and value.startswith("#"):
        yield "html-anchor-links"
    elif name == "href" and value.startswith("mailto:"):
        yield "html-mailto-links"
    elif (tag, name, value) == ("meta", "name", "color-scheme"):
        yield "html-meta-color-scheme"
    elif name == "bgcolor" and tag in ("body", "table", "tr", "td", "th"):
        pass  # HTML 3.2
    elif name not in ALWAYS["attributes"] and not name.startswith("data-"):
        yield f"html-{name}"


@pytest.fixture(scope="module")
def uses(pages: dict[str, str]) -> set[Use]:
    """Return all features that the messages use."""
    return {use for html in pages.values() for use in Page(html).uses}


def test_features_are_found() -> None:
    css = "@media (prefers-color-scheme: dark) { .a.b > p::after, #c { width: calc(1em + 2%) !important } }"

    within = ("css-at-media", "css-at-media-prefers-color-scheme")
    assert {use.feature for use in of_sheet(css) if use.within == within} == {
        *("css-selector-class", "css-selector-chaining", "css-selector-child", "css-selector-type"),
        *("css-pseudo-element-after", "css-selector-grouping", "css-selector-id"),
        *("css-width", "css-unit-calc", "css-unit-em", "css-unit-percent", "css-important"),
    }


def test_a_feature_within_an_unsupported_one_is_not_counted() -> None:
    assert "outlook windows" in Use("css-opacity", "").unsupported
    assert "outlook windows" not in Use("css-opacity", "", ("css-at-media",)).unsupported


def test_every_essential_feature_is_supported_everywhere(uses: set[Use]) -> None:
    known = {use for use in uses if use.feature in FEATURES and use.feature not in ENHANCEMENTS}

    assert {use.feature: (use.example, use.unsupported) for use in known if use.unsupported} == {}


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
    assert {use.feature: use.example for use in uses if use.feature not in FEATURES} == {}


def test_every_listed_enhancement_is_needed(uses: set[Use]) -> None:
    needed = {use.feature for use in uses if use.feature in FEATURES and use.unsupported}

    assert ENHANCEMENTS.keys() - needed == set()
