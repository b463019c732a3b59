"""Subscriptions that are asked for on a page: nothing happens to an address before whoever reads its mail confirms.

    ask_… → requests → send_waiting: one mail each → a link → confirm

Nobody who asks is told whether an address is known: what is known decides only which mail its owner gets.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from newsletter import tokens
from newsletter.addresses import check_email
from newsletter.errors import ProfileError, StoreError
from newsletter.models import Status, Subscriber
from newsletter.store import Store
from newsletter.store.confirmations import Kind, Request
from newsletter.subscribers import subscriptions
from newsletter.subscribers.profiles import make_profile
from newsletter.text import squeeze

#: Who wrote the wishes of those who joined on a page.
ORIGIN = "web"
#: What was asked for is forgotten after so long; until then a link that was followed says so when followed again.
PURGED_AFTER = timedelta(days=7)
#: So many mails a day may others have sent to an address.
_A_DAY = 3
_LONGEST_NAME = 100


def request_subscription(store: Store, email: str, name: str, preferences: Mapping[str, Any], now: datetime) -> None:
    """Remember that somebody wants an address to be mailed; its owner is to confirm it.

    Raises:
        ProfileError: The address or a wish is wrong.
    """
    email, name = check_email(email), squeeze(name)[:_LONGEST_NAME]
    make_profile(preferences, subscriptions.catalogue(store))
    _ask(store, Kind.SUBSCRIBE, email, now, name=name, preferences=preferences)


def request_address_change(store: Store, subscriber: Subscriber, email: str, now: datetime) -> None:
    """Remember that a subscriber wants to be mailed at another address; its owner is to confirm it.

    Raises:
        ProfileError: The address is wrong.
        StoreError: A file holds the wishes of this subscriber, and the address with them.
    """
    subscriptions.check_not_managed_by_file(subscriber)
    _ask(store, Kind.CHANGE_ADDRESS, check_email(email), now, subscriber_id=subscriber.id)


def request_link(store: Store, email: str, now: datetime) -> None:
    """Remember that somebody wants a link to their preferences; if they are subscribed, they get it.

    Raises:
        ProfileError: The address is wrong.
    """
    _ask(store, Kind.LINK, check_email(email), now)


def _ask(store: Store, kind: Kind, email: str, now: datetime, **known: Any) -> None:
    with store.transaction():
        if store.confirmations.count_since(email, now - timedelta(days=1)) < _A_DAY:
            store.confirmations.add(kind, email, now, **known)


# -- to confirm ---------------------------------------------------------------------------------------


def read_request(store: Store, token: str, now: datetime) -> Request:
    """Return what a link asks to confirm.

    Raises:
        StoreError: It was not made by us, is too old, or what it names is forgotten.
    """
    known = tokens.read_until(store.secret(), tokens.CONFIRM, token, now.date())
    request = store.confirmations.find(known[0]) if known else None
    if known is None:
        raise StoreError("this link is not whole", hint="copy all of it from the mail")
    if request is None or not known[1]:
        raise StoreError("this link is too old", hint="ask once more")
    return request


def confirm(store: Store, token: str, now: datetime) -> Subscriber:
    """Do what was asked for, and return whose wish that was; once more does no harm.

    Raises:
        StoreError: As of `read_request`, or a new address has become somebody else's.
    """
    with store.transaction():
        request = read_request(store, token, now)
        if request.confirmed_at is not None:
            known = store.subscribers.find_by_id(request.subscriber_id or 0)
            if known is None:
                raise StoreError("this subscription is forgotten", hint="ask once more")
            return known
        subscriber = _join(store, request, now) if request.kind is Kind.SUBSCRIBE else _move(store, request)
        store.confirmations.mark_confirmed(request.id, subscriber.id, now)
        return subscriber


def _join(store: Store, request: Request, now: datetime) -> Subscriber:
    try:
        profile = make_profile(request.preferences, subscriptions.catalogue(store))
    except ProfileError as error:  # what it was checked by has changed since
        raise StoreError(f"what was wished for cannot be had any more: {error.message}", hint="ask anew") from error
    known = store.subscribers.find(request.email)
    if known is None:
        store.subscribers.unsuppress(request.email)
        return store.subscribers.add(request.email, request.name, profile, ORIGIN, now)
    if known.status is not Status.ACTIVE:
        if not known.origin.startswith(subscriptions.FILE):
            store.subscribers.update_profile(known.id, request.name or known.name, profile, ORIGIN)
        store.subscribers.set_status(known.id, Status.ACTIVE, now)
        store.subscribers.unsuppress(known.email)
    return store.subscribers.get(request.email)


def _move(store: Store, request: Request) -> Subscriber:
    known = store.subscribers.find_by_id(request.subscriber_id or 0)
    if known is None:
        raise StoreError("this subscription is forgotten", hint="ask once more")
    store.subscribers.unsuppress(request.email)
    return subscriptions.change_address(store, known, request.email)


# -- mails --------------------------------------------------------------------------------------------
