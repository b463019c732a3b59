"""What follows a run: a heartbeat, a file of metrics, the event log."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

from pytest_httpserver import HTTPServer

from newsletter.config.model import LogLevel
from newsletter.errors import AlreadySending, NewsletterError
from newsletter.models import PullReport
from newsletter.operations.after_run import followed_job, monitor
from newsletter.pipeline.ports import Step
from newsletter.pipeline.run import RunReport, StepError
from tests.factories import NOW
from tests.operations.run_site import CLEAN, STOPPED, RunSite


def test_what_another_process_is_doing_is_no_incident(run_site: RunSite, httpserver: HTTPServer) -> None:
    run_site.set(heartbeat_url=httpserver.url_for("/ping"))
    run_site.run(RunReport(errors=(StepError(Step.DELIVER, AlreadySending("another process is sending")),)))
    assert (run_site.subjects, httpserver.log) == ([], [])


def test_a_heartbeat_metrics_and_the_event_log_follow(
    run_site: RunSite, httpserver: HTTPServer, tmp_path: Path
) -> None:
    for path in ("/ping", "/ping/fail"):
        httpserver.expect_request(path).respond_with_data("OK")
    run_site.set(heartbeat_url=httpserver.url_for("/ping"), metrics_file=tmp_path / "newsletter.prom", email=None)
    run_site.config = replace(run_site.config, log_path=tmp_path / "newsletter.log", log_level=LogLevel.WARNING)
    run_site.run(CLEAN)
    run_site.run(STOPPED)
    assert [request.path for request, _ in httpserver.log] == ["/ping", "/ping/fail"]
    metrics = tmp_path / "newsletter.prom"
    assert 'newsletter_runs_total{result="not clean"} 1.0' in metrics.read_text(encoding="utf-8")
    assert stat.S_IMODE(metrics.stat().st_mode) == 0o644
    events = [json.loads(line) for line in (tmp_path / "newsletter.log").read_text(encoding="utf-8").splitlines()]
    assert [(one["event"], one["level"], one["status"]) for one in events] == [("run", "warning", "not clean")]
    assert run_site.subjects == []


def test_a_shutdown_leaves_out_all_but_the_record(run_site: RunSite, httpserver: HTTPServer) -> None:
    run_site.set(heartbeat_url=httpserver.url_for("/ping"))
    run_site.is_shutting_down = True
    run_site.run(STOPPED)
    assert (run_site.subjects, httpserver.log) == ([], [])
    with run_site.store() as store:
        assert len(store.runs.latest(9)) == 1


def test_a_file_of_metrics_that_cannot_be_written_is_one_line(run_site: RunSite, tmp_path: Path) -> None:
    run_site.set(metrics_file=tmp_path / "none" / "newsletter.prom")
    followed = run_site.run(CLEAN)
    assert followed.report is CLEAN
    assert len(followed.problems) == 1
    assert "newsletter.prom" in followed.problems[0]


def test_a_job_of_serve_is_recorded_as_a_part_of_a_run(run_site: RunSite) -> None:
    pulled = RunReport(pulls=(PullReport("arxiv", new=4),))
    assert followed_job(run_site.config, run_site.ports, Step.PULL, pulled, NOW) == []
    assert followed_job(run_site.config, run_site.ports, Step.DELIVER, CLEAN, NOW) == []
    failed = RunReport(errors=(StepError(Step.BOUNCES, NewsletterError("connection refused")),))
    assert followed_job(run_site.config, run_site.ports, Step.BOUNCES, failed, NOW) == []
    with run_site.store() as store:
        assert store.runs.totals("papers")["arxiv", "new"] == 4
        assert [(run.command, run.is_clean) for run in store.runs.latest(9)] == [("serve", True)]
        assert [reading.error for reading in store.runs.readings()] == ["connection refused"]


def test_the_monitor_says_whether_the_site_is_all_right(run_site: RunSite, httpserver: HTTPServer) -> None:
    for path in ("/ping", "/ping/fail"):
        httpserver.expect_request(path).respond_with_data("OK")
    run_site.set(heartbeat_url=httpserver.url_for("/ping"))
    assert monitor(run_site.config, run_site.ports) == []
    followed_job(run_site.config, run_site.ports, Step.DELIVER, STOPPED, NOW)
    assert monitor(run_site.config, run_site.ports) == []
    assert [request.path for request, _ in httpserver.log] == ["/ping", "/ping/fail"]
    assert run_site.subjects == ["[Daily Papers] run stopped: deliver"]
