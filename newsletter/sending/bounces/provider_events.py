"""Bounces, complaints and unsubscriptions from providers' JSON events.

Events that do not follow their documentation are ignored, and so are deliveries that a provider still retries
("deferred", "temporary"), as in `newsletter.sending.bounces.reports`. Nothing in here raises.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from newsletter.limits import WEBHOOK_EVENTS
from newsletter.mailboxes.mime import shortened
from newsletter.models.addresses import email_key
from newsletter.sending.bounces.reports import BounceReport, fingerprint_of
from newsletter.sending.status_codes import Kind, classify_bounce

#: What Postmark calls the value of our header X-PM-Metadata-delivery, which it repeats in its events.
POSTMARK_METADATA = "delivery"
#: Postmark's bounce types that concern the mailbox; the others are auto-replies and subscription changes.
_POSTMARK = {
    "HardBounce": Kind.HARD,
    "BadEmailAddress": Kind.HARD,
    "SoftBounce": Kind.SOFT,
    "DnsError": Kind.SOFT,
    "SpamNotification": Kind.SOFT,
    "Blocked": Kind.SOFT,
    "DMARCPolicy": Kind.SOFT,
    "SpamComplaint": Kind.COMPLAINT,
}


def read_json(body: bytes | str) -> Any:
    """Return the parsed JSON, or None if it is invalid."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def of_ses(notice: Any) -> tuple[BounceReport, ...]:
    """Read a notification of Amazon SES, or an event of a configuration set."""
    mail, name = _dict(notice, "mail"), _text(notice, "notificationType") or _text(notice, "eventType")
    message_id = next((_text(one, "value") for one in _list(mail, "headers") if _is_message_id(one)), None)
    if name == "Bounce":
        bounce = _dict(notice, "bounce")
        found = [_ses_bounce(bounce, one, message_id) for one in _list(bounce, "bouncedRecipients")]
        return tuple(filter(None, found))
    complaint = _dict(notice, "complaint")
    feedback = _text(complaint, "complaintFeedbackType") or "abuse"
    if name != "Complaint" or feedback in ("not-spam", "auth-failure"):
        return ()
    return tuple(
        _report(
            "ses", _text(complaint, "feedbackId"), _text(one, "emailAddress"), Kind.COMPLAINT, "", feedback, message_id
        )
        for one in _list(complaint, "complainedRecipients")
        if _text(one, "emailAddress")
    )


def _is_message_id(header: Any) -> bool:
    return _text(header, "name").casefold() == "message-id"


def _ses_bounce(bounce: Any, recipient: Any, message_id: str | None) -> BounceReport | None:
    email, response = _text(recipient, "emailAddress"), _text(recipient, "diagnosticCode")
    bounce_type, subtype = _text(bounce, "bounceType"), _text(bounce, "bounceSubType")
    # Without a server's response, "Transient, General" is how SES reports an out-of-office reply.
    if not email or (bounce_type == "Transient" and subtype == "General" and not response):
        return None
    default = Kind.HARD if bounce_type == "Permanent" else Kind.SOFT
    kind, code = classify_bounce(_text(recipient, "status"), response, default)
    response = response or f"{bounce_type}: {subtype}"
    return _report("ses", _text(bounce, "feedbackId"), email, kind, code, response, message_id)


def of_sendgrid(events: Any) -> tuple[BounceReport, ...]:
    """Read a list of SendGrid events."""
    reports = []
    for event in _elements(events):
        name, email, response = _text(event, "event"), _text(event, "email"), _text(event, "reason")
        default = Kind.HARD if name == "bounce" and _text(event, "type") != "blocked" else Kind.SOFT
        kind, code = classify_bounce(_text(event, "status"), response, default)
        if name == "spamreport" or (name == "dropped" and response == "Spam Reporting Address"):
            kind, response = Kind.COMPLAINT, response or "spam report"
        elif name == "dropped" and response in ("Bounced Address", "Invalid"):
            kind = Kind.HARD
        elif name in ("unsubscribe", "group_unsubscribe"):
            kind, code, response = Kind.UNSUBSCRIBE, "", name
        elif name != "bounce":
            continue
        if email:
            message_id = _text(event, "smtp-id") or None
            reports.append(_report("sendgrid", _text(event, "sg_event_id"), email, kind, code, response, message_id))
    return tuple(reports)


