"""Webhook requests as providers send them, signed with our own keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from newsletter.models import Cadence, Digest, Edition
from newsletter.sending.bounces.reports import BounceReport
from newsletter.store import Store
from tests.factories import NOW, make_profile

TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"
MAILGUN_KEY = "key-of-mailgun"


@cache
def _amazons_key() -> rsa.RSAPrivateKey:
    """The key of all: making one takes longer than a call."""
    return rsa.generate_private_key(65537, 2048)


@dataclass
class Amazon:
    """Signs like Amazon SNS, and serves the certificate."""

    now: datetime
    key: rsa.RSAPrivateKey = field(default_factory=_amazons_key)
    fetched: list[str] = field(default_factory=list)

    def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        builder = x509.CertificateBuilder(name, name, self.key.public_key(), 1)
        builder = builder.not_valid_before(self.now).not_valid_after(self.now + timedelta(days=1))
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def call(self, message: object, **changed: str) -> bytes:
        """Return a signed notification; `changed` fields are signed as well."""
        fields = {
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC,
            "Message": json.dumps(message),
            "Timestamp": f"{self.now:%Y-%m-%dT%H:%M:%S.000Z}",
            "SignatureVersion": "2",
            "SigningCertURL": CERTIFICATE,
        } | changed
        names = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
        signed = "".join(f"{name}\n{fields[name]}\n" for name in names if name in fields).encode()
        version = hashes.SHA1() if fields["SignatureVersion"] == "1" else hashes.SHA256()  # noqa: S303 - SNS's
        signature = self.key.sign(signed, padding.PKCS1v15(), version)
        return json.dumps(fields | {"Signature": base64.b64encode(signature).decode()}).encode()


@dataclass
class SendGrid:
    """Signs like SendGrid."""

    now: datetime
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def public_key(self) -> str:
        """The public key as SendGrid shows it."""
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(public).decode()

    def headers(self, body: bytes) -> dict[str, str]:
        timestamp = str(int(self.now.timestamp()))
        signature = self.key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        }


def mailgun_call(event: object, now: datetime, key: str = MAILGUN_KEY, token: str = "f" * 50) -> bytes:
    """Return an event as Mailgun posts it."""
    timestamp = str(int(now.timestamp()))
    signature = hmac.new(key.encode(), (timestamp + token).encode(), hashlib.sha256).hexdigest()
    signed = {"timestamp": timestamp, "token": token, "signature": signature}
    return json.dumps({"signature": signed, "event-data": event}).encode()


def basic(username: str, password: str) -> dict[str, str]:
    """Return the HTTP basic authentication header that Postmark sends."""
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


def facts(reports: tuple[BounceReport, ...]) -> list[tuple[str, str, str]]:
    """Return kind, code and address of each report."""
    return [(one.kind.value, one.code, one.email) for one in reports]


# -- events -------------------------------------------------------------------------------------------


def ses_bounce(email: str, message_id: str = "<1@papers.example>", **changed: Any) -> dict[str, Any]:
    bounce = {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "feedbackId": "0100",
        "bouncedRecipients": [
            {"emailAddress": email, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
        ],
    } | changed
    headers = [{"name": "Message-ID", "value": message_id}]
    return {"notificationType": "Bounce", "mail": {"headers": headers}, "bounce": bounce}


def ses_complaint(email: str, **changed: Any) -> dict[str, Any]:
    complaint = {"feedbackId": "0200", "complainedRecipients": [{"emailAddress": email}]} | changed
    return {"eventType": "Complaint", "mail": {"headers": []}, "complaint": complaint}


def sendgrid_event(email: str, **changed: Any) -> dict[str, Any]:
    return {
        "event": "bounce",
        "type": "bounce",
        "email": email,
        "reason": "550 5.1.1 no such mailbox",
        "status": "5.1.1",
        "smtp-id": "<1@papers.example>",
        "sg_event_id": "abc",
    } | changed


def mailgun_event(email: str, **changed: Any) -> dict[str, Any]:
    return {
        "event": "failed",
        "severity": "permanent",
        "reason": "bounce",
        "id": "G9Bn5sl1TC6nu79C8C0bwg",
        "recipient": email,
        "delivery-status": {"code": 550, "enhanced-code": "5.1.1", "message": "550 5.1.1 no such mailbox"},
        "message": {"headers": {"message-id": "1@papers.example"}},
    } | changed


def postmark_record(email: str, **changed: Any) -> dict[str, Any]:
    return {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "ID": 4323372036854775807,
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Email": email,
        "BouncedAt": f"{NOW:%Y-%m-%dT%H:%M:%S}.9070259Z",
        "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
    } | changed


def postmark_change(email: str, **changed: Any) -> dict[str, Any]:
    return {
        "RecordType": "SubscriptionChange",
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Recipient": email,
        "Origin": "Recipient",
        "SuppressSending": True,
        "SuppressionReason": "ManualSuppression",
        "ChangedAt": f"{NOW:%Y-%m-%dT%H:%M:%S}Z",
    } | changed


# -- what the events are about --------------------------------------------------------------------------


def add_mailed(store: Store, email: str, message_id: str) -> int:
    """Add a subscriber who was mailed under this Message-ID; return the id of the delivery."""
    edition = Edition(key="daily-2026-05-08", cadence=Cadence.DAILY, day=NOW.date(), since=NOW, created_at=NOW)
    with store.transaction():
        if store.editions.find(edition.key) is None:
            store.editions.put(edition)
        digest = store.editions.put_digest(Digest(edition=edition, sections=(), considered=0))
        subscriber = store.subscribers.add(email, "", make_profile(), "cli", NOW)
        store.deliveries.queue(edition.key, subscriber.id, digest, message_id, NOW)
    return store.deliveries.of_subscriber(subscriber.id)[0].id
