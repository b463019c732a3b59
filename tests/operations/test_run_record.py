"""What is kept of a run."""

from __future__ import annotations

from dataclasses import replace

from newsletter.mailboxes import MailboxError
from newsletter.models import PullReport
from newsletter.pipeline.inbound import ProcessedMail
from tests.factories import NOW
from tests.operations.run_site import CLEAN, RunSite


def test_a_run_is_recorded(run_site: RunSite) -> None:
    pulls = (PullReport("arxiv", fetched=9, new=4), PullReport("acl", not_before=NOW))
    report = replace(CLEAN, pulls=pulls, mail=ProcessedMail(messages=3))
    assert run_site.run(report).problems == ()
    with run_site.store() as store:
        (run,) = store.runs.latest(9)
        assert (run.command, run.is_clean, run.outcomes, run.problem) == ("run", True, {"sent": 2}, "")
        assert store.runs.totals("pulls") == {("arxiv", "succeeded"): 1}
        assert store.runs.totals("papers")["arxiv", "new"] == 4
        assert store.runs.totals("mail")["bounces", "messages"] == 3
        assert [reading.messages for reading in store.runs.readings()] == [3]
    assert run_site.subjects == []


def test_a_mailbox_that_cannot_be_opened_is_recorded(run_site: RunSite) -> None:
    run_site.run(replace(CLEAN, mail=ProcessedMail(errors=(MailboxError("connection refused"),))))
    with run_site.store() as store:
        assert [reading.error for reading in store.runs.readings()] == ["connection refused"]
