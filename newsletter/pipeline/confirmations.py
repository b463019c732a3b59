"""Confirmation emails (double opt-in): requests → notices → the transport."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jinja2 import Environment

from newsletter.config.model import Config
from newsletter.models import Message, Status, Subscriber, tokens
from newsletter.pipeline.messages import make_message_id, site_context
from newsletter.pipeline.signing import load_keys
from newsletter.rendering.context import NoticeContext
from newsletter.rendering.language import language
from newsletter.rendering.message import Envelope
from newsletter.rendering.notices import Notices
from newsletter.sending import Transport, Verdict, never, send_one
from newsletter.sending.dkim import sign
from newsletter.store import Store
from newsletter.store.confirmations import Kind, Request
from newsletter.store.suppressions import UNSUBSCRIBED
from newsletter.subscribers.preferences_access import link_token

#: A request can be confirmed for this long.
_VALID_FOR = timedelta(days=3)
#: Maximum number of notices that are sent at once; an import may wait for more.
_BATCH = 2000
#: Seconds that sending them may take.
_SESSION_S = 120


@dataclass
class NoticeSender:
    """Sends the notices by which requests are confirmed."""

    config: Config
    environment: Environment
    transport: Transport
    clock: Callable[[], datetime]

    def send_waiting(
        self,
        store: Store,
        stopped: Callable[[], bool] = never,
        abandoned: Callable[[], bool] = never,
    ) -> int:
        """Send a notice for each waiting request, up to 2,000; return how many were sent.

        What was deferred is tried again.

        All of it takes two minutes at most; then, and when `stopped` returns True, the remaining requests wait. The
        notice in flight is given up when `abandoned` returns True.

        Raises:
            TransportError: The server cannot be used at all; the remaining requests wait.
        """
        now, deadline = self.clock(), time.monotonic() + _SESSION_S

        def is_abandoned() -> bool:
            return abandoned() or time.monotonic() > deadline

        sent = 0
        for request in store.confirmations.waiting(_BATCH, now):
            if stopped() or is_abandoned():
                break
            with store.transaction():
                if not store.confirmations.claim(request.id, now):  # another process claimed it first
                    continue
            message = self._message(store, request)
            if message is None:
                continue
            try:
                verdict = send_one(self.transport, message, is_abandoned).verdict
            except BaseException:
                self._put_back(store, request)
                raise
            if verdict in (Verdict.DEFERRED, Verdict.UNSENT, Verdict.POLICY):
                self._put_back(store, request)
            sent += verdict is Verdict.SENT
        return sent

    def _put_back(self, store: Store, request: Request) -> None:
        with store.transaction():
            store.confirmations.unclaim(request.id)

    def _message(self, store: Store, request: Request) -> Message | None:
        """Return the notice for a request, or None if the address must not be mailed or there is nothing to confirm."""
        reason = store.suppressions.why_suppressed(request.email)
        if reason is not None and not reason.startswith(UNSUBSCRIBED):
            return None
        known = store.subscribers.find(request.email)
        code = known.profile.language if known else str(request.preferences.get("language", "en"))
        notices = Notices(self.environment, site_context(self.config), language(code))
        recipient = _recipient(request, known)
        notice = self._notice(store, request, known, recipient, notices)
        if notice is None:
            return None
        return self._signed(notices.message(self._envelope(store, request, recipient), notice))

    def _notice(
        self, store: Store, request: Request, known: Subscriber | None, recipient: str, notices: Notices
    ) -> NoticeContext | None:
        now, secret, site = self.clock(), store.secret(), self.config.site_url
        until = (request.requested_at + _VALID_FOR).date()
        confirm_url = f"{site}/confirm/{tokens.sign_until(secret, tokens.CONFIRM, request.id, until)}"
        preferences_url = f"{site}/preferences/open/{link_token(secret, request, now)}"
        if request.kind is Kind.CHANGE_ADDRESS:
            return notices.confirm_address(recipient, confirm_url, until)
        if request.kind is Kind.LINK:
            return notices.preferences_link(preferences_url) if known else None
        if known is None or known.status is not Status.ACTIVE:
            return notices.confirm_subscription(recipient, confirm_url, until)
        return notices.already_subscribed(recipient, preferences_url)

    def _envelope(self, store: Store, request: Request, recipient: str) -> Envelope:
        sender = self.config.sender
        return Envelope(
            message_id=make_message_id(store.secret(), f"request-{request.id}", request.id, sender),
            sender=sender,
            recipient=recipient,
            recipient_name="",  # a stranger may have entered any name
            list_name=self.config.site_name,
            unsubscribe_urls=(),
            date=self.clock(),
        )

    def _signed(self, message: Message) -> Message:
        keys = load_keys(self.config)
        return replace(message, content=sign(message.content, keys, self.clock())) if keys else message


def _recipient(request: Request, known: Subscriber | None) -> str:
    """Return where the notice goes: to the address on record, never to another spelling that somebody typed."""
    return request.email if known is None or request.kind is Kind.CHANGE_ADDRESS else known.email