def of_mailgun(event: Any) -> tuple[BounceReport, ...]:
    """Read the "event-data" of a Mailgun event."""
    name, email, status = _text(event, "event"), _text(event, "recipient"), _dict(event, "delivery-status")
    response = _text(status, "message") or _text(status, "description") or _text(event, "reason")
    kind, code = classify_bounce(_text(status, "enhanced-code"), response)
    if name == "complained" or _text(event, "reason") == "suppress-complaint":
        kind, code, response = Kind.COMPLAINT, "", response or "complained"
    elif name == "unsubscribed":
        kind, code, response = Kind.UNSUBSCRIBE, "", name
    elif name != "failed" or _text(event, "severity") != "permanent":
        return ()
    elif _text(event, "reason") == "suppress-bounce":
        kind = Kind.HARD
    message_id = _text(_dict(_dict(event, "message"), "headers"), "message-id").strip("<>")
    message_id = f"<{message_id}>" if message_id else ""
    report = _report("mailgun", _text(event, "id"), email, kind, code, response, message_id or None)
    return (report,) if email else ()


def of_postmark(record: Any) -> tuple[BounceReport, ...]:
    """Read a Postmark record."""
    name, response = _text(record, "RecordType"), _text(record, "Details") or _text(record, "Description")
    email, kind, code = _text(record, "Email"), _POSTMARK.get(_text(record, "Type")), ""
    if name == "SubscriptionChange":
        # Postmark suppresses bounces and complaints, too, and reports these as such.
        is_owners = record.get("SuppressSending") is True and _text(record, "SuppressionReason") == "ManualSuppression"
        email, kind = _text(record, "Recipient"), Kind.UNSUBSCRIBE if is_owners else None
        response = f"by {_text(record, 'Origin') or 'unknown'}"
    elif name not in ("Bounce", "SpamComplaint"):
        kind = None
    if kind is None or not email:
        return ()
    if kind in (Kind.HARD, Kind.SOFT):
        kind, code = classify_bounce("", response, kind)
    event_id = f"{record.get('ID', '')}{_text(record, 'MessageID')}{_text(record, 'ChangedAt')}"
    token = _text(_dict(record, "Metadata"), POSTMARK_METADATA)
    return (replace(_report("postmark", event_id, email, kind, code, response, None), delivery_token=token),)


def time_of_postmark(record: Any) -> str:
    """Return when what a Postmark record reports happened, in ISO 8601; "" if it does not say."""
    return _text(record, "BouncedAt") or _text(record, "ChangedAt")


# -- JSON --------------------------------------------------------------------------------------------


def _report(
    origin: str, event_id: str, email: str, kind: Kind, code: str, response: str, message_id: str | None
) -> BounceReport:  # fmt: skip
    email = shortened(email)
    return BounceReport(
        email=email,
        kind=kind,
        code=code,
        response=shortened(response),
        origin=origin,
        message_id=message_id,
        envelope_to=None,
        fingerprint=fingerprint_of(origin, event_id or f"{message_id} {code} {response}", email_key(email), kind),
    )


def _text(holder: Any, name: str) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value[:4096] if isinstance(value, str) else ""


def _dict(holder: Any, name: str) -> dict[str, Any]:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def _list(holder: Any, name: str) -> list[Any]:
    return list(_elements(holder.get(name) if isinstance(holder, dict) else None))


def _elements(value: Any) -> Iterator[Any]:
    return iter(value[:WEBHOOK_EVENTS] if isinstance(value, list) else [])
