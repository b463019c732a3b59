"""The one line of a cron job."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from newsletter.cli.run_report import summary_line
from newsletter.errors import AlreadySending
from newsletter.models import PullReport
from newsletter.pipeline.bounces import ProcessedReports
from newsletter.pipeline.inbound import ProcessedMail
from newsletter.pipeline.outcomes import DeliveryReport, OutcomeStatus
from newsletter.pipeline.ports import Step
from newsletter.pipeline.run import RunReport, StepError
from tests.factories import NOW

SENT = DeliveryReport((), Counter({OutcomeStatus.SENT: 2, OutcomeStatus.DEFERRED: 1}))


@pytest.mark.parametrize(
    ("report", "text"),
    [
        (RunReport(), "stopped"),
        (RunReport(deliveries=DeliveryReport((), Counter())), "no subscribers"),
        (
            RunReport(pulls=(PullReport("arxiv", new=3), PullReport("feed x", not_before=NOW)), deliveries=SENT),
            "1 source pulled, 3 new papers; 2 sent, 1 deferred; next retry at 08:10 UTC",
        ),
        (
            RunReport(pulls=(PullReport("arxiv", new=3), PullReport("dblp", error="x"))),
            "1 of 2 sources pulled, 3 new papers",
        ),
        (
            RunReport(mail=ProcessedMail(2, ProcessedReports(hard=1, suppressed=("a@x.example",))), notices=1),
            "2 messages read from mailboxes, 1 suppressed; 1 confirmation email sent; next retry at 08:10 UTC",
        ),
        (
            RunReport(errors=(StepError(Step.DELIVER, AlreadySending("another")),)),
            "another process is sending for this site",
        ),
    ],
)
def test_it_says_what_happened(report: RunReport, text: str) -> None:
    now = NOW.replace(hour=8, minute=0)
    retry_at = now + timedelta(minutes=10) if "retry" in text else None

    assert summary_line(report, now, retry_at) == f"{now:%Y-%m-%d %H:%M} UTC: {text}"
