"""The context of the studio's page: its fields, their options, and what is selected."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from newsletter.config.load import load_config
from newsletter.errors import NewsletterError
from newsletter.models import Style
from newsletter.models.languages import LANGUAGE_NAMES, translatable
from newsletter.rendering.language import Language
from newsletter.web.studio.live_reload import version
from newsletter.web.studio.preview import Previews
from newsletter.web.studio.selection import (
    Selection,
    choose_subscriber,
    fields_of,
    offered_editions,
    offered_subscribers,
)
from newsletter.web.studio.texts import texts_in

#: Name, label and width in pixels of common screens.
WIDTHS = (
    ("desktop", translatable("Desktop"), 1280),
    ("tablet", translatable("Tablet"), 768),
    ("phone", translatable("Phone"), 390),
)
#: Name, label and explanation of the colours in which a message is shown; `inversion.js` computes the last two.
SCHEMES = (
    ("light", translatable("Light"), ""),
    ("dark", translatable("Dark"), translatable("With the message’s own styles for dark screens")),
    (
        "gmail",
        "Gmail",
        translatable("Simulated: Gmail on iOS and Outlook on Windows invert every colour on a dark screen"),
    ),
    (
        "outlook",
        "Outlook",
        translatable("Simulated: Outlook.com and Gmail on Android darken light backgrounds and lighten dark texts"),
    ),
)
#: Name and label of the tabs.
TABS = (
    ("html", "HTML"),
    ("text", translatable("Text")),
    ("source", translatable("Source")),
    ("papers", translatable("Papers")),
    ("checks", translatable("Checks")),
    ("inbox", translatable("Inbox")),
)
_STYLES = {
    Style.CARDS: translatable("Cards"),
    Style.COMPACT: translatable("Compact"),
    Style.PLAIN: translatable("Plain"),
}


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a select element."""

    value: str
    label: str
    is_selected: bool


def page_context(previews: Previews, selection: Selection, language: Language) -> dict[str, Any]:
    """Return the context of studio.html in a language.

    Errors only shorten the lists here; the page shows them in place of the message.
    """
    fields = fields_of(selection)
    subscribers, editions, name = _offered(previews, selection, language)
    _ = language.gettext
    windows = [
        (f"last-{days}-days", language.ngettext("Last %(number)s day", "Last %(number)s days", days))
        for days in (7, 30, 90)
    ]
    return {
        "name": name,
        "version": version(previews.site),
        "fields": fields,
        "subscribers": _options(subscribers or [("", _("No subscribers yet"))], fields["subscriber"]),
        "editions": _options([("", _("Due now")), *windows, *editions], fields["edition"]),
        "styles": _options(
            [("", _("As in the profile")), *((style, _(label)) for style, label in _STYLES.items())], selection.style
        ),
        "languages": _options([("", _("As in the profile")), *LANGUAGE_NAMES.items()], selection.language),
        "widths": [(name, _(label), pixels) for name, label, pixels in WIDTHS],
        "schemes": [(name, _(label), about and _(about)) for name, label, about in SCHEMES],
        "tabs": [(name, _(label)) for name, label in TABS],
        "texts": texts_in(language),
    }


def _offered(
    previews: Previews, selection: Selection, language: Language
) -> tuple[list[tuple[str, str]], list[tuple[str, str]], str]:
    """Return the options for subscriber and edition, and the site's name; empty where there is an error."""
    subscribers: list[tuple[str, str]] = []
    editions: list[tuple[str, str]] = []
    name = ""
    with suppress(NewsletterError):
        name = load_config(previews.site).site_name
    with suppress(NewsletterError), previews.store() as store:
        subscribers = offered_subscribers(previews.site, store, language)
        subscriber = choose_subscriber(previews.site, store, selection, previews.clock())
        editions = offered_editions(store, subscriber, language)
    return subscribers, editions, name


def _options(offered: list[tuple[str, str]], selected: str) -> list[Option]:
    """Return options for what is offered, and for what is selected even if it is not offered."""
    options = [Option(value, label, value == selected) for value, label in offered]
    if selected and not any(one.is_selected for one in options):
        options.append(Option(selected, selected, is_selected=True))
    return options
