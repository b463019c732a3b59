"""Webhooks: only requests that the provider signed are accepted."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from newsletter.sending.bounces.webhooks import WebhookRefused, read_mailgun, read_postmark, read_sendgrid, read_ses
from tests.factories import NOW
from tests.sending.bounces.webhook_calls import (
    CERTIFICATE,
    MAILGUN_KEY,
    TOPIC,
    Amazon,
    SendGrid,
    basic,
    facts,
    mailgun_call,
    mailgun_event,
    postmark_record,
    sendgrid_event,
    ses_bounce,
)

ADA = "ada@users.example"
HARD = [("hard", "5.1.1", ADA)]


@pytest.fixture(scope="module")
def amazon() -> Amazon:
    return Amazon(NOW)


@pytest.fixture(scope="module")
def sendgrid() -> SendGrid:
    return SendGrid(NOW)


@pytest.mark.parametrize("version", ["1", "2"])
def test_amazons_signature_is_accepted(amazon: Amazon, version: str) -> None:
    call = read_ses(amazon.call(ses_bounce(ADA), SignatureVersion=version), TOPIC, amazon.fetch, NOW)
    assert facts(call.reports) == HARD
    assert call.reports[0].message_id == "<1@papers.example>"
    assert amazon.fetched[-1] == CERTIFICATE


def test_an_sns_subscription_is_confirmed_at_amazons_url_only(amazon: Amazon) -> None:
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"
    request = amazon.call("hello", Type="SubscriptionConfirmation", SubscribeURL=url, Token="1")
    assert read_ses(request, TOPIC, amazon.fetch, NOW).confirm_url == url

    for foreign_url in ("http://sns.eu-west-1.amazonaws.com/", "https://evil.example/?Action=ConfirmSubscription"):
        request = amazon.call("hello", Type="SubscriptionConfirmation", SubscribeURL=foreign_url, Token="1")
        with pytest.raises(WebhookRefused, match="URL outside Amazon SNS"):
            read_ses(request, TOPIC, amazon.fetch, NOW)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/a.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/a.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
        "https://s3.eu-west-1.amazonaws.com/a.pem",
        "file:///etc/passwd",
        "https://[::1",
        "",
    ],
)
def test_a_certificate_outside_amazon_sns_is_not_fetched(amazon: Amazon, url: str) -> None:
    before = len(amazon.fetched)
    with pytest.raises(WebhookRefused):
        read_ses(amazon.call(ses_bounce(ADA), SigningCertURL=url), TOPIC, amazon.fetch, NOW)
    assert len(amazon.fetched) == before


def test_forged_amazon_requests_are_refused(amazon: Amazon) -> None:
    valid = json.loads(amazon.call(ses_bounce(ADA)))
    forged: list[Any] = [
        valid | {"Message": json.dumps(ses_bounce("bob@users.example"))},
        valid | {"Subject": "more"},
        valid | {"Signature": ""},
        valid | {"Signature": 7},
        valid | {"SignatureVersion": "3"},
        valid | {"Type": "UnsubscribeConfirmation"},
        {**json.loads(amazon.call(ses_bounce(ADA), TopicArn=TOPIC + "2"))},
        [],
        "",
    ]
    for request in forged:
        with pytest.raises(WebhookRefused):
            read_ses(json.dumps(request).encode(), TOPIC, amazon.fetch, NOW)
    with pytest.raises(WebhookRefused):
        read_ses(b"\xff{", TOPIC, amazon.fetch, NOW)
    with pytest.raises(WebhookRefused, match="invalid signature"):
        read_ses(amazon.call(ses_bounce(ADA)), TOPIC, lambda _url: b"no certificate", NOW)


def test_sendgrids_signature_covers_the_exact_bytes(sendgrid: SendGrid) -> None:
    body = json.dumps([sendgrid_event(ADA)]).encode()
    headers = sendgrid.headers(body)
    assert facts(read_sendgrid(headers, body, sendgrid.public_key, NOW).reports) == HARD
    assert (
        facts(read_sendgrid({k.lower(): v for k, v in headers.items()}, body, sendgrid.public_key, NOW).reports) == HARD
    )

    another = SendGrid(NOW)
    for wrong_headers, wrong_body, key in (
        (headers, body + b" ", sendgrid.public_key),
        (headers, body, another.public_key),
        (headers, body, "no key"),
        (headers | {"X-Twilio-Email-Event-Webhook-Signature": "!"}, body, sendgrid.public_key),
        ({}, body, sendgrid.public_key),
    ):
        with pytest.raises(WebhookRefused):
            read_sendgrid(wrong_headers, wrong_body, key, NOW)


def test_mailguns_signature_requires_its_key() -> None:
    assert facts(read_mailgun(mailgun_call(mailgun_event(ADA), NOW), MAILGUN_KEY, NOW).reports) == HARD
    for body in (
        mailgun_call(mailgun_event(ADA), NOW, key="another"),
        mailgun_call(mailgun_event(ADA), NOW).replace(b"fff", b"ffe", 1),
        b"{}",
        b'{"signature": {}}',
        b"[]",
    ):
        with pytest.raises(WebhookRefused):
            read_mailgun(body, MAILGUN_KEY, NOW)
    with pytest.raises(WebhookRefused):
        read_mailgun(mailgun_call(mailgun_event(ADA), NOW, key=""), "", NOW)


def test_postmark_sends_its_credentials() -> None:
    body = json.dumps(postmark_record(ADA)).encode()
    assert facts(read_postmark(basic("postmark", "sesame"), body, "postmark", "sesame", NOW).reports) == HARD
    for headers in (basic("postmark", "wrong"), basic("", ""), {"Authorization": "Bearer sesame"}, {}):
        with pytest.raises(WebhookRefused):
            read_postmark(headers, body, "postmark", "sesame", NOW)
    with pytest.raises(WebhookRefused):
        read_postmark(basic("postmark", ""), body, "postmark", "", NOW)


def test_an_old_request_is_refused(amazon: Amazon, sendgrid: SendGrid) -> None:
    body = json.dumps([sendgrid_event(ADA)]).encode()
    headers = sendgrid.headers(body)
    for now in (NOW + timedelta(days=2), NOW - timedelta(minutes=10)):
        with pytest.raises(WebhookRefused, match="too old or in the future"):
            read_ses(amazon.call(ses_bounce(ADA)), TOPIC, amazon.fetch, now)
        with pytest.raises(WebhookRefused, match="too old or in the future"):
            read_sendgrid(headers, body, sendgrid.public_key, now)
        with pytest.raises(WebhookRefused, match="too old or in the future"):
            read_mailgun(mailgun_call(mailgun_event(ADA), NOW), MAILGUN_KEY, now)
        with pytest.raises(WebhookRefused, match="too old or in the future"):
            read_postmark(basic("postmark", "x"), json.dumps(postmark_record(ADA)).encode(), "postmark", "x", now)


def test_a_postmark_record_without_a_time_is_refused() -> None:
    body = json.dumps(postmark_record(ADA, BouncedAt="yesterday")).encode()
    with pytest.raises(WebhookRefused, match="missing or invalid timestamp"):
        read_postmark(basic("postmark", "x"), body, "postmark", "x", NOW)


def test_only_mailguns_call_is_identified_by_a_token() -> None:
    one, two = (read_mailgun(mailgun_call(event, NOW), MAILGUN_KEY, NOW) for event in (mailgun_event(ADA), {}))
    assert (one.token == two.token is not None, two.reports) == (True, ())
    body = json.dumps(postmark_record(ADA)).encode()
    assert read_postmark(basic("postmark", "x"), body, "postmark", "x", NOW).token is None
