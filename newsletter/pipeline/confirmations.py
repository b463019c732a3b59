"""Confirmation mail: requests → notices → the transport."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jinja2 import Environment

from newsletter import tokens
from newsletter.config.model import Config
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
from newsletter.subscribers.opt_in import FORGOTTEN_AFTER

#: For so long a request can be confirmed.
_LASTS = timedelta(days=3)
#: So many are sent at once.
_AT_ONCE = 100


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
            store.requests.forget_before(now - FORGOTTEN_AFTER)
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
