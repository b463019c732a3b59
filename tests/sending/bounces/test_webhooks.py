"""What providers tell, and that nobody else can tell it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sending.bounces.provider_events import of_mailgun, of_postmark, of_sendgrid, of_ses
from newsletter.sending.bounces.reports import BounceReport
from newsletter.sending.bounces.webhooks import WebhookRefused, read_mailgun, read_postmark, read_sendgrid, read_ses
from tests.factories import NOW
from tests.sending.bounces.webhook_calls import (
    CERTIFICATE,
    MAILGUN_KEY,
    TOPIC,
    Amazon,
    SendGrid,
    basic,
    mailgun_call,
    mailgun_event,
    postmark_record,
    sendgrid_event,
    ses_bounce,
    ses_complaint,
)

ADA = "ada@reader.example"
HARD = [("hard", "5.1.1", ADA)]


@pytest.fixture(scope="module")
def amazon() -> Amazon:
    return Amazon(NOW)


@pytest.fixture(scope="module")
def sendgrid() -> SendGrid:
    return SendGrid(NOW)


def told(reports: tuple[BounceReport, ...]) -> list[tuple[str, str, str]]:
    return [(one.kind.value, one.code, one.email) for one in reports]


# -- what they mean -----------------------------------------------------------------------------------

REPORTING: list[tuple[Callable[[Any], tuple[BounceReport, ...]], Any, list[tuple[str, str, str]]]] = [
    (of_ses, ses_bounce(ADA), HARD),
    (of_ses, ses_bounce(ADA, bounceType="Transient", bounceSubType="MailboxFull"), [("soft", "5.1.1", ADA)]),
    (of_ses, ses_complaint(ADA), [("complaint", "", ADA)]),
    (of_sendgrid, [sendgrid_event(ADA)], HARD),
    (of_sendgrid, [sendgrid_event(ADA, type="blocked", status="5.7.1")], [("soft", "5.7.1", ADA)]),
    (of_sendgrid, [sendgrid_event(ADA, event="spamreport", reason="", status="")], [("complaint", "", ADA)]),
    (of_sendgrid, [sendgrid_event(ADA, event="dropped", reason="Bounced Address", status="")], [("hard", "", ADA)]),
    (of_mailgun, mailgun_event(ADA), HARD),
    (of_mailgun, mailgun_event(ADA, event="complained"), [("complaint", "", ADA)]),
    (of_mailgun, mailgun_event(ADA, reason="suppress-bounce", **{"delivery-status": {}}), [("hard", "", ADA)]),
    (
        of_mailgun,
        mailgun_event(ADA, **{"delivery-status": {"enhanced-code": "5.2.2", "message": "552 5.2.2 mailbox full"}}),
        [("soft", "5.2.2", ADA)],
    ),
    (of_postmark, postmark_record(ADA), HARD),
    (of_postmark, postmark_record(ADA, Type="SoftBounce"), [("soft", "5.1.1", ADA)]),
    (of_postmark, postmark_record(ADA, RecordType="SpamComplaint", Type="SpamComplaint"), [("complaint", "", ADA)]),
]
SILENT: list[tuple[Callable[[Any], tuple[BounceReport, ...]], Any]] = [
    (of_ses, {"notificationType": "Delivery", "delivery": {"recipients": [ADA]}}),
    (of_ses, ses_complaint(ADA, complaintFeedbackType="not-spam")),
    (of_ses, ses_bounce(ADA, bounceType="Transient", bouncedRecipients=[{"emailAddress": ADA}])),
    (of_sendgrid, [sendgrid_event(ADA, event="delivered"), sendgrid_event(ADA, event="deferred")]),
    (of_mailgun, mailgun_event(ADA, severity="temporary")),
    (of_mailgun, mailgun_event(ADA, event="unsubscribed")),
    (of_postmark, postmark_record(ADA, Type="AutoResponder")),
    (of_postmark, postmark_record(ADA, RecordType="SubscriptionChange")),
]


@pytest.mark.parametrize(("read", "event", "meant"), REPORTING)
def test_bounces_and_complaints_are_told_apart(
    read: Callable[[Any], tuple[BounceReport, ...]], event: Any, meant: list[tuple[str, str, str]]
) -> None:
    assert told(read(event)) == meant


@pytest.mark.parametrize(("read", "event"), SILENT)
def test_what_is_neither_says_nothing(read: Callable[[Any], tuple[BounceReport, ...]], event: Any) -> None:
    assert read(event) == ()


@pytest.mark.parametrize("read", [of_ses, of_sendgrid, of_mailgun, of_postmark])
def test_the_same_event_has_the_same_fingerprint(read: Callable[[Any], tuple[BounceReport, ...]]) -> None:
    event = next(event for reader, event, _ in REPORTING if reader is read)
    assert [one.fingerprint for one in read(event)] == [one.fingerprint for one in read(json.loads(json.dumps(event)))]


_NAMES = sorted(
    {"bounce", "complaint", "mail", "Bounce", "Complaint", "failed", "permanent"}
    | ses_bounce(ADA).keys()
    | ses_bounce(ADA)["bounce"].keys()
    | sendgrid_event(ADA).keys()
    | mailgun_event(ADA).keys()
    | postmark_record(ADA).keys()
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(event=_json)
def test_nothing_that_json_holds_makes_them_fail(event: Any) -> None:
    for read in (of_ses, of_sendgrid, of_mailgun, of_postmark):
        for one in read(event):
            assert one.email
            assert "\n" not in one.response


# -- who says it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1", "2"])
def test_amazons_signature_is_believed(amazon: Amazon, version: str) -> None:
    call = read_ses(amazon.call(ses_bounce(ADA), SignatureVersion=version), TOPIC, amazon.fetch, NOW)
    assert told(call.reports) == HARD
    assert call.reports[0].message_id == "<1@papers.example>"
    assert amazon.fetched[-1] == CERTIFICATE


def test_a_subscription_is_confirmed_at_amazons_own_address(amazon: Amazon) -> None:
    there = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"
    asked = amazon.call("hello", Type="SubscriptionConfirmation", SubscribeURL=there, Token="1")
    assert read_ses(asked, TOPIC, amazon.fetch, NOW).confirm_url == there

    for elsewhere in ("http://sns.eu-west-1.amazonaws.com/", "https://evil.example/?Action=ConfirmSubscription"):
        asked = amazon.call("hello", Type="SubscriptionConfirmation", SubscribeURL=elsewhere, Token="1")
        with pytest.raises(WebhookRefused, match="elsewhere"):
            read_ses(asked, TOPIC, amazon.fetch, NOW)


@pytest.mark.parametrize(
    "address",
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
def test_a_certificate_from_elsewhere_is_not_even_fetched(amazon: Amazon, address: str) -> None:
    before = len(amazon.fetched)
    with pytest.raises(WebhookRefused):
        read_ses(amazon.call(ses_bounce(ADA), SigningCertURL=address), TOPIC, amazon.fetch, NOW)
    assert len(amazon.fetched) == before


def test_what_amazon_did_not_sign_is_refused(amazon: Amazon) -> None:
    honest = json.loads(amazon.call(ses_bounce(ADA)))
    forged: list[Any] = [
        honest | {"Message": json.dumps(ses_bounce("bob@reader.example"))},
        honest | {"Subject": "more"},
        honest | {"Signature": ""},
        honest | {"Signature": 7},
        honest | {"SignatureVersion": "3"},
        honest | {"Type": "UnsubscribeConfirmation"},
        {**json.loads(amazon.call(ses_bounce(ADA), TopicArn=TOPIC + "2"))},
        [],
        "",
    ]
    for call in forged:
        with pytest.raises(WebhookRefused):
            read_ses(json.dumps(call).encode(), TOPIC, amazon.fetch, NOW)
    with pytest.raises(WebhookRefused):
        read_ses(b"\xff{", TOPIC, amazon.fetch, NOW)
    with pytest.raises(WebhookRefused, match="not signed"):
        read_ses(amazon.call(ses_bounce(ADA)), TOPIC, lambda _address: b"no certificate", NOW)


def test_sendgrids_signature_is_over_the_very_bytes(sendgrid: SendGrid) -> None:
    body = json.dumps([sendgrid_event(ADA)]).encode()
    headers = sendgrid.headers(body)
    assert told(read_sendgrid(headers, body, sendgrid.public_key, NOW)) == HARD
    assert told(read_sendgrid({k.lower(): v for k, v in headers.items()}, body, sendgrid.public_key, NOW)) == HARD

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


def test_mailguns_signature_is_of_its_key() -> None:
    assert told(read_mailgun(mailgun_call(mailgun_event(ADA), NOW), MAILGUN_KEY, NOW)) == HARD
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


def test_postmark_shows_its_credentials() -> None:
    body = json.dumps(postmark_record(ADA)).encode()
    assert told(read_postmark(basic("postmark", "sesame"), body, "postmark", "sesame")) == HARD
    for headers in (basic("postmark", "wrong"), basic("", ""), {"Authorization": "Bearer sesame"}, {}):
        with pytest.raises(WebhookRefused):
            read_postmark(headers, body, "postmark", "sesame")
    with pytest.raises(WebhookRefused):
        read_postmark(basic("postmark", ""), body, "postmark", "")


def test_an_old_call_is_not_taken_for_a_new_one(amazon: Amazon, sendgrid: SendGrid) -> None:
    body = json.dumps([sendgrid_event(ADA)]).encode()
    headers = sendgrid.headers(body)
    for now in (NOW + timedelta(days=2), NOW - timedelta(minutes=10)):
        with pytest.raises(WebhookRefused, match="too old or ahead"):
            read_ses(amazon.call(ses_bounce(ADA)), TOPIC, amazon.fetch, now)
        with pytest.raises(WebhookRefused, match="too old or ahead"):
            read_sendgrid(headers, body, sendgrid.public_key, now)
        with pytest.raises(WebhookRefused, match="too old or ahead"):
            read_mailgun(mailgun_call(mailgun_event(ADA), NOW), MAILGUN_KEY, now)
