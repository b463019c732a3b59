"""The features of CSS and HTML that a page uses, by the names of caniemail.com."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import tinycss2  # type: ignore[import-untyped]

#: Supported by every client, and not in the data.
_ALWAYS = {
    "properties": {"color", "font-family", "font-style"},
    "elements": {"a", "br", "em", "head", "html", "meta", "title"},
    "attributes": {
        *("alt", "border", "charset", "class", "colspan", "content", "href", "id", "name", "rel", "rowspan", "src"),
        "style",
    },
    "functions": {"url"},
}

#: Vendor-specific properties, which other clients ignore.
_PRIVATE = ("-webkit-text-size-adjust", "-ms-text-size-adjust", "mso-")

#: Properties and elements that caniemail groups.
_PROPERTY_GROUPS = {
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
_ELEMENT_GROUPS = {
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
_VALUES = {
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
    """The use of a feature in a page, by caniemail's name or one that it does not have."""

    feature: str
    example: str
    #: Features that a client must support to reach this one.
    within: tuple[str, ...] = ()


def uses_of_style(css: str, known: Container[str], within: tuple[str, ...] = ()) -> Iterator[Use]:
    """Yield the features that declarations use; what is none is left out."""
    for node in tinycss2.parse_blocks_contents(css, skip_comments=True, skip_whitespace=True):
        if node.type != "declaration" or node.name.startswith(_PRIVATE):
            continue
        example = f"{node.name}: {tinycss2.serialize(node.value).strip()}"
        features = {_of_property(node.name, example, known), *_of_values(node.value)}
        if node.important:
            features.add("css-important")
        yield from (Use(feature, example, within) for feature in features if feature)


def _of_property(name: str, example: str, known: Container[str]) -> str:
    if name in _ALWAYS["properties"]:
        return ""
    if name == "display":
        value = example.partition(": ")[2]
        return f"css-display-{value}" if f"css-display-{value}" in known else "css-display"
    return next((group for group, names in _PROPERTY_GROUPS.items() if re.fullmatch(names, name)), f"css-{name}")


def _of_values(nodes: Iterable[Any]) -> Iterator[str]:
    for node in nodes:
        if node.type == "dimension":
            yield f"css-unit-{node.lower_unit}"
        elif node.type == "percentage":
            yield "css-unit-percent"
        elif node.type == "ident" and node.lower_value in _VALUES:
            yield _VALUES[node.lower_value].format(node.lower_value)
        elif node.type == "function":
            if node.lower_name not in _ALWAYS["functions"]:
                yield _VALUES.get(node.lower_name, "css-function-{}").format(node.lower_name)
            yield from _of_values(node.arguments)


def uses_of_sheet(css: str, known: Container[str], within: tuple[str, ...] = ()) -> Iterator[Use]:
    """Yield the features that a style sheet uses."""
    yield from _of_rules(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), known, within)


def _of_rules(rules: Sequence[Any], known: Container[str], within: tuple[str, ...]) -> Iterator[Use]:
    for rule in rules:
        if rule.type not in ("qualified-rule", "at-rule"):  # what cannot be parsed
            continue
        example = tinycss2.serialize(rule.prelude).strip()
        if rule.type == "qualified-rule":
            yield from (Use(feature, example, within) for feature in set(_of_selector(rule.prelude)))
            yield from uses_of_style(tinycss2.serialize(rule.content), known, within)
            continue
        conditions = {f"css-at-{rule.lower_at_keyword}"}
        if rule.lower_at_keyword == "media":
            conditions |= {name for one in _names(rule.prelude) if (name := f"css-at-media-{one}") in known}
        yield from (Use(condition, f"@{rule.at_keyword} {example}", within) for condition in conditions)
        if rule.content is not None:
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            yield from _of_rules(inner, known, (*within, *sorted(conditions)))


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


def uses_of(tree: Any, known: Container[str]) -> Iterator[Use]:
    """Yield the features that a page uses, an lxml tree; what cannot be parsed is left out.

    Args:
        tree: The page.
        known: The features that there are: `display` and media queries have names by their values where they are known.
    """
    if tree.getroottree().docinfo.doctype:
        yield Use("html-doctype", "<!doctype>")
    for element in tree.iter():
        if not isinstance(element.tag, str):
            yield Use("html-comments", str(element)[:40])
            continue
        example = _start_tag(element)
        if element.tag not in _ALWAYS["elements"]:
            group = next((name for name, tags in _ELEMENT_GROUPS.items() if element.tag in tags), element.tag)
            yield Use(f"html-{group}", example)
        for name, value in element.attrib.items():
            yield from (Use(feature, example) for feature in _of_attribute(element.tag, name, value))
            if name == "style":
                yield from uses_of_style(value, known)
        if element.tag == "style":
            yield from uses_of_sheet(element.text or "", known)


def _start_tag(element: Any) -> str:
    attributes = "".join(f' {name}="{value}"' for name, value in element.attrib.items())
    return f"<{element.tag}{attributes}>"


def _of_attribute(tag: str, name: str, value: str) -> Iterator[str]:
    if name == "href" and value.startswith("#"):
        yield "html-anchor-links"
    elif name == "href" and value.startswith("mailto:"):
        yield "html-mailto-links"
    elif (tag, name, value) == ("meta", "name", "color-scheme"):
        yield "html-meta-color-scheme"
    elif name == "bgcolor" and tag in ("body", "table", "tr", "td", "th"):
        pass  # HTML 3.2
    elif name not in _ALWAYS["attributes"] and not name.startswith("data-"):
        yield f"html-{name}"
