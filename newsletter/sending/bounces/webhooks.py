"""Webhooks: bounces and complaints that providers post to our web server, with the provider's signature verified.

A signed request without a bounce, complaint or unsubscription yields no reports. Header names are case-insensitive.
Providers retry a failed request for up to a day; an older one is refused. What a signature covers differs: with SES and
SendGrid all; with Mailgun time and token, but not the event; with Postmark nothing, it knows a password.
`newsletter.pipeline.bounces` compensates for it: each event and token counts once, and what is unsigned has to name a
delivery of ours.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.errors import NewsletterError
from newsletter.sending.bounces.provider_events import (
    of_mailgun,
    of_postmark,
    of_sendgrid,
    of_ses,
    read_json,
    time_of_postmark,
)
from newsletter.sending.bounces.reports import BounceReport, fingerprint_of

#: Maximum age of a request, and how far its time may be ahead of our clock.
_MAX_AGE = timedelta(days=1)
_MAX_AHEAD = timedelta(minutes=5)
_SNS_HOST = re.compile(r"sns\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com(?:\.cn)?")
#: The signed fields of an SNS message, in this order.
_SNS_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


class WebhookRefused(NewsletterError):
    """A request does not come from the provider: its signature or credentials are invalid."""


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """The content of a provider's request."""

    reports: tuple[BounceReport, ...] = ()
    #: The URL at Amazon to request once to confirm the SNS subscription.
    confirm_url: str | None = None
    #: What identifies the request if its signature does not cover the event: whatever comes with it again is a replay.
    token: str | None = None


def read_ses(body: bytes, topic_arn: str, fetch: Callable[[str], bytes], now: datetime) -> WebhookCall:
    """Read a notification of SES that comes by SNS: RSA over some of its fields (signature versions 1 and 2).

    Args:
        body: The request's body, a JSON object.
        topic_arn: The ARN of our topic.
        fetch: Returns the document at an https URL of Amazon's: the certificate, as PEM.
        now: The current time.

    Raises:
        WebhookRefused: It is for another topic, too old, or not signed by SNS.
    """
    request = read_json(body)
    kind = request.get("Type") if isinstance(request, dict) else None
    if not isinstance(request, dict) or kind not in _SNS_SIGNED:
        raise WebhookRefused("not an SNS message")
    if not _same(_string(request, "TopicArn"), topic_arn):
        raise WebhookRefused("SNS message for another topic", hint="check the topic's ARN in the settings")
    _check_age(_read_iso(_string(request, "Timestamp")), now)
    _check_sns_signature(request, _SNS_SIGNED[str(kind)], fetch)
    if kind == "SubscriptionConfirmation":
        url = _string(request, "SubscribeURL")
        _check_sns_url(url)
        return WebhookCall(confirm_url=url)
    return WebhookCall(of_ses(read_json(_string(request, "Message"))))


