"""Which mail clients support the CSS and HTML of a message, by the data of caniemail.com.

The data is vendored in caniemail.json, with its day and its licence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from newsletter.rendering.features import Use, uses_of

#: Progressive enhancements, with the fallback of each.
ENHANCEMENTS = {
    "css-at-media": "the layout is one column at any width, in light mode's colours",
    "css-at-media-prefers-color-scheme": "light mode's colours are inlined; clients may darken them themselves",
    "css-border-radius": "corners are square",
    "css-display-flex": "upvotes and stars follow their title, in place of standing at the right",
    "css-height": "pictures have attributes; Yahoo takes it for the least height",
    "css-max-width": "Outlook for Windows uses the table's width attribute",
    "css-max-height": "only on the preheader, which display: none hides already",
    "css-min-width": "only for the titles at the top: a long one wraps, and is not cut",
    "css-overflow": "the preheader is hidden by display: none already; a long title at the top wraps",
    "css-table-layout": "the column is as wide as its longest word, at least",
    "css-text-overflow": "a long title at the top wraps, and is not cut",
    "css-white-space": "a line may break within a link; a long title at the top wraps",
    "css-word-break": "a word longer than the column widens it",
    "html-anchor-links": "in Gmail on iOS the table of contents is plain text",
    "html-aria-label": "Windows Mail reads the link's text",
    "html-body": "Outlook for macOS drops its style; the table in it has the same",
    "html-doctype": "Outlook for Windows uses Word's layout engine, for which there are tables and attributes",
    "html-meta-color-scheme": "only Apple Mail on macOS uses it; the colours do not depend on it",
    "html-role": "Windows Mail announces layout tables",
}


@dataclass(frozen=True, slots=True)
class Support:
    """The clients that caniemail.com tested, and the features that it knows."""

    #: The day of the data.
    day: str
    clients: tuple[str, ...]
    #: A letter for each client: y supported, a partly, n not at all, u unknown.
    features: dict[str, str]

    def unsupported(self, use: Use) -> list[str]:
        """Return the clients that do not support a use; those that do not get that far are left out."""
        found = self.features.get(use.feature, "u" * len(self.clients))
        return [
            client
            for number, client in enumerate(self.clients)
            if found[number] == "n" and not any(self.features[outer][number] == "n" for outer in use.within)
        ]


@cache
def load_support() -> Support:
    """Return the data of caniemail.com."""
    known = json.loads((files("newsletter.rendering") / "caniemail.json").read_text(encoding="utf-8"))
    return Support(known["updated"][:10], tuple(known["clients"]), known["features"])


def missing_support(tree: Any) -> Iterator[tuple[Use, list[str]]]:
    """Yield each feature of a page, an lxml tree, that some clients lack and that has no known fallback, with them."""
    support, seen = load_support(), set()
    for use in uses_of(tree, support.features):
        if use.feature in ENHANCEMENTS or use.feature in seen:
            continue
        if clients := support.unsupported(use):
            seen.add(use.feature)
            yield use, clients
