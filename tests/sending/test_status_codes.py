"""Bounce classification by status codes and by text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sending import Verdict
from newsletter.sending.bounces.provider_events import of_mailgun, of_postmark, of_sendgrid, of_ses
from newsletter.sending.bounces.reports import read_bounce_report
from newsletter.sending.smtp.replies import Reply, classify_reply
from newsletter.sending.status_codes import Cause, Kind, Step, classify, classify_bounce, code_in
from tests.sending.bounces.webhook_calls import mailgun_event, postmark_record, sendgrid_event, ses_bounce
from tests.sending.responses import RESPONSES

ADA = "ada@users.example"


def delivery_status(email: str, status: str, response: str) -> bytes:
    """Return a delivery status notification (RFC 3464)."""
    return f"""From: mailer-daemon@users.example
To: bounces@lab.example
Subject: Undelivered
Message-ID: <report@users.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; users.example

Final-Recipient: rfc822; {email}
Action: failed
Status: {status}
Diagnostic-Code: smtp; {response}

--b--
""".encode()


@given(st.text(max_size=300), st.text(max_size=30))
def test_any_text_is_a_hard_or_soft_bounce(response: str, status: str) -> None:
    kind, _ = classify_bounce(status, response)
    assert kind in (Kind.HARD, Kind.SOFT)


@pytest.mark.parametrize(
    ("status", "response", "kind"),
    [
        ("5.1.1", "", Kind.HARD),
        ("5.7.1", "user unknown", Kind.SOFT),
        ("", "550 5.1.1 <ada@subscriber.example> no", Kind.HARD),
        ("5.0.0", "550 mailbox unavailable, quota exceeded", Kind.SOFT),
        ("", "", Kind.SOFT),
    ],
)
def test_a_code_counts_more_than_the_text(status: str, response: str, kind: Kind) -> None:
    assert classify_bounce(status, response)[0] is kind


@pytest.mark.parametrize(
    ("text", "code"), [("550 5.1.1 unknown", "5.1.1"), ("#5.01.10", "5.1.10"), ("from 192.5.1.1", ""), ("v5.1.1a", "")]
)
def test_ip_addresses_and_versions_are_no_codes(text: str, code: str) -> None:
    assert code_in(text) == code


@pytest.mark.parametrize(("reply", "text", "cause"), RESPONSES)
def test_whom_a_response_is_about(reply: int, text: str, cause: Cause) -> None:
    assert classify(Step.RCPT, reply, "", text) is cause


@pytest.mark.parametrize(("reply", "text", "cause"), RESPONSES)
def test_all_entrances_agree_on_who_does_not_exist(reply: int, text: str, cause: Cause) -> None:
    is_gone = cause is Cause.RECIPIENT_GONE
    if reply >= 500:
        assert (classify_reply(Step.RCPT, Reply(reply, text)) is Verdict.BOUNCED) == is_gone
    status, response = code_in(text) or f"{reply // 100}.0.0", f"{reply} {text}"
    kinds = {
        "dsn": read_bounce_report(delivery_status(ADA, status, response)),
        "ses": of_ses(ses_bounce(ADA, bounceType="Transient", bounceSubType="X", bouncedRecipients=[
            {"emailAddress": ADA, "status": status, "diagnosticCode": f"smtp; {response}"}])),
        "sendgrid": of_sendgrid([sendgrid_event(ADA, type="blocked", status=status, reason=response)]),
        "mailgun": of_mailgun(
            mailgun_event(ADA, **{"delivery-status": {"enhanced-code": status, "message": response}})
        ),
        "postmark": of_postmark(postmark_record(ADA, Type="SoftBounce", Details=f"smtp;{response}")),
    }  # fmt: skip
    expected = Kind.HARD if is_gone else Kind.SOFT
    assert {name: [one.kind for one in reports] for name, reports in kinds.items()} == {
        name: [expected] for name in kinds
    }


@given(st.text(max_size=300), st.sampled_from(Step), st.integers(0, 599))
def test_any_response_has_a_cause(text: str, step: Step, reply: int) -> None:
    assert classify(step, reply, "", text) in Cause


def test_a_long_response_is_cut_before_it_is_looked_at() -> None:
    assert classify(Step.RCPT, 550, "", "x " * 10_000_000 + "user unknown") is Cause.UNKNOWN