def read_sendgrid(headers: Mapping[str, str], body: bytes, public_key: str, now: datetime) -> WebhookCall:
    """Read SendGrid events: ECDSA over timestamp and body. The public key is base64, as SendGrid shows it.

    Raises:
        WebhookRefused: It is not signed by SendGrid, or too old.
    """
    timestamp = _header(headers, "X-Twilio-Email-Event-Webhook-Timestamp")
    signature = _header(headers, "X-Twilio-Email-Event-Webhook-Signature")
    _check_age(_read_epoch(timestamp), now)
    try:
        key = load_der_public_key(_unbase64(public_key))
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise WebhookRefused("the SendGrid public key is not an ECDSA key", hint="copy the whole key from SendGrid")
        key.verify(_unbase64(signature), timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise WebhookRefused("invalid signature (SendGrid)", hint="check the public key in the settings") from error
    return WebhookCall(of_sendgrid(read_json(body)))


def read_mailgun(body: bytes, signing_key: str, now: datetime) -> WebhookCall:
    """Read a Mailgun event: HMAC-SHA256 over timestamp and token, which are in the body.

    The signature does not cover the event itself, so the token may be used once.

    Raises:
        WebhookRefused: It is not signed by Mailgun, or too old.
    """
    request = read_json(body)
    signature = request.get("signature") if isinstance(request, dict) else None
    if not isinstance(request, dict) or not isinstance(signature, dict):
        raise WebhookRefused("not a signed Mailgun event")
    timestamp = _string(signature, "timestamp")
    _check_age(_read_epoch(timestamp), now)
    token = _string(signature, "token")
    signed = (timestamp + token).encode("utf-8", "replace")
    expected = hmac.new(signing_key.encode(), signed, hashlib.sha256).hexdigest()
    if not signing_key or not _same(_string(signature, "signature"), expected):
        raise WebhookRefused("invalid signature (Mailgun)", hint="check the signing key in the settings")
    return WebhookCall(of_mailgun(request.get("event-data")), token=fingerprint_of("mailgun", timestamp + token))


def read_postmark(headers: Mapping[str, str], body: bytes, username: str, password: str, now: datetime) -> WebhookCall:
    """Read a Postmark record, authenticated by HTTP basic authentication (RFC 7617) with the webhook's credentials.

    Raises:
        WebhookRefused: They are missing or wrong, or what the record reports is too old.
    """
    scheme, _, encoded = _header(headers, "Authorization").partition(" ")
    try:
        credentials = _unbase64(encoded.strip()).decode("utf-8", "replace")
    except ValueError:
        credentials = ""
    if not password or scheme.casefold() != "basic" or not _same(credentials, f"{username}:{password}"):
        raise WebhookRefused("invalid credentials (Postmark)", hint="check the webhook's URL at Postmark")
    record = read_json(body)
    reports = of_postmark(record)
    if reports:
        _check_age(_read_iso(time_of_postmark(record)), now)
    return WebhookCall(reports)


# -- SNS ----------------------------------------------------------------------------------------------


def _check_sns_signature(request: Mapping[str, Any], names: tuple[str, ...], fetch: Callable[[str], bytes]) -> None:
    url = _string(request, "SigningCertURL")
    _check_sns_url(url)
    signed = "".join(f"{name}\n{_string(request, name)}\n" for name in names if isinstance(request.get(name), str))
    version = {"1": hashes.SHA1(), "2": hashes.SHA256()}.get(_string(request, "SignatureVersion"))  # noqa: S303 - SNS's
    if version is None:
        raise WebhookRefused("SNS message with an unknown signature version")
    try:
        key = x509.load_pem_x509_certificate(fetch(url)).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise WebhookRefused("the SNS certificate is not an RSA certificate")
        key.verify(
            _unbase64(_string(request, "Signature")), signed.encode("utf-8", "replace"), padding.PKCS1v15(), version
        )
    except (ValueError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise WebhookRefused("invalid signature (SNS)") from error


def _check_sns_url(url: str) -> None:
    """Refuse any URL that is not https at Amazon SNS: whoever supplies the certificate can sign anything."""
    try:
        parts = urlsplit(url)
        is_amazons = parts.scheme == "https" and parts.netloc == parts.hostname and _SNS_HOST.fullmatch(parts.netloc)
    except ValueError:
        is_amazons = None
    if not is_amazons or not url.isascii() or not url.isprintable():
        raise WebhookRefused("SNS message with a URL outside Amazon SNS")


# -- checks -------------------------------------------------------------------------------------------


def _check_age(signed_at: datetime | None, now: datetime) -> None:
    if signed_at is None:
        raise WebhookRefused("missing or invalid timestamp")
    if not -_MAX_AHEAD <= now - signed_at <= _MAX_AGE:
        message = f"timestamp too old or in the future: {signed_at:%Y-%m-%d %H:%M:%S}"
        raise WebhookRefused(message, hint="check the system clock")


def _read_epoch(text: str) -> datetime | None:
    if not (text.isascii() and text.isdecimal() and len(text) <= 11):
        return None
    return datetime.fromtimestamp(int(text), UTC)


def _read_iso(text: str) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else None


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for known, value in headers.items() if known.casefold() == name.casefold()), "")


def _string(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def _unbase64(text: str) -> bytes:
    """Decode base64.

    Raises:
        ValueError: It is not base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("invalid base64") from error
