"""Bounce and complaint reports: delivery status notifications (RFC 3464) and ARF complaints (RFC 5965).

    raw message → delivery-status | feedback-report | heuristics → BounceReport, one for each address

A report that a server is still trying (Action: delayed) is ignored: a final one follows. Replies and automatic replies
(out of office) are no reports either. A report proves nothing, since anybody can write one:
`newsletter.pipeline.bounces` accepts it only with a token or a Message-ID of ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.limits import MAIL_BYTES
from newsletter.mailboxes.mime import (
    Part,
    address_in,
    blocks_of,
    field,
    fields,
    message_id_in,
    original_headers,
    parse,
    parts_of,
    shortened,
)
from newsletter.models.addresses import email_key
from newsletter.sending.bounces import heuristics
from newsletter.sending.status_codes import Kind, classify_bounce

__all__ = ["BounceReport", "Kind", "fingerprint_of", "read_bounce_report"]

#: Feedback types that are complaints (RFC 5965, RFC 6430); "not-spam" and "auth-failure" are not.
_COMPLAINTS = ("abuse", "fraud", "virus", "other", "opt-out", "opt-out-list")
#: The header with the recipient in Microsoft's complaints, which do not follow RFC 5965.
_MICROSOFT_RECIPIENT = "X-HmXmrOriginalRecipient"
#: Headers with the address that a report was sent to, the closest to the envelope first.
_SENT_TO = ("X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "X-Forwarded-To", "To")
#: Actions (RFC 3464, 2.3.3) of a message that was delivered, or that a server is still trying to deliver.
_NOT_FAILED = ("delayed", "delivered", "relayed", "expanded")


@dataclass(frozen=True, slots=True)
class BounceReport:
    """What one report states about one address."""

    #: The address in the report, or "": many providers redact it in complaints.
    email: str
    kind: Kind
    #: Enhanced status code (RFC 3463), as in "5.1.1", or "".
    code: str
    #: The server's response, on one line.
    response: str
    #: Where it came from: dsn, arf, text (heuristics), ses, sendgrid, mailgun, postmark or smtp.
    origin: str
    #: The Message-ID of the original message, with its brackets.
    message_id: str | None
    #: The address that the report was sent to: normally the return path of the original message.
    envelope_to: str | None
    #: Identifies the report, so that reading it twice counts once.
    fingerprint: str
    #: The token of a delivery, which our message gave to the provider and the provider gives back; "" if there is none.
    delivery_token: str = ""


@dataclass(frozen=True, slots=True)
class _Finding:
    """What a report states, before it is linked to a message."""

    email: str
    kind: Kind
    code: str
    response: str
    origin: str


def read_bounce_report(raw: bytes) -> tuple[BounceReport, ...]:
    """Return the reports in a message, one for each address and kind; none if it is not a report. Never raises."""
    raw = raw[:MAIL_BYTES]
    message = parse(raw)
    if message is None:
        return ()
    findings = _findings(message)
    if not findings:
        return ()
    own_id = message_id_in(field(message, "Message-ID")) or hashlib.sha256(raw).hexdigest()
    original = original_headers(message)
    message_id = message_id_in(field(original, "Message-ID")) if original else None
    message_id = message_id or heuristics.quoted_message_id(message)
    sent_to = _sent_to(message, original)
    reports = (
        BounceReport(
            email=one.email,
            kind=one.kind,
            code=one.code,
            response=shortened(one.response),
            origin=one.origin,
            message_id=message_id,
            envelope_to=sent_to,
            fingerprint=fingerprint_of(one.origin, own_id, email_key(one.email), one.kind),
        )
        for one in findings
    )
    return tuple({one.fingerprint: one for one in reports}.values())


def fingerprint_of(*facts: str) -> str:
    """Return 32 hexadecimal digits that identify a report: the same for the same facts."""
    return hashlib.sha256("\0".join(facts).encode("utf-8", "replace")).hexdigest()[:32]


def _findings(message: Part) -> list[_Finding]:
    """Read the strictest format that the message has: DSN, ARF, Microsoft's, or plain text."""
    for part in parts_of(message):
        kind = part.get_content_type()
        if kind in ("message/delivery-status", "message/global-delivery-status"):
            return list(_failed_in(part, message))
        if kind == "message/feedback-report":
            return list(_complaints_in(part, message))
    original = original_headers(message)
    if original is not None and (recipient := address_in(field(original, _MICROSOFT_RECIPIENT))):
        return [_Finding(recipient, Kind.COMPLAINT, "", field(message, "Subject"), "arf")]
    return [
        _Finding(email, *classify_bounce("", response), response, "text")
        for email, response in heuristics.failed_recipients(message)
    ]  # fmt: skip


# -- RFC 3464 -----------------------------------------------------------------------------------------


def _failed_in(part: Part, message: Part) -> Iterator[_Finding]:
    explanation = heuristics.explanation(message)
    for block in blocks_of(part):
        recipient = field(block, "Original-Recipient") or field(block, "Final-Recipient")
        email = address_in(recipient) or address_in(field(block, "Final-Recipient"))
        if email is None:
            continue
        status = field(block, "Status")
        action = field(block, "Action").partition(" ")[0].casefold()
        if action != "failed" and (action in _NOT_FAILED or status.startswith("2") or not status):
            continue
        diagnostic = field(block, "Diagnostic-Code").partition(";")
        response = diagnostic[2] or diagnostic[0]
        if reason := field(block, "X-Supplementary-Info"):  # IronPort's, whose Diagnostic-Code only repeats the code
            response = f"{response} {reason}".strip()
        kind, code = classify_bounce(status, response or explanation)
        yield _Finding(email, kind, code, response.strip() or explanation, "dsn")


# -- RFC 5965 -----------------------------------------------------------------------------------------


def _complaints_in(part: Part, message: Part) -> Iterator[_Finding]:
    for block in blocks_of(part)[:1]:
        feedback = field(block, "Feedback-Type").casefold()
        if feedback not in _COMPLAINTS:
            return
        original = original_headers(message)
        values = [*fields(block, "Original-Rcpt-To"), *fields(block, "Removal-Recipient")]
        values += [field(original, _MICROSOFT_RECIPIENT), field(original, "To")] if original else []
        found = [address for text in values if (address := address_in(text)) and not address.startswith("redacted")]
        response = f"{feedback} reported by {field(block, 'User-Agent') or field(message, 'From')}"
        yield _Finding(found[0] if found else "", Kind.COMPLAINT, "", response, "arf")


# -- the return path ----------------------------------------------------------------------------------


def _sent_to(message: Part, original: Part | None) -> str | None:
    """Return the address that looks like a per-message return path (VERP), or the one closest to the envelope.

    A report in a mailbox has several: the mailbox's own address, aliases, and the return path.
    """
    values = [text for name in _SENT_TO for text in fields(message, name)]
    for part in parts_of(message):
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            values += [field(block, "Original-Envelope-Id") for block in blocks_of(part)[:1]]
    values += [field(original, "Return-Path")] if original else []
    addresses = [address for text in values if (address := address_in(text))]
    verp = (address for address in addresses if "+" in address or "=" in address.partition("@")[0])
    return next(verp, addresses[0] if addresses else None)
