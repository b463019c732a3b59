"""Who may see and change preferences: whoever read the email that was just sent to the address on record.

    request_link → email with a link (one hour, one use) → open_preferences → a session of one hour in one browser

Link and session are signed for the request that caused the email, not for a subscriber. So a link is used up with its
request, and both end when the subscription gets another address or is erased.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from newsletter.models import Subscriber, tokens
from newsletter.store import Store
from newsletter.store.confirmations import Request

#: How long a link works after its email was written, and a session after it began.
LASTS = timedelta(hours=1)


def link_token(secret: bytes, request: Request, now: datetime) -> str:
    """Return the token of the link that answers a request."""
    return tokens.sign_until_minute(secret, tokens.OPEN_PREFERENCES, request.id, now + LASTS)


def subscriber_of_link(store: Store, token: str, now: datetime) -> Subscriber | None:
    """Return whose preferences a link would open, or None; using it up is left to `open_preferences`."""
    known = _unused(store, token, now)
    return known[1] if known else None


def open_preferences(store: Store, token: str, now: datetime) -> str | None:
    """Use up a link and return the token of a session, or None if the link has expired or was used."""
    with store.transaction():
        known = _unused(store, token, now)
        if known is None:
            return None
        request, subscriber = known
        store.confirmations.mark_confirmed(request.id, subscriber.id, now)
    return session_token(store, request.id, now)


def session_token(store: Store, request_id: int, now: datetime) -> str:
    """Return the token of a new session, for whoever just proved that they read the email of this request."""
    return tokens.sign_until_minute(store.secret(), tokens.SESSION, request_id, now + LASTS)


def subscriber_of_session(store: Store, token: str, now: datetime) -> Subscriber | None:
    """Return whose preferences a session shows, or None if it has expired or its address is not on record any more."""
    number = tokens.read_until_minute(store.accepted_keys(now), tokens.SESSION, token, now)
    request = None if number is None else store.confirmations.find(number)
    return None if request is None else store.subscribers.find(request.email)


def _unused(store: Store, token: str, now: datetime) -> tuple[Request, Subscriber] | None:
    number = tokens.read_until_minute(store.accepted_keys(now), tokens.OPEN_PREFERENCES, token, now)
    request = None if number is None else store.confirmations.find(number)
    if request is None or request.confirmed_at is not None:
        return None
    subscriber = store.subscribers.find(request.email)
    return None if subscriber is None else (request, subscriber)
