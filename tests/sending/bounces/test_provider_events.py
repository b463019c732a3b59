"""Providers' events: which are bounces and complaints."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sending.bounces.provider_events import of_mailgun, of_postmark, of_sendgrid, of_ses
from newsletter.sending.bounces.reports import BounceReport
from tests.sending.bounces.webhook_calls import (
    facts,
    mailgun_event,
    postmark_change,
    postmark_record,
    sendgrid_event,
    ses_bounce,
    ses_complaint,
)

ADA = "ada@users.example"
HARD = [("hard", "5.1.1", ADA)]
UNSUBSCRIBED = [("unsubscribe", "", ADA)]
REPORTING: list[tuple[Callable[[Any], tuple[BounceReport, ...]], Any, list[tuple[str, str, str]]]] = [
    (of_ses, ses_bounce(ADA), HARD),
    (of_ses, ses_bounce(ADA, bounceType="Transient", bounceSubType="General"), HARD),  # code and text count more
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
    (of_postmark, postmark_record(ADA, Type="SoftBounce"), HARD),
    (of_postmark, postmark_record(ADA, Type="SoftBounce", Details=""), [("soft", "", ADA)]),
    (of_postmark, postmark_record(ADA, RecordType="SpamComplaint", Type="SpamComplaint"), [("complaint", "", ADA)]),
    (of_sendgrid, [sendgrid_event(ADA, event="unsubscribe")], UNSUBSCRIBED),
    (of_sendgrid, [sendgrid_event(ADA, event="group_unsubscribe")], UNSUBSCRIBED),
    (of_mailgun, mailgun_event(ADA, event="unsubscribed"), UNSUBSCRIBED),
    (of_postmark, postmark_change(ADA), UNSUBSCRIBED),
]
OTHERS: list[tuple[Callable[[Any], tuple[BounceReport, ...]], Any]] = [
    (of_ses, {"notificationType": "Delivery", "delivery": {"recipients": [ADA]}}),
    (of_ses, ses_complaint(ADA, complaintFeedbackType="not-spam")),
    (of_ses, ses_bounce(ADA, bounceType="Transient", bouncedRecipients=[{"emailAddress": ADA}])),
    (of_sendgrid, [sendgrid_event(ADA, event="delivered"), sendgrid_event(ADA, event="deferred")]),
    (of_mailgun, mailgun_event(ADA, severity="temporary")),
    (of_sendgrid, [sendgrid_event(ADA, event="group_resubscribe")]),
    (of_postmark, postmark_record(ADA, Type="AutoResponder")),
    (of_postmark, postmark_change(ADA, SuppressSending=False)),
    (of_postmark, postmark_change(ADA, SuppressionReason="HardBounce")),
    (of_postmark, postmark_change(ADA, SuppressSending="true")),
]


@pytest.mark.parametrize(("read", "event", "expected"), REPORTING)
def test_bounces_and_complaints_are_distinguished(
    read: Callable[[Any], tuple[BounceReport, ...]], event: Any, expected: list[tuple[str, str, str]]
) -> None:
    assert facts(read(event)) == expected


@pytest.mark.parametrize(("read", "event"), OTHERS)
def test_other_events_yield_no_reports(read: Callable[[Any], tuple[BounceReport, ...]], event: Any) -> None:
    assert read(event) == ()


@pytest.mark.parametrize("read", [of_ses, of_sendgrid, of_mailgun, of_postmark])
def test_the_same_event_has_the_same_fingerprint(read: Callable[[Any], tuple[BounceReport, ...]]) -> None:
    event = next(event for parse, event, _ in REPORTING if parse is read)
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
def test_arbitrary_json_does_not_raise(event: Any) -> None:
    for read in (of_ses, of_sendgrid, of_mailgun, of_postmark):
        for one in read(event):
            assert one.email
            assert "\n" not in one.response
