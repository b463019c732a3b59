"""Providers' calls on our web server → returns, when the provider's signature proves that it called.

A call that is signed but holds nothing of interest is none to complain of: it gives no returns. All headers are
looked up in any case. Providers repeat a call that was not answered for up to a day; a signature older than that is
refused. Who repeats a call that they overheard changes nothing by it, for reports are counted once.
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
from newsletter.sending.bounces.provider_events import of_mailgun, of_postmark, of_sendgrid, of_ses, read_json
from newsletter.sending.bounces.reports import BounceReport

#: How old a call may be, and how far ahead of our clock.
_MAX_AGE = timedelta(days=1)
_MAX_AHEAD = timedelta(minutes=5)
_SNS_HOST = re.compile(r"sns\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com(?:\.cn)?")
#: What is signed of a message of SNS, in this order.
_SNS_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


class WebhookRefused(NewsletterError):
    """A call is not proven to be the provider's."""


@dataclass(frozen=True, slots=True)
class SesCall:
    """What a call of Amazon's tells."""

    reports: tuple[BounceReport, ...] = ()
    #: The address to ask for once, so that SNS begins to call; it is one of Amazon's.
    confirm_url: str | None = None


def read_ses(body: bytes, topic_arn: str, fetch: Callable[[str], bytes], now: datetime) -> SesCall:
    """Read what SES tells by SNS: signed with RSA over some of its fields (signature versions 1 and 2).

    `fetch` returns the document at an https address of Amazon's: the certificate, as PEM.

    Raises:
        WebhookRefused: It is not of our topic, too old, or not signed by SNS.
    """
    call = read_json(body)
    kind = call.get("Type") if isinstance(call, dict) else None
    if not isinstance(call, dict) or kind not in _SNS_SIGNED:
        raise WebhookRefused("no message of SNS")
    if not _same(_string(call, "TopicArn"), topic_arn):
        raise WebhookRefused("a message of another topic", hint="the topic's ARN is in the settings")
    _check_age(_read_iso(_string(call, "Timestamp")), now)
    _check_sns_signature(call, _SNS_SIGNED[str(kind)], fetch)
    if kind == "SubscriptionConfirmation":
        url = _string(call, "SubscribeURL")
        _check_sns_address(url)
        return SesCall(confirm_url=url)
    return SesCall(of_ses(read_json(_string(call, "Message"))))


def read_sendgrid(headers: Mapping[str, str], body: bytes, public_key: str, now: datetime) -> tuple[BounceReport, ...]:
    """Read events of SendGrid: signed with ECDSA over time and body; the key is base64, as SendGrid shows it.

    Raises:
        WebhookRefused: It is not signed by SendGrid, or too old.
    """
    timestamp = _header(headers, "X-Twilio-Email-Event-Webhook-Timestamp")
    signature = _header(headers, "X-Twilio-Email-Event-Webhook-Signature")
    _check_age(_read_epoch(timestamp), now)
    try:
        key = load_der_public_key(_unbase64(public_key))
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise WebhookRefused("the key of SendGrid is none for ECDSA", hint="copy it whole from SendGrid")
        key.verify(_unbase64(signature), timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise WebhookRefused("not signed by SendGrid") from error
    return of_sendgrid(read_json(body))


def read_mailgun(body: bytes, signing_key: str, now: datetime) -> tuple[BounceReport, ...]:
    """Read an event of Mailgun: HMAC-SHA256 over time and token, both in the body.

    The signature does not cover the event itself, so that all rests on https and on the token being fresh.

    Raises:
        WebhookRefused: It is not signed by Mailgun, or too old.
    """
    call = read_json(body)
    signature = call.get("signature") if isinstance(call, dict) else None
    if not isinstance(call, dict) or not isinstance(signature, dict):
        raise WebhookRefused("no signed event of Mailgun")
    timestamp = _string(signature, "timestamp")
    _check_age(_read_epoch(timestamp), now)
    signed = (timestamp + _string(signature, "token")).encode("utf-8", "replace")
    expected = hmac.new(signing_key.encode(), signed, hashlib.sha256).hexdigest()
    if not signing_key or not _same(_string(signature, "signature"), expected):
        raise WebhookRefused("not signed by Mailgun")
    return of_mailgun(call.get("event-data"))


def read_postmark(headers: Mapping[str, str], body: bytes, username: str, password: str) -> tuple[BounceReport, ...]:
    """Read a record of Postmark, which shows the credentials of the webhook's address (RFC 7617).

    Raises:
        WebhookRefused: They are missing or wrong.
    """
    scheme, _, shown = _header(headers, "Authorization").partition(" ")
    try:
        credentials = _unbase64(shown.strip()).decode("utf-8", "replace")
    except ValueError:
        credentials = ""
    if not password or scheme.casefold() != "basic" or not _same(credentials, f"{username}:{password}"):
        raise WebhookRefused("not the credentials of Postmark's webhook")
    return of_postmark(read_json(body))


# -- SNS ----------------------------------------------------------------------------------------------


def _check_sns_signature(call: Mapping[str, Any], names: tuple[str, ...], fetch: Callable[[str], bytes]) -> None:
    address = _string(call, "SigningCertURL")
    _check_sns_address(address)
    signed = "".join(f"{name}\n{_string(call, name)}\n" for name in names if isinstance(call.get(name), str))
    version = {"1": hashes.SHA1(), "2": hashes.SHA256()}.get(_string(call, "SignatureVersion"))  # noqa: S303 - SNS's
    if version is None:
        raise WebhookRefused("a message of SNS with a signature of an unknown version")
    try:
        key = x509.load_pem_x509_certificate(fetch(address)).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise WebhookRefused("the certificate of SNS is none for RSA")
        key.verify(
            _unbase64(_string(call, "Signature")), signed.encode("utf-8", "replace"), padding.PKCS1v15(), version
        )
    except (ValueError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise WebhookRefused("not signed by SNS") from error


def _check_sns_address(address: str) -> None:
    """Refuse any address that is not https on Amazon's SNS: whoever names the certificate is believed what it signs."""
    try:
        parts = urlsplit(address)
        is_amazons = parts.scheme == "https" and parts.netloc == parts.hostname and _SNS_HOST.fullmatch(parts.netloc)
    except ValueError:
        is_amazons = None
    if not is_amazons or not address.isascii() or not address.isprintable():
        raise WebhookRefused("a message of SNS that points elsewhere")


# -- checks -------------------------------------------------------------------------------------------


def _check_age(said: datetime | None, now: datetime) -> None:
    if said is None:
        raise WebhookRefused("a call without its time")
    if not -_MAX_AHEAD <= now - said <= _MAX_AGE:
        raise WebhookRefused(f"a call of {said:%Y-%m-%d %H:%M:%S}, too old or ahead", hint="is this clock right?")


def _read_epoch(text: str) -> datetime | None:
    if not (text.isascii() and text.isdecimal() and len(text) <= 11):
        return None
    return datetime.fromtimestamp(int(text), UTC)


def _read_iso(text: str) -> datetime | None:
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        return None
    return said if said.tzinfo else None


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
        ValueError: It is none.
    """
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error
