"""What is asked for in the studio: whose letter, of which edition, and in which look."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from starlette.datastructures import QueryParams

from newsletter.errors import NewsletterError, ProfileError
from newsletter.languages import LANGUAGES
from newsletter.models import Profile, Status, Style, Subscriber
from newsletter.site import Site
from newsletter.store import Store
from newsletter.subscribers.profiles import make_profile, read_profile
from newsletter.subscribers.subscriptions import catalogue, find, subscriber_to_preview

#: What stands before the name of a subscriber's file: as `Subscriber.origin`, and as a choice of one not synced yet.
FILE = "file:"
#: So many subscribers and editions are offered; any other can still be named in the address.
MOST_OFFERED = 200

_LAST_DAYS = re.compile(r"last-(\d{1,4})-days")
_MOST_DAYS = 3650


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """One choice of everything; what is empty is the reader's own, or the first there is."""

    #: An address, or "file:NAME" for subscribers/NAME.toml.
    subscriber: str = ""
    #: Instead of anybody's: names of the catalogue, or queries.
    topics: tuple[str, ...] = ()
    #: The key of an edition of the past, or "" for the one that is due.
    edition: str = ""
    #: Instead of an edition: all papers seen in so many days.
    days: int | None = None
    style: str = ""
    language: str = ""


def read_choice(query: QueryParams) -> Selection:
    """Read a choice from an address's query; what is not known in it is left alone.

    Raises:
        ProfileError: A value is none that can be chosen.
    """
    edition, days = query.get("edition", ""), query.get("days", "")
    if last := _LAST_DAYS.fullmatch(edition):
        edition, days = "", last[1]
    if days and not (re.fullmatch(r"[0-9]{1,4}", days) and 1 <= int(days) <= _MOST_DAYS):
        raise ProfileError(f"days: a whole number from 1 to {_MOST_DAYS} is expected, not {days!r}")
    return Selection(
        subscriber=query.get("subscriber", ""),
        topics=tuple(split_topics("\n".join(query.getlist("topics")))),
        edition=edition,
        days=int(days) if days else None,
        style=_one_of(tuple(Style), query.get("style", ""), "style"),
        language=_one_of(LANGUAGES, query.get("language", ""), "language"),
    )


def split_topics(text: str) -> Iterator[str]:
    """Yield the topics of a line, where they stand between semicolons: a query may hold every other sign."""
    yield from filter(None, (" ".join(topic.split()) for topic in re.split(r"[;\n]", text)))


def choose_subscriber(site: Site, store: Store, choice: Selection, now: datetime) -> Subscriber:
    """Return whom a choice is for, in the look that was chosen.

    A profile that is written in a file is read from there, so that what is changed in it shows before it is synced.

    Raises:
        StoreError: Nobody has this address.
        ProfileError: A file or a topic is wrong.
    """
    subscriber = _reader(site, store, choice, now)
    chosen = {field: value for field in ("style", "language") if (value := getattr(choice, field))}
    return replace(subscriber, profile=make_profile(chosen, {}, subscriber.profile)) if chosen else subscriber


def offered_subscribers(site: Site, store: Store) -> list[tuple[str, str]]:
    """Return who may be chosen, as value and label: subscribers, and files that are not synced yet."""
    everybody = store.subscribers.all()
    known = {subscriber.origin for subscriber in everybody}
    files = [path.stem for path in sorted(site.subscribers.glob("*.toml")) if FILE + path.stem not in known]
    offered = [(subscriber.email, _label(subscriber)) for subscriber in everybody[:MOST_OFFERED]]
    return offered + [(FILE + slug, f"subscribers/{slug}.toml, not synced yet") for slug in files[:MOST_OFFERED]]


def offered_editions(store: Store, subscriber: Subscriber | None) -> list[tuple[str, str]]:
    """Return the editions of the past that may be chosen, as key and label: the reader's own, else anybody's."""
    subscribers = [subscriber] if subscriber and subscriber.id else store.subscribers.all()[:20]
    keys = {delivery.edition_key for one in subscribers for delivery in store.deliveries.of_subscriber(one.id)}
    editions = [edition for key in keys if (edition := store.editions.find(key))]
    newest = sorted(editions, key=lambda edition: (edition.day, edition.key), reverse=True)
    return [(one.key, f"{one.day:%a} {one.day.day} {one.day:%b %Y}, {one.cadence}") for one in newest[:MOST_OFFERED]]


def _reader(site: Site, store: Store, choice: Selection, now: datetime) -> Subscriber:
    if choice.topics:
        return subscriber_to_preview(store, None, choice.topics, now)
    chosen = choice.subscriber or next((value for value, _ in offered_subscribers(site, store)), "")
    if not chosen:
        return subscriber_to_preview(store, None, (), now)
    if chosen.startswith(FILE):
        nobody = Subscriber(id=0, email="", profile=Profile(), origin=chosen, subscribed_at=now, status_at=now)
        return _as_written(site, store, nobody)
    return _as_written(site, store, find(store, chosen))


def _as_written(site: Site, store: Store, known: Subscriber) -> Subscriber:
    """Return a subscriber as their file says today, if their profile is in one."""
    slug = known.origin.removeprefix(FILE) if known.origin.startswith(FILE) else ""
    # What a folder lists is a name in it, whatever was asked for.
    path = next((path for path in site.subscribers.glob("*.toml") if path.stem == slug), None) if slug else None
    if path is None:
        if not known.id:
            raise NewsletterError(f"there is no file {site.subscribers / slug}.toml")
        return known
    profile_file = read_profile(path, catalogue(store))
    return replace(known, email=profile_file.email, name=profile_file.name, profile=profile_file.profile)


def _label(subscriber: Subscriber) -> str:
    name = f"{subscriber.name} <{subscriber.email}>" if subscriber.name else subscriber.email
    return name if subscriber.status is Status.ACTIVE else f"{name}, {subscriber.status}"


def _one_of(choices: Sequence[str], value: str, field: str) -> str:
    if value and value not in choices:
        raise ProfileError(f"{field}: one of {', '.join(choices)} is expected, not {value!r}")
    return value


def as_query(choice: Selection) -> Mapping[str, str]:
    """Return a choice as the names and values of the page's fields."""
    return {
        "subscriber": choice.subscriber,
        "topics": "; ".join(choice.topics),
        "edition": f"last-{choice.days}-days" if choice.days else choice.edition,
        "style": choice.style,
        "language": choice.language,
    }
