"""The doctor's probes: signed messages to the addresses for bounces and replies, which must arrive in our mailbox.

    doctor ──SMTP──▶ mail server ──▶ mailbox of [bounces] ──Maildir or IMAP──▶ doctor

The mailbox is only looked at: no message changes, and those of others are not kept.
"""

from __future__ import annotations

import re
import secrets
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from newsletter.config.model import Config
from newsletter.errors import NewsletterError
from newsletter.mailboxes.imap import Position, new_in_imap
from newsletter.mailboxes.maildir import new_in_maildir
from newsletter.mailboxes.mime import field, original_headers, parse
from newsletter.models import Message, Refusal, tokens
from newsletter.models.findings import Finding, Level
from newsletter.pipeline.signing import load_keys
from newsletter.rendering.message import Envelope, build_message
from newsletter.sending import Transport, Verdict, send_one
from newsletter.sending.dkim import sign

#: Part of what is signed.
_PURPOSE = "probe"
_VALID_FOR = timedelta(hours=1)
_POLL_S = 2.0
#: Messages that are looked at.
_LIMIT = 500
#: No delivery has this number, so that a probe is no mail of any subscriber.
_NO_DELIVERY = 0
_FAILED = re.compile(r"\b(dkim|spf|dmarc)=(fail|permerror)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Probe:
    """A message that was sent to one of our addresses."""

    #: What the address is for.
    role: str
    address: str
    token: str


@dataclass
class Prober:
    """Sends probes and waits for them."""

    config: Config
    #: The key that signs links.
    secret: bytes
    transport: Transport
    clock: Callable[[], datetime]
    wait_s: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    #: For IMAP, in place of the system's authorities.
    tls: ssl.SSLContext | None = None

    def examine(self) -> Iterator[Finding]:
        """Send the probes, and yield whether each arrived."""
        if self.config.smtp is None:
            yield Finding(Level.UNKNOWN, "probe", "not sent: no mail server is set", "set smtp.host")
            return
        probes: list[_Probe] = []
        for role, address in self._addresses().items():
            token = tokens.sign_until_minute(
                self.secret, _PURPOSE, secrets.randbelow(10**12), self.clock() + _VALID_FOR
            )
            probe = _Probe(role, address, token)
            problem = self._send(probe)
            if problem is None:
                probes.append(probe)
            else:
                yield Finding(Level.WRONG, f"probe {role}", f"{address}: not sent: {problem}")
        if self._has_mailbox():
            yield from self._wait(probes)
        else:
            for probe in probes:
                words = f"sent to {probe.address}; no mailbox is set in which to look for it"
                yield Finding(Level.UNKNOWN, f"probe {probe.role}", words, "set bounces.maildir or bounces.imap_host")

    def _addresses(self) -> dict[str, str]:
        """Return the address for each role: for bounces in the form that messages have as their sender (VERP)."""
        bounces, replies = self.config.bounce_address, self.config.sender.reply_to
        verp = tokens.verp_address(self.secret, _NO_DELIVERY, bounces) if bounces else self.config.sender.address
        return {"bounces": verp} if verp == replies else {"bounces": verp, "replies": replies}

    def _has_mailbox(self) -> bool:
        return bool(self.config.bounces.mailboxes)

    def _send(self, probe: _Probe) -> str | None:
        """Send a probe; return why it could not be sent, or None."""
        try:
            result = send_one(self.transport, self._message(probe))
        except NewsletterError as error:
            return str(error)
        return None if result.verdict is Verdict.SENT else result.response

    def _message(self, probe: _Probe) -> Message:
        config, now = self.config, self.clock()
        back = config.bounce_address
        envelope = Envelope(
            message_id=f"<probe-{probe.token}@{config.sender.domain}>",
            sender=config.sender,
            recipient=probe.address,
            recipient_name="",
            list_name=config.site_name,
            unsubscribe_urls=(),
            date=now,
            return_path=tokens.verp_address(self.secret, _NO_DELIVERY, back) if back else "",
        )
        text = f"newsletter doctor looks for this message in the mailbox for {probe.role}. It may be deleted.\n"
        message = build_message(envelope, subject=f"Probe {probe.token}", text=text, html=None)
        keys = load_keys(config)
        return replace(message, content=sign(message.content, keys, now)) if keys else message

    def _wait(self, probes: list[_Probe]) -> Iterator[Finding]:
        """Look into the mailbox until all probes are there, or it takes too long."""
        missing, began = {probe.token: probe for probe in probes}, time.monotonic()
        while missing:
            try:
                for content in self._messages():
                    token, is_returned = _token_of(content, missing)
                    if token is not None:
                        yield self._arrived(missing.pop(token), content, began, is_returned=is_returned)
            except NewsletterError as error:
                yield Finding(Level.WRONG, "mailbox", error.message, error.hint or "")
                return
            if not missing or time.monotonic() - began > self.wait_s:
                break
            self.sleep(_POLL_S)
        for probe in missing.values():
            words = f"the message to {probe.address} did not arrive in the mailbox within {self.wait_s:.0f} s"
            # Replies may go to a person, who then has to act on requests to unsubscribe.
            level = Level.WRONG if probe.role == "bounces" else Level.WARNING
            yield Finding(level, f"probe {probe.role}", words, _remedy(probe))

    def _arrived(self, probe: _Probe, content: bytes, began: float, *, is_returned: bool) -> Finding:
        about = f"probe {probe.role}"
        if is_returned:
            words = f"the message to {probe.address} came back as undeliverable"
            return Finding(Level.WRONG, about, words, _remedy(probe))
        message = parse(content)
        results = "" if message is None else field(message, "Authentication-Results")
        failed = ", ".join(f"{method}={result}" for method, result in _FAILED.findall(results))
        words = f"the message to {probe.address} arrived after {time.monotonic() - began:.0f} s"
        if failed:
            return Finding(Level.WARNING, about, f"{words}; its server says {failed}", "see SPF, DKIM and DMARC above")
        return Finding(Level.OK, about, words)

    def _messages(self) -> Iterator[bytes]:
        """Yield the messages of today in the mailbox, as they are."""
        since = self.clock().date() - timedelta(days=1)
        for mailbox in self.config.bounces.mailboxes:
            if mailbox.maildir is not None:
                for _, content in new_in_maildir(mailbox.maildir, (), since, _LIMIT):
                    if not isinstance(content, Refusal):
                        yield content
            if mailbox.account is not None:
                for found in new_in_imap(mailbox.account, Position(since, _LIMIT), _may_be_ours, self.tls):
                    if found is not None:
                        yield found.content


def _may_be_ours(headers: bytes) -> bool:
    return b"Subject: Probe " in headers or b"multipart/report" in headers.lower()


def _token_of(content: bytes, expected: dict[str, _Probe]) -> tuple[str | None, bool]:
    """Return the token of a probe in a message, and whether the message reports that the probe was undeliverable."""
    message = parse(content)
    if message is None:
        return None, False
    original = original_headers(message)
    for part, is_returned in ((message, False), (original, True)):
        token = field(part, "Subject").removeprefix("Probe ") if part is not None else ""
        if token in expected:
            return token, is_returned
    return None, False


def _remedy(probe: _Probe) -> str:
    if "+" in probe.address.rpartition("@")[0]:
        return "have the server accept NAME+ANYTHING@ for the address (recipient_delimiter = + of Postfix)"
    return "check that the address exists, and that its mail goes into the mailbox of [bounces]"
