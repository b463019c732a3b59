"""Double opt-in: what is requested on a page for an address happens only when the owner of the address confirms it.

    request_… → stored request → confirmation email (pipeline.confirmations) → link → confirm

The page never reveals whether an address is subscribed: that only decides which email its owner gets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from newsletter.errors import ProfileError, RequestError
from newsletter.limits import NAME
from newsletter.models import Profile, Status, Subscriber, tokens
from newsletter.models.addresses import parse_address
from newsletter.store import Store
from newsletter.store.confirmations import Kind, Request
from newsletter.subscribers import subscriptions
from newsletter.subscribers.profiles import make_profile, profile_fields, profile_texts
from newsletter.text import squeeze

#: The origin of profiles that were chosen on a page.
ORIGIN = "web"
#: Requests are deleted after this time; until then, a link that is followed again still answers.
PURGED_AFTER = timedelta(days=7)
#: Maximum number of requests for one address in 24 hours, since anybody can make them.
_MAX_PER_DAY = 3


def request_subscription(
    store: Store,
    email: str,
    name: str,
    preferences: Mapping[str, Any],
    now: datetime,
    admit: Callable[[str], bool] = lambda _email: True,
) -> None:
    """Store a request to subscribe an address, for its owner to confirm; `preferences` are the fields of a profile.

    A valid request is not stored if `admit` returns False for its address.

    Raises:
        ProfileError: The address or a field is not valid.
    """
    email, name = parse_address(email), squeeze(name[:NAME])
    make_profile(preferences, subscriptions.catalogue(store))
    if admit(email):
        _add_request(store, Kind.SUBSCRIBE, email, now, name=name, preferences=preferences)


def request_address_change(store: Store, subscriber: Subscriber, email: str, now: datetime) -> None:
    """Store a request to change the address of a subscriber, for the owner of the new address to confirm.

    Raises:
        ProfileError: The address is not valid.
        RequestError: A file manages this subscriber, with the address.
    """
    subscriptions.check_not_managed_by_file(subscriber)
    _add_request(store, Kind.CHANGE_ADDRESS, parse_address(email), now, subscriber_id=subscriber.id)


def request_link(store: Store, email: str, now: datetime) -> bool:
    """Store a request for a link to the preferences; only a subscriber will get the email.

    Return False, and store nothing, if there were too many requests for this address today.

    Raises:
        ProfileError: The address is not valid.
    """
    return _add_request(store, Kind.LINK, parse_address(email), now)


def request_own_link(store: Store, subscriber: Subscriber, now: datetime) -> bool:
    """Store a request for a link to the preferences, by who holds a link of a digest; False as for `request_link`."""
    return _add_request(store, Kind.LINK, subscriber.email, now)


def invite(store: Store, email: str, name: str, profile: Profile, at: datetime, tags: Iterable[str] = ()) -> bool:
    """Store a request to subscribe somebody whom the operator imports, to be confirmed; its email is sent from `at` on.

    Returns False if the address has a request already: nobody is asked twice within a week.
    """
    if store.confirmations.count_since(email, at - PURGED_AFTER):
        return False
    preferences = profile_fields(profile_texts(profile))
    store.confirmations.add(Kind.SUBSCRIBE, email, at, name=name[:NAME], preferences=preferences, tags=tags)
    return True


def purge_requests(store: Store, now: datetime) -> int:
    """Delete the requests that are older than a week, confirmed or not; return how many there were.

    Every run does so, and every start of the pages: somebody who did not confirm wants nothing kept of them.
    """
    with store.transaction():
        return store.confirmations.forget_before(now - PURGED_AFTER)


def _add_request(store: Store, kind: Kind, email: str, now: datetime, **details: Any) -> bool:
    with store.transaction():
        if store.confirmations.count_since(email, now - timedelta(days=1)) >= _MAX_PER_DAY:
            return False
        store.confirmations.add(kind, email, now, **details)
    return True


# -- confirming --------------------------------------------------------------------------------------


def read_request(store: Store, token: str, now: datetime) -> Request:
    """Return the request that the token of a link is for.

    Raises:
        RequestError: The token was not signed by this site, has expired, or its request was deleted.
    """
    signed = tokens.read_until(store.accepted_keys(now), tokens.CONFIRM, token, now.date())
    if signed is None:
        raise RequestError("this link is incomplete", hint="copy all of it from the email")
    request_id, is_valid = signed
    request = store.confirmations.find(request_id)
    if request is None or not is_valid:
        raise RequestError("this link has expired", hint="request a new one")
    return request


def confirm(store: Store, token: str, now: datetime) -> Subscriber:
    """Carry out a request and return its subscriber; confirming again changes nothing.

    Raises:
        RequestError: As for `read_request`; or the profile is not valid any more, or the new address was taken.
    """
    with store.transaction():
        request = read_request(store, token, now)
        if request.confirmed_at is not None:
            return _subscriber_of(store, request)
        subscriber = (
            _subscribe(store, request, now) if request.kind is Kind.SUBSCRIBE else _change_address(store, request)
        )
        store.tags.add((subscriber.id, tag) for tag in request.tags)
        store.confirmations.mark_confirmed(request.id, subscriber.id, now)
        return subscriber


def _subscribe(store: Store, request: Request, now: datetime) -> Subscriber:
    try:
        profile = make_profile(request.preferences, subscriptions.catalogue(store))
    except ProfileError as error:  # the rules have changed since the request was checked
        raise RequestError(
            f"your selection is no longer available: {error.message}", hint="please sign up again"
        ) from error
    subscriber = store.subscribers.find(request.email)
    if subscriber is None:
        store.suppressions.unsuppress(request.email)
        return store.subscribers.add(request.email, request.name, profile, ORIGIN, now)
    if subscriber.status is not Status.ACTIVE:
        if not subscriber.origin.startswith(subscriptions.FILE):
            store.subscribers.update_profile(subscriber.id, request.name or subscriber.name, profile, ORIGIN, now)
        store.subscribers.set_status(subscriber.id, Status.ACTIVE, now)
        store.suppressions.unsuppress(subscriber.email)
    return store.subscribers.get(request.email)


def _change_address(store: Store, request: Request) -> Subscriber:
    subscriber = _subscriber_of(store, request)
    store.suppressions.unsuppress(request.email)
    return subscriptions.change_address(store, subscriber, request.email)


def _subscriber_of(store: Store, request: Request) -> Subscriber:
    subscriber = store.subscribers.find_by_id(request.subscriber_id or 0)
    if subscriber is None:
        raise RequestError("this subscription no longer exists", hint="please sign up again")
    return subscriber
