"""The life cycle of a subscription: subscribe, change preferences or address, pause, resume, unsubscribe.

Files describe the desired state; the database holds the actual state. Unsubscribed people are never re-added by a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from newsletter.errors import RequestError
from newsletter.models import Profile, Status, Subscriber, tokens
from newsletter.models.addresses import parse_address
from newsletter.store import Store
from newsletter.store.suppressions import UNSUBSCRIBED
from newsletter.subscribers.profiles import make_profile, profile_values
from newsletter.text import squeeze

COMMAND_LINE = "cli"
_MAX_REASON_LENGTH = 200
#: The prefix of the origin of subscribers who are managed by a file.
FILE = "file:"


def catalogue(store: Store) -> dict[str, Any]:
    """Return the topics of the catalogue, by case-folded name."""
    return {topic.name.casefold(): topic for topic in store.topics.catalogue()}


def subscribe(
    store: Store, email: str, name: str, preferences: Mapping[str, Any], now: datetime, *, resubscribe: bool = False
) -> Subscriber:
    """Add a subscriber; a suppressed address only with `resubscribe`, which says that its owner asked for it.

    `preferences` are the fields of a profile.

    Raises:
        ProfileError: The address or a field is not valid.
        RequestError: The address is in use or suppressed.
    """
    email, profile = parse_address(email, allow_local=True), make_profile(preferences, catalogue(store))
    with store.transaction():
        subscriber = store.subscribers.find(email)
        if subscriber:
            ended = subscriber.status in (Status.UNSUBSCRIBED, Status.PAUSED)
            raise RequestError(
                f"{subscriber.email} already exists ({subscriber.status.value} since {subscriber.status_at.date()})",
                hint=f"newsletter subscribers {'resume' if ended else 'edit'} {subscriber.email}",
            )
        if resubscribe:
            store.suppressions.unsuppress(email)
        _check_not_suppressed(
            store, email, f"if they asked to come back: newsletter subscribers add {email} --resubscribe"
        )
        return store.subscribers.add(email, squeeze(name), profile, COMMAND_LINE, now)


def change_preferences(
    store: Store, email: str, name: str | None, preferences: Mapping[str, Any], now: datetime
) -> Subscriber:
    """Change the given fields of a subscriber's profile, and the name unless it is None.

    Raises:
        ProfileError: A field is not valid.
        RequestError: There is no subscriber with this address, or a file manages them.
    """
    subscriber = find(store, email)
    check_not_managed_by_file(subscriber)
    profile = make_profile(preferences, catalogue(store), subscriber.profile)
    with store.transaction():
        store.subscribers.update_profile(
            subscriber.id, subscriber.name if name is None else squeeze(name), profile, subscriber.origin, now
        )
    return find(store, subscriber.email)


def change_address(store: Store, subscriber: Subscriber, email: str) -> Subscriber:
    """Change the address of a subscriber, who keeps everything else.

    Raises:
        ProfileError: The address is not valid.
        RequestError: The address is in use or suppressed, or a file manages this subscriber.
    """
    email = parse_address(email, allow_local=True)
    check_not_managed_by_file(subscriber)
    with store.transaction():
        other = store.subscribers.find(email)
        if other is not None and other.id != subscriber.id:
            raise RequestError(f"{email} is already subscribed", hint="erase one of the two subscriptions first")
        _check_not_suppressed(store, email, "use an address that is not suppressed")
        store.subscribers.change_address(subscriber.id, email)
    return find(store, email)


def suppress(store: Store, email: str, reason: str, now: datetime) -> bool:
    """Suppress an address, subscribed or not; return False if it is suppressed already, and keep the first reason.

    Raises:
        ProfileError: The address is not valid.
    """
    email = parse_address(email)
    with store.transaction():
        is_new = store.suppressions.why_suppressed(email) is None
        if is_new:
            store.suppressions.suppress(email, squeeze(reason)[:_MAX_REASON_LENGTH], now)
    return is_new


def unsuppress(store: Store, email: str) -> str:
    """Remove an address from the suppression list, and return why it was there; an ended subscription stays ended.

    Raises:
        RequestError: The address is not suppressed.
    """
    with store.transaction():
        reason = store.suppressions.why_suppressed(email)
        if reason is None:
            raise RequestError(f"{email} is not suppressed", hint="see: newsletter suppressions list")
        store.suppressions.unsuppress(email)
    return reason


def check_not_managed_by_file(subscriber: Subscriber) -> None:
    """Reject a change that the next `sync` would undo.

    Raises:
        RequestError: A file manages this subscriber.
    """
    if subscriber.origin.startswith(FILE):
        file = subscriber.origin.removeprefix(FILE)
        raise RequestError(
            f"{subscriber.email} is managed by subscribers/{file}.toml",
            hint="edit the file, then run: newsletter subscribers sync",
        )


def _check_not_suppressed(store: Store, email: str, hint: str) -> None:
    reason = store.suppressions.why_suppressed(email)
    if reason is not None:
        raise RequestError(f"{email} is suppressed: {reason}", hint=hint)


def find(store: Store, email: str) -> Subscriber:
    """Return the subscriber with this address.

    Raises:
        RequestError: There is none.
    """
    subscriber = store.subscribers.find(email)
    if subscriber is None:
        raise RequestError(f"no subscriber has the address {email!r}", hint="see: newsletter subscribers list")
    return subscriber


def subscriber_values(subscriber: Subscriber) -> dict[str, Any]:
    """Return all that is known of a subscriber, ready for JSON but for times; the profile is as in the JSON API."""
    return asdict(subscriber) | {"profile": profile_values(subscriber.profile)}


def subscriber_to_preview(store: Store, email: str | None, topics: Sequence[str], now: datetime) -> Subscriber:
    """Return the subscriber to preview for: the one named, an invented one with these topics, or the only one there is.

    Raises:
        RequestError: There is no subscriber with this address, or there are several and none was named.
        ProfileError: A topic is not valid.
    """
    if email and not topics:
        return find(store, email)
    subscribers = store.subscribers.all()
    if topics or not subscribers:
        profile = make_profile({"topics": topics}, catalogue(store)) if topics else Profile()
        address = email or "you@newsletter.example"
        return Subscriber(id=0, email=address, profile=profile, subscribed_at=now, status_at=now)
    if len(subscribers) > 1:
        names = ", ".join(subscriber.email for subscriber in subscribers[:5])
        raise RequestError(
            f"{len(subscribers)} subscribers: {names}", hint=f"newsletter preview {subscribers[0].email}"
        )
    return subscribers[0]


def unsubscribe(store: Store, who: str, now: datetime, reason: str = "") -> Subscriber:
    """Unsubscribe at once, and suppress the address; `who` is an address or the token of an unsubscribe link.

    A reason, if given, is stored with the suppression; unsubscribing again may add it.

    Raises:
        RequestError: There is no subscriber with this address or token.
    """
    number = tokens.read(store.accepted_keys(now), tokens.UNSUBSCRIBE, who)
    subscriber = store.subscribers.find_by_id(number) if number is not None else find(store, who)
    if subscriber is None:
        raise RequestError(f"unknown or expired token: {who!r}")
    with store.transaction():
        if subscriber.status is not Status.UNSUBSCRIBED:
            store.subscribers.set_status(subscriber.id, Status.UNSUBSCRIBED, now)
        reason = squeeze(reason)[:_MAX_REASON_LENGTH]
        if reason and store.suppressions.why_suppressed(subscriber.email) == UNSUBSCRIBED:
            store.suppressions.unsuppress(subscriber.email)
        store.suppressions.suppress(subscriber.email, f"{UNSUBSCRIBED}: {reason}" if reason else UNSUBSCRIBED, now)
    return find(store, subscriber.email)


def pause(store: Store, email: str, now: datetime, until: date | None = None) -> Subscriber:
    """Pause a subscription until it is resumed, or until a day.

    Raises:
        RequestError: There is no subscriber with this address, they unsubscribed, or the day is not after today.
    """
    subscriber = find(store, email)
    if until is not None and until <= now.date():
        raise RequestError(f"{until} is not after today, {now.date()}: there is nothing to pause")
    if subscriber.status is Status.UNSUBSCRIBED:
        raise RequestError(
            f"{subscriber.email} unsubscribed on {subscriber.status_at.date()}: there is nothing to pause"
        )
    with store.transaction():
        store.subscribers.set_status(subscriber.id, Status.PAUSED, now, paused_until=until)
    return find(store, subscriber.email)


def resume(store: Store, email: str, now: datetime, *, resubscribe: bool = False) -> Subscriber:
    """Resume a subscription; an ended one only with `resubscribe`, which says that the subscriber asked for it.

    Raises:
        RequestError: There is no subscriber with this address, or they unsubscribed and `resubscribe` is False.
    """
    subscriber = find(store, email)
    if subscriber.status is Status.UNSUBSCRIBED and not resubscribe:
        raise RequestError(
            f"{subscriber.email} unsubscribed on {subscriber.status_at.date()}",
            hint=f"if they asked to come back: newsletter subscribers resume {subscriber.email} --resubscribe",
        )
    with store.transaction():
        store.subscribers.set_status(subscriber.id, Status.ACTIVE, now)
        if resubscribe:
            store.suppressions.unsuppress(subscriber.email)
    return find(store, subscriber.email)
