"""Joining, changing one's mind, pausing and leaving: what the command line (and later the pages) call.

Files state wishes, the store holds facts: who left stays away whatever a file says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from newsletter import tokens
from newsletter.addresses import check_email
from newsletter.errors import StoreError
from newsletter.models import Profile, Status, Subscriber
from newsletter.store import Store
from newsletter.subscribers.profiles import make_profile
from newsletter.text import squeeze

COMMAND_LINE = "cli"
#: Why an address must not be mailed, where its owner said so; they may change their mind.
UNSUBSCRIBED = "unsubscribed"
_LONGEST_REASON = 200
#: How the origin begins of those whose wishes are in a file.
FILE = "file:"


def catalogue(store: Store) -> dict[str, Any]:
    """Return the topics offered by name, by case-folded name."""
    return {topic.name.casefold(): topic for topic in store.topics.catalogue()}


def subscribe(
    store: Store, email: str, name: str, preferences: Mapping[str, Any], now: datetime, *, resubscribe: bool = False
) -> Subscriber:
    """Make a new subscriber; of an address that must not be mailed only if its owner asked for it.

    Raises:
        ProfileError: The address or a wish is wrong.
        StoreError: The address is known, or must not be mailed.
    """
    email, profile = check_email(email), make_profile(preferences, catalogue(store))
    with store.transaction():
        known = store.subscribers.find(email)
        if known:
            ended = known.status in (Status.UNSUBSCRIBED, Status.PAUSED)
            raise StoreError(
                f"{known.email} is known already: {known.status.value} since {known.status_at.date()}",
                hint=f"newsletter subscribers {'resume' if ended else 'edit'} {known.email}",
            )
        if resubscribe:
            store.subscribers.unsuppress(email)
        _check_not_suppressed(
            store, email, f"if they asked to come back: newsletter subscribers add {email} --resubscribe"
        )
        return store.subscribers.add(email, squeeze(name), profile, COMMAND_LINE, now)


def change_preferences(store: Store, email: str, name: str | None, preferences: Mapping[str, Any]) -> Subscriber:
    """Change what a subscriber wishes for; what is not named stays.

    Raises:
        ProfileError: A wish is wrong.
        StoreError: Nobody has this address, or a file holds their wishes.
    """
    known = find(store, email)
    check_not_managed_by_file(known)
    profile = make_profile(preferences, catalogue(store), known.profile)
    with store.transaction():
        store.subscribers.update_profile(known.id, known.name if name is None else squeeze(name), profile, known.origin)
    return find(store, known.email)


def change_address(store: Store, known: Subscriber, email: str) -> Subscriber:
    """Give a subscriber another address; all that is known of them goes along.

    Raises:
        ProfileError: The address is wrong.
        StoreError: It is somebody else's, or must not be mailed, or a file holds the wishes of this subscriber.
    """
    email = check_email(email)
    check_not_managed_by_file(known)
    with store.transaction():
        other = store.subscribers.find(email)
        if other is not None and other.id != known.id:
            raise StoreError(f"{email} has a subscription of its own", hint="end one of the two")
        _check_not_suppressed(store, email, "use an address that works and did not leave")
        store.subscribers.change_address(known.id, email)
    return find(store, email)


def check_not_managed_by_file(known: Subscriber) -> None:
    """Refuse to change what the next `sync` would change back.

    Raises:
        StoreError: A file holds the wishes of this subscriber.
    """
    if known.origin.startswith(FILE):
        file = known.origin.removeprefix(FILE)
        raise StoreError(
            f"{known.email} is written in subscribers/{file}.toml",
            hint="change the file, then: newsletter subscribers sync",
        )


def _check_not_suppressed(store: Store, email: str, hint: str) -> None:
    reason = store.subscribers.why_suppressed(email)
    if reason is not None:
        raise StoreError(f"{email} must not be mailed: {reason}", hint=hint)


def find(store: Store, email: str) -> Subscriber:
    """Return the subscriber with this address.

    Raises:
        StoreError: There is none.
    """
    known = store.subscribers.find(email)
    if known is None:
        raise StoreError(f"no subscriber has the address {email!r}", hint="see: newsletter subscribers list")
    return known


def subscriber_to_preview(store: Store, email: str | None, topics: Sequence[str], now: datetime) -> Subscriber:
    """Return whom to preview for: the one named, or one made up who reads these topics, or the only one there is.

    Raises:
        StoreError: Nobody has this address, or there are several and none was named.
        ProfileError: A topic is wrong.
    """
    if email and not topics:
        return find(store, email)
    everybody = store.subscribers.all()
    if topics or not everybody:
        profile = make_profile({"topics": topics}, catalogue(store)) if topics else Profile()
        address = email or "you@newsletter.example"
        return Subscriber(id=0, email=address, profile=profile, subscribed_at=now, status_at=now)
    if len(everybody) > 1:
        names = ", ".join(subscriber.email for subscriber in everybody[:5])
        raise StoreError(f"{len(everybody)} subscribers: {names}", hint=f"newsletter preview {everybody[0].email}")
    return everybody[0]


def unsubscribe(store: Store, who: str, now: datetime, reason: str = "") -> Subscriber:
    """End a subscription, at once and for good; `who` is an address or the token of a leave link.

    The reason, if they name one, is kept with the address; leaving once more may add it.

    Raises:
        StoreError: Nobody has this address or token.
    """
    number = tokens.read(store.secret(), tokens.UNSUBSCRIBE, who)
    known = store.subscribers.find_by_id(number) if number is not None else find(store, who)
    if known is None:
        raise StoreError(f"nobody has the token {who!r} any more")
    with store.transaction():
        if known.status is not Status.UNSUBSCRIBED:
            store.subscribers.set_status(known.id, Status.UNSUBSCRIBED, now)
        words = squeeze(reason)[:_LONGEST_REASON]
        if words and store.subscribers.why_suppressed(known.email) == UNSUBSCRIBED:
            store.subscribers.unsuppress(known.email)
        store.subscribers.suppress(known.email, f"{UNSUBSCRIBED}: {words}" if words else UNSUBSCRIBED, now)
    return find(store, known.email)


def pause(store: Store, email: str, now: datetime, until: date | None = None) -> Subscriber:
    """Stop mailing a subscriber until they are resumed, or until a day.

    Raises:
        StoreError: Nobody has this address, or they left.
    """
    known = find(store, email)
    if known.status is Status.UNSUBSCRIBED:
        raise StoreError(f"{known.email} left on {known.status_at.date()}: there is nothing to pause")
    with store.transaction():
        store.subscribers.set_status(known.id, Status.PAUSED, now, paused_until=until)
    return find(store, known.email)


def resume(store: Store, email: str, now: datetime, *, resubscribe: bool = False) -> Subscriber:
    """Mail a subscriber again; one who left only if `resubscribe` for it.

    Raises:
        StoreError: Nobody has this address, or they left and did not ask to come back.
    """
    known = find(store, email)
    if known.status is Status.UNSUBSCRIBED and not resubscribe:
        raise StoreError(
            f"{known.email} left on {known.status_at.date()} by their own wish",
            hint=f"if they asked to come back: newsletter subscribers resume {known.email} --resubscribe",
        )
    with store.transaction():
        store.subscribers.set_status(known.id, Status.ACTIVE, now)
        if resubscribe:
            store.subscribers.unsuppress(known.email)
    return find(store, known.email)


# -- files --------------------------------------------------------------------------------------------
