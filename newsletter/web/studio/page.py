"""The context of the studio's page: its fields, their options, and what is selected."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from newsletter.config.load import load_config
from newsletter.errors import NewsletterError
from newsletter.models import Style
from newsletter.models.languages import LANGUAGE_NAMES
from newsletter.web.studio.live_reload import version
from newsletter.web.studio.preview import Previews
from newsletter.web.studio.selection import (
    Selection,
    choose_subscriber,
    fields_of,
    offered_editions,
    offered_subscribers,
)

#: Name, label and width in pixels of common screens.
WIDTHS = (("desktop", "Desktop", 1280), ("tablet", "Tablet", 768), ("phone", "Phone", 390))
TABS = ("html", "text", "source", "papers", "checks", "inbox")
_TAB_LABELS = ("HTML", "Text", "Source", "Papers", "Checks", "Inbox")


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a select element."""

    value: str
    label: str
    is_selected: bool


def page_context(previews: Previews, selection: Selection) -> dict[str, Any]:
    """Return the context of studio.html.

    Errors only shorten the lists here; the page shows them in place of the message.
    """
    fields = fields_of(selection)
    subscribers, editions, name = _offered(previews, selection)
    windows = [(f"last-{days}-days", f"Last {days} days") for days in (7, 30, 90)]
    return {
        "name": name,
        "version": version(previews.site),
        "fields": fields,
        "subscribers": _options(subscribers or [("", "No subscribers yet")], fields["subscriber"]),
        "editions": _options([("", "Due now"), *windows, *editions], fields["edition"]),
        "styles": _options(
            [("", "As in the profile"), *((style, style.capitalize()) for style in Style)], selection.style
        ),
        "languages": _options([("", "As in the profile"), *LANGUAGE_NAMES.items()], selection.language),
        "widths": WIDTHS,
        "tabs": list(zip(TABS, _TAB_LABELS, strict=True)),
    }


def _offered(previews: Previews, selection: Selection) -> tuple[list[tuple[str, str]], list[tuple[str, str]], str]:
    """Return the options for subscriber and edition, and the site's name; empty where there is an error."""
    subscribers: list[tuple[str, str]] = []
    editions: list[tuple[str, str]] = []
    name = ""
    with suppress(NewsletterError):
        name = load_config(previews.site).site_name
    with suppress(NewsletterError), previews.store() as store:
        subscribers = offered_subscribers(previews.site, store)
        editions = offered_editions(store, choose_subscriber(previews.site, store, selection, previews.clock()))
    return subscribers, editions, name


def _options(offered: list[tuple[str, str]], selected: str) -> list[Option]:
    """Return options for what is offered, and for what is selected even if it is not offered."""
    options = [Option(value, label, value == selected) for value, label in offered]
    if selected and not any(one.is_selected for one in options):
        options.append(Option(selected, selected, is_selected=True))
    return options
