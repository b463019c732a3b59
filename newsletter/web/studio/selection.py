"""The studio's selection: which subscriber, edition, style and language to preview."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from starlette.datastructures import QueryParams

from newsletter.errors import NewsletterError, ProfileError
from newsletter.files.site import Site
from newsletter.models import Digest, Edition, Profile, Status, Style, Subscriber
from newsletter.models.languages import LANGUAGES
from newsletter.rendering.digest_context import edition_kind
from newsletter.rendering.labels import status_label
from newsletter.rendering.language import Language
from newsletter.store import Store
from newsletter.subscribers.profiles import make_profile, read_profile
from newsletter.subscribers.subscriptions import catalogue, find, subscriber_to_preview

#: Prefix of a subscriber file's name, in `Subscriber.origin` and in the selection of a file that is not synced yet.
FILE = "file:"
#: Maximum number of subscribers and of editions offered; any other can still be named in the URL.
MAX_OFFERED = 200

_LAST_DAYS = re.compile(r"last-(\d{1,4})-days")
_MAX_DAYS = 3650


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What to preview; an empty field means the subscriber's own setting, or the first subscriber."""

    #: An email address, or "file:NAME" for subscribers/NAME.toml.
    subscriber: str = ""
    #: Topics to preview instead of a subscriber's: names in the catalogue, or queries.
    topics: tuple[str, ...] = ()
    #: The key of a past edition, or "" for the one that is due.
    edition: str = ""
    #: Instead of an edition: the papers first seen in this many days.
    days: int | None = None
    style: str = ""
    language: str = ""


def parse_selection(query: QueryParams) -> Selection:
    """Parse a selection from a query string; unknown parameters are ignored.

    Raises:
        ProfileError: A value is invalid.
    """
    edition, days = query.get("edition", ""), query.get("days", "")
    if last := _LAST_DAYS.fullmatch(edition):
        edition, days = "", last[1]
    if days and not (re.fullmatch(r"[0-9]{1,4}", days) and 1 <= int(days) <= _MAX_DAYS):
        raise ProfileError(f"days: expected a whole number from 1 to {_MAX_DAYS}, not {days!r}")
    return Selection(
        subscriber=query.get("subscriber", ""),
        topics=tuple(split_topics("\n".join(query.getlist("topics")))),
        edition=edition,
        days=int(days) if days else None,
        style=_one_of(tuple(Style), query.get("style", ""), "style"),
        language=_one_of(LANGUAGES, query.get("language", ""), "language"),
    )


def split_topics(text: str) -> Iterator[str]:
    """Yield the topics of a line, separated by semicolons: a query may contain any other character."""
    yield from filter(None, (" ".join(topic.split()) for topic in re.split(r"[;\n]", text)))


def choose_subscriber(site: Site, store: Store, selection: Selection, now: datetime) -> Subscriber:
    """Return the selected subscriber, with the selected style and language.

    A profile that is kept in a file is read from the file, so that edits show before they are synced.

    Raises:
        RequestError: No subscriber has this address.
        ProfileError: A file or a topic is invalid.
        NewsletterError: There is no such file.
    """
    subscriber = _subscriber(site, store, selection, now)
    overrides = {field: value for field in ("style", "language") if (value := getattr(selection, field))}
    return replace(subscriber, profile=make_profile(overrides, {}, subscriber.profile)) if overrides else subscriber


def offered_subscribers(site: Site, store: Store, language: Language) -> list[tuple[str, str]]:
    """Return subscribers, and files that are not synced yet, as (value, label)."""
    subscribers = store.subscribers.all()
    offered = [(subscriber.email, _label(subscriber, language)) for subscriber in subscribers[:MAX_OFFERED]]
    return offered + [
        (FILE + slug, language.gettext("%(file)s, not synced yet", file=f"subscribers/{slug}.toml"))
        for slug in _unsynced(site, subscribers)[:MAX_OFFERED]
    ]


def offered_editions(store: Store, subscriber: Subscriber | None, language: Language) -> list[tuple[str, str]]:
    """Return past editions as (key, label): those of one subscriber, else of the first 20."""
    subscribers = [subscriber] if subscriber and subscriber.id else store.subscribers.all()[:20]
    keys = {delivery.edition_key for one in subscribers for delivery in store.deliveries.of_subscriber(one.id)}
    editions = [edition for key in keys if (edition := store.editions.find(key))]
    newest = sorted(editions, key=lambda edition: (edition.day, edition.key), reverse=True)
    return [(one.key, _edition_label(one, language)) for one in newest[:MAX_OFFERED]]


def _edition_label(edition: Edition, language: Language) -> str:
    named = (
        edition.subject
        if edition.is_special
        else edition_kind(Digest(edition=edition, sections=(), considered=0), language)
    )
    return f"{language.day(edition.day)} · {named}"


def _unsynced(site: Site, subscribers: Sequence[Subscriber]) -> list[str]:
    """Return the names of the files that no subscriber comes from."""
    origins = {subscriber.origin for subscriber in subscribers}
    return [path.stem for path in sorted(site.subscribers.glob("*.toml")) if FILE + path.stem not in origins]


def _subscriber(site: Site, store: Store, selection: Selection, now: datetime) -> Subscriber:
    if selection.topics:
        return subscriber_to_preview(store, None, selection.topics, now)
    subscribers = store.subscribers.all()
    offered = (*(one.email for one in subscribers), *(FILE + slug for slug in _unsynced(site, subscribers)))
    selected = selection.subscriber or next(iter(offered), "")
    if not selected:
        return subscriber_to_preview(store, None, (), now)
    if selected.startswith(FILE):
        unsynced = Subscriber(id=0, email="", profile=Profile(), origin=selected, subscribed_at=now, status_at=now)
        return _with_file_profile(site, store, unsynced)
    return _with_file_profile(site, store, find(store, selected))


def _with_file_profile(site: Site, store: Store, subscriber: Subscriber) -> Subscriber:
    """Return a subscriber with the profile that their file holds now, if they have a file."""
    slug = subscriber.origin.removeprefix(FILE) if subscriber.origin.startswith(FILE) else ""
    # Only names that the folder lists are opened: a slug from the URL is never used as a path.
    path = next((path for path in site.subscribers.glob("*.toml") if path.stem == slug), None) if slug else None
    if path is None:
        if not subscriber.id:
            raise NewsletterError(f"file not found: {site.subscribers / slug}.toml")
        return subscriber
    profile_file = read_profile(path, catalogue(store))
    return replace(subscriber, email=profile_file.email, name=profile_file.name, profile=profile_file.profile)


def _label(subscriber: Subscriber, language: Language) -> str:
    name = f"{subscriber.name} <{subscriber.email}>" if subscriber.name else subscriber.email
    status = "" if subscriber.status is Status.ACTIVE else status_label(subscriber.status, language)
    return language.listed([name, status])


def _one_of(allowed: Sequence[str], value: str, field: str) -> str:
    if value and value not in allowed:
        raise ProfileError(f"{field}: expected one of {', '.join(allowed)}, not {value!r}")
    return value


def fields_of(selection: Selection) -> Mapping[str, str]:
    """Return a selection as the names and values of the page's form fields."""
    return {
        "subscriber": selection.subscriber,
        "topics": "; ".join(selection.topics),
        "edition": f"last-{selection.days}-days" if selection.days else selection.edition,
        "style": selection.style,
        "language": selection.language,
    }
