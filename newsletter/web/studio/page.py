"""What the studio's page says before any script has run: its fields, what they offer, and what is chosen."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from babel import Locale

from newsletter.config.load import load_config
from newsletter.errors import NewsletterError
from newsletter.languages import LANGUAGES
from newsletter.models import Style
from newsletter.web.studio.live_reload import version
from newsletter.web.studio.preview import Previews
from newsletter.web.studio.selection import (
    Selection,
    as_query,
    choose_subscriber,
    offered_editions,
    offered_subscribers,
)

#: Pixels, as most people's screens have them.
WIDTHS = (("desktop", "Desktop", 1280), ("tablet", "Tablet", 768), ("phone", "Phone", 390))
TABS = ("html", "text", "source", "papers", "checks", "inbox")
_TAB_LABELS = ("HTML", "Text", "Source", "Papers", "Checks", "Inbox")


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that may be chosen."""

    value: str
    label: str
    is_chosen: bool


def page_context(previews: Previews, choice: Selection) -> dict[str, Any]:
    """Return what studio.html says; what cannot be read is left out here, and told where the letter would be."""
    chosen = dict(as_query(choice))
    subscribers, editions, name = _offered(previews, choice)
    ages = [(f"last-{days}-days", f"Last {days} days") for days in (7, 30, 90)]
    return {
        "name": name,
        "version": version(previews.site),
        "chosen": chosen,
        "subscribers": _options(subscribers or [("", "Nobody yet")], chosen["subscriber"]),
        "editions": _options([("", "Due now"), *ages, *editions], chosen["edition"]),
        "styles": _options([("", "The reader's own"), *((style, style.capitalize()) for style in Style)], choice.style),
        "languages": _options(
            [("", "The reader's own"), *((code, _language(code)) for code in LANGUAGES)], choice.language
        ),
        "widths": WIDTHS,
        "tabs": list(zip(TABS, _TAB_LABELS, strict=True)),
    }


def _offered(previews: Previews, choice: Selection) -> tuple[list[tuple[str, str]], list[tuple[str, str]], str]:
    """Return readers, editions and the site's name, or what can be read of them."""
    subscribers: list[tuple[str, str]] = []
    editions: list[tuple[str, str]] = []
    name = ""
    with suppress(NewsletterError):
        name = load_config(previews.site).site_name
    with suppress(NewsletterError), previews.store() as store:
        subscribers = offered_subscribers(previews.site, store)
        editions = offered_editions(store, choose_subscriber(previews.site, store, choice, previews.clock()))
    return subscribers, editions, name


def _options(offered: list[tuple[str, str]], chosen: str) -> list[Option]:
    """Return what is offered, and what is chosen even if it was not."""
    options = [Option(value, label, value == chosen) for value, label in offered]
    return options if any(one.is_chosen for one in options) or not chosen else [*options, Option(chosen, chosen, True)]


def _language(code: str) -> str:
    return str(Locale(code).get_display_name(code)).capitalize()
