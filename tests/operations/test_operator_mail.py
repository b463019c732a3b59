"""The email to the operator."""

from __future__ import annotations

from tests.operations.run_site import STOPPED, RunSite


def test_an_email_that_could_not_be_sent_is_sent_with_the_next_run(run_site: RunSite) -> None:
    run_site.config.outbox.write_text("a file is in the way", encoding="utf-8")
    assert len(run_site.run(STOPPED).problems) == 1
    run_site.config.outbox.unlink()
    run_site.run(STOPPED)
    assert run_site.subjects == ["[Daily Papers] run stopped: deliver"]
