"""Mail that came back → what it says of which address: a bounce (RFC 3464), a complaint (RFC 5965), or nothing.

    raw mail → delivery-status | feedback-report | a daemon's words → Return, one for each address

A report that a server still tries (Action: delayed) says nothing: it is followed by one that counts, and both are
about the same message. What readers or their programs answer (out of office) says nothing either. None of this is
proof: anybody can write a report. `newsletter.pipeline.bounces` believes it only with a token or a Message-ID of ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.sending.bounces import heuristics
from newsletter.sending.bounces.mime import (
    MOST_BYTES,
    Part,
    address_in,
    blocks_of,
    field,
    fields,
    message_id_in,
    original_headers,
    parse,
    parts_of,
    short,
)
from newsletter.sending.status_codes import Kind, diagnose

__all__ = ["BounceReport", "Kind", "fingerprint_of", "read_bounce_report"]

#: Of RFC 5965 and 6430; the others ("not-spam", "auth-failure") are no complaint.
_COMPLAINTS = ("abuse", "fraud", "virus", "other", "opt-out", "opt-out-list")
#: Where Microsoft names the reader in reports that are not of RFC 5965.
_MICROSOFT_READER = "X-HmXmrOriginalRecipient"
#: Where a report may have been sent to, the closest to the envelope first.
_SENT_TO = ("X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "X-Forwarded-To", "To")


@dataclass(frozen=True, slots=True)
class BounceReport:
    """What one report says of one address."""

    #: As the report names it; "" where it names none, as complaints do that keep the reader's name to themselves.
    email: str
    kind: Kind
    #: Of RFC 3463, as in "5.1.1", or "".
    code: str
    #: The server's.
    response: str
    #: Who said it: dsn, arf, text; ses, sendgrid, mailgun, postmark; smtp.
    origin: str
    #: Of the mail that came back, with its brackets.
    message_id: str | None
    #: Where the report was sent to: the mail's own return address, if all is well.
    envelope_to: str | None
    #: The same whenever the same report is read.
    fingerprint: str


@dataclass(frozen=True, slots=True)
class _Finding:
    """What a report says, without where it came from."""

    email: str
    kind: Kind
    code: str
    response: str
    origin: str


def read_bounce_report(raw: bytes) -> tuple[BounceReport, ...]:
    """Return what a mail reports, one for each address and kind; nothing for a mail that is no report. Never raises."""
    raw = raw[:MOST_BYTES]
    mail = parse(raw)
    if mail is None:
        return ()
    findings = _findings(mail)
    if not findings:
        return ()
    own_id = message_id_in(field(mail, "Message-ID")) or hashlib.sha256(raw).hexdigest()
    report = original_headers(mail)
    message_id = message_id_in(field(report, "Message-ID")) if report else None
    message_id = message_id or heuristics.quoted_message_id(mail)
    sent_to = _sent_to(mail, report)
    made = (
        BounceReport(
            email=one.email,
            kind=one.kind,
            code=one.code,
            response=short(one.response),
            origin=one.origin,
            message_id=message_id,
            envelope_to=sent_to,
            fingerprint=fingerprint_of(one.origin, own_id, one.email.casefold(), one.kind),
        )
        for one in findings
    )
    return tuple({one.fingerprint: one for one in made}.values())


def fingerprint_of(*facts: str) -> str:
    """Return 32 hexadecimal digits that stand for one report: the same for the same facts."""
    return hashlib.sha256("\0".join(facts).encode("utf-8", "replace")).hexdigest()[:32]


def _findings(mail: Part) -> list[_Finding]:
    """Return what the mail says by the strictest of the forms that it has."""
    for part in parts_of(mail):
        kind = part.get_content_type()
        if kind in ("message/delivery-status", "message/global-delivery-status"):
            return list(_failures(part, mail))
        if kind == "message/feedback-report":
            return list(_complaints(part, mail))
    report = original_headers(mail)
    if report is not None and (reader := address_in(field(report, _MICROSOFT_READER))):
        return [_Finding(reader, Kind.COMPLAINT, "", field(mail, "Subject"), "arf")]
    return [
        _Finding(email, *diagnose("", response), response, "text")
        for email, response in heuristics.failures(mail)
    ]  # fmt: skip


# -- RFC 3464 -----------------------------------------------------------------------------------------


def _failures(part: Part, mail: Part) -> Iterator[_Finding]:
    explained = heuristics.words_of(mail)
    for block in blocks_of(part):
        recipient = field(block, "Original-Recipient") or field(block, "Final-Recipient")
        email = address_in(recipient) or address_in(field(block, "Final-Recipient"))
        if email is None:
            continue
        status = field(block, "Status")
        action = field(block, "Action").partition(" ")[0].casefold()
        if action != "failed" and (action in _STILL_WELL or status.startswith("2") or not status):
            continue
        diagnostic = field(block, "Diagnostic-Code").partition(";")
        said = diagnostic[2] or diagnostic[0]
        kind, code = diagnose(status, said or explained)
        yield _Finding(email, kind, code, said.strip() or explained, "dsn")


#: The message arrived, went on to where nobody reports from, or is still being tried.
_STILL_WELL = ("delayed", "delivered", "relayed", "expanded")


# -- RFC 5965 -----------------------------------------------------------------------------------------


def _complaints(part: Part, mail: Part) -> Iterator[_Finding]:
    for block in blocks_of(part)[:1]:
        feedback = field(block, "Feedback-Type").casefold()
        if feedback not in _COMPLAINTS:
            return
        report = original_headers(mail)
        told = [*fields(block, "Original-Rcpt-To"), *fields(block, "Removal-Recipient")]
        told += [field(report, _MICROSOFT_READER), field(report, "To")] if report else []
        named = [address for text in told if (address := address_in(text)) and not address.startswith("redacted")]
        response = f"{feedback}, said {field(block, 'User-Agent') or field(mail, 'From')}"
        yield _Finding(named[0] if named else "", Kind.COMPLAINT, "", response, "arf")


# -- where it was sent to -----------------------------------------------------------------------------


def _sent_to(mail: Part, report: Part | None) -> str | None:
    """Return the address that looks like a mail's own return address, else the one closest to the envelope.

    A report read from a mailbox names several: the mailbox's own, aliases, and the one the server answered to.
    """
    told = [text for name in _SENT_TO for text in fields(mail, name)]
    for part in parts_of(mail):
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            told += [field(block, "Original-Envelope-Id") for block in blocks_of(part)[:1]]
    told += [field(report, "Return-Path")] if report else []
    addresses = [address for text in told if (address := address_in(text))]
    own = (address for address in addresses if "+" in address or "=" in address.partition("@")[0])
    return next(own, addresses[0] if addresses else None)
