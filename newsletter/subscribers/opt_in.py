"""Subscriptions that are asked for on a page: nothing happens to an address before whoever reads its mail confirms.

    ask_… → requests → send_waiting: one mail each → a link → confirm

Nobody who asks is told whether an address is known: what is known decides only which mail its owner gets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from jinja2 import Environment

from newsletter import tokens
from newsletter.config.load import Config
from newsletter.errors import ProfileError, StoreError
from newsletter.models import Message, Status, Subscriber
from newsletter.pipeline.messages import PREFERENCES_LAST, make_message_id, site_context
from newsletter.pipeline.workers import load_keys
from newsletter.rendering.context import WordContext
from newsletter.rendering.language import language
from newsletter.rendering.message import Envelope
from newsletter.rendering.notices import Words
from newsletter.sending import Transport, Verdict, send_one
from newsletter.sending.dkim import sign
from newsletter.store import Store
from newsletter.store.confirmations import Kind, Request
from newsletter.subscribers import subscriptions
from newsletter.subscribers.profiles import check_email, make_profile
from newsletter.text import squeeze

#: Who wrote the wishes of those who joined on a page.
ORIGIN = "web"
#: For so long a request can be confirmed.
_LASTS = timedelta(days=3)
#: What was asked for is forgotten after so long; until then a link that was followed says so when followed again.
_FORGOTTEN = timedelta(days=7)
#: So many mails a day may others have sent to an address.
_A_DAY = 3
#: So many are sent at once.
_AT_ONCE = 100
_LONGEST_NAME = 100


def ask_to_join(store: Store, email: str, name: str, wishes: Mapping[str, Any], now: datetime) -> None:
    """Remember that somebody wants an address to be mailed; its owner is to confirm it.

    Raises:
        ProfileError: The address or a wish is wrong.
    """
    email, name = check_email(email), squeeze(name)[:_LONGEST_NAME]
    make_profile(wishes, subscriptions.catalogue(store))
    _ask(store, Kind.JOIN, email, now, name=name, wishes=wishes)


def ask_to_move(store: Store, subscriber: Subscriber, email: str, now: datetime) -> None:
    """Remember that a subscriber wants to be mailed at another address; its owner is to confirm it.

    Raises:
        ProfileError: The address is wrong.
        StoreError: A file holds the wishes of this subscriber, and the address with them.
    """
    subscriptions.check_is_in_no_file(subscriber)
    _ask(store, Kind.MOVE, check_email(email), now, subscriber_id=subscriber.id)


def ask_for_link(store: Store, email: str, now: datetime) -> None:
    """Remember that somebody wants a link to their preferences; if they are subscribed, they get it.

    Raises:
        ProfileError: The address is wrong.
    """
    _ask(store, Kind.LINK, check_email(email), now)


def _ask(store: Store, kind: Kind, email: str, now: datetime, **known: Any) -> None:
    with store.transaction():
        if store.requests.count_since(email, now - timedelta(days=1)) < _A_DAY:
            store.requests.add(kind, email, now, **known)


# -- to confirm ---------------------------------------------------------------------------------------


def read_request(store: Store, token: str, now: datetime) -> Request:
    """Return what a link asks to confirm.

    Raises:
        StoreError: It was not made by us, is too old, or what it names is forgotten.
    """
    known = tokens.read_until(store.secret(), tokens.CONFIRM, token, now.date())
    request = store.requests.find(known[0]) if known else None
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
        subscriber = _join(store, request, now) if request.kind is Kind.JOIN else _move(store, request)
        store.requests.mark_confirmed(request.id, subscriber.id, now)
        return subscriber


def _join(store: Store, request: Request, now: datetime) -> Subscriber:
    try:
        profile = make_profile(request.wishes, subscriptions.catalogue(store))
    except ProfileError as error:  # what it was checked by has changed since
        raise StoreError(f"what was wished for cannot be had any more: {error.message}", hint="ask anew") from error
    known = store.subscribers.find(request.email)
    if known is None:
        store.subscribers.unsuppress(request.email)
        return store.subscribers.add(request.email, request.name, profile, ORIGIN, now)
    if known.status is not Status.ACTIVE:
        if not known.origin.startswith(subscriptions.FILE):
            store.subscribers.change(known.id, request.name or known.name, profile, ORIGIN)
        store.subscribers.set_status(known.id, Status.ACTIVE, now)
        store.subscribers.unsuppress(known.email)
    return store.subscribers.get(request.email)


def _move(store: Store, request: Request) -> Subscriber:
    known = store.subscribers.find_by_id(request.subscriber_id or 0)
    if known is None:
        raise StoreError("this subscription is forgotten", hint="ask once more")
    store.subscribers.unsuppress(request.email)
    return subscriptions.move(store, known, request.email)


# -- mails --------------------------------------------------------------------------------------------


@dataclass
class Postman:
    """Sends the mails by which requests are confirmed."""

    config: Config
    environment: Environment
    transport: Transport
    clock: Callable[[], datetime]

    def send_waiting(self, store: Store) -> int:
        """Send one mail for each request that waits for it; return how many left. What must wait is tried again.

        Raises:
            TransportError: The server cannot be used at all: the rest waits.
        """
        now = self.clock()
        with store.transaction():
            store.requests.forget_before(now - _FORGOTTEN)
        sent = 0
        for request in store.requests.waiting(_AT_ONCE):
            with store.transaction():
                if not store.requests.claim(request.id, now):  # another process was faster
                    continue
            message = self._message(store, request)
            if message is None:
                continue
            try:
                verdict = send_one(self.transport, message).verdict
            except BaseException:
                self._put_back(store, request)
                raise
            if verdict in (Verdict.DEFERRED, Verdict.RETURNED, Verdict.UNWANTED):
                self._put_back(store, request)
            sent += verdict is Verdict.SENT
        return sent

    def _put_back(self, store: Store, request: Request) -> None:
        with store.transaction():
            store.requests.unclaim(request.id)

    def _message(self, store: Store, request: Request) -> Message | None:
        """Return the mail that answers a request, or None where there is nobody to write to."""
        reason = store.subscribers.why_suppressed(request.email)
        if reason is not None and not reason.startswith(subscriptions.OWN_WISH):
            return None
        known = store.subscribers.find(request.email)
        code = known.profile.language if known else str(request.wishes.get("language", "en"))
        words = Words(self.environment, site_context(self.config), language(code))
        word = self._word(store, request, known, words)
        return None if word is None else self._signed(words.message(self._envelope(store, request), word))

    def _word(self, store: Store, request: Request, known: Subscriber | None, words: Words) -> WordContext | None:
        today, secret, site = self.clock().date(), store.secret(), self.config.site_url
        until = (request.asked_at + _LASTS).date()
        confirm_url = f"{site}/confirm/{tokens.sign_until(secret, tokens.CONFIRM, request.id, until)}"
        if request.kind is Kind.MOVE:
            return words.move(request.email, confirm_url, until)
        if known is None or known.status is not Status.ACTIVE:
            return words.join(request.email, confirm_url, until) if request.kind is Kind.JOIN else None
        day = today + PREFERENCES_LAST
        url = f"{site}/preferences/{tokens.sign_until(secret, tokens.PREFERENCES, known.id, day)}"
        if request.kind is Kind.JOIN:
            return words.is_joined(request.email, url, day)
        return words.link(url, day)

    def _envelope(self, store: Store, request: Request) -> Envelope:
        sender = self.config.sender
        return Envelope(
            message_id=make_message_id(store.secret(), f"request-{request.id}", request.id, sender),
            sender=sender,
            recipient=request.email,
            recipient_name="",  # whoever asked may have named them anything
            list_name=self.config.site_name,
            leave_urls=(),
            date=self.clock(),
        )

    def _signed(self, message: Message) -> Message:
        keys = load_keys(self.config)
        return replace(message, content=sign(message.content, keys, self.clock())) if keys else message
