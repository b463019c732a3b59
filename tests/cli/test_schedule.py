"""`newsletter schedule`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from newsletter.store import open_store
from newsletter.store.jobs import JobOutcome
from tests.cli.conftest import Newsletter


def test_the_next_runs_of_each_job_and_of_each_zone(newsletter: Newsletter, tmp_path: Path) -> None:
    newsletter("subscribers", "add", "ada@example.org", "--hour", "7", "--time-zone", "Europe/Berlin")
    now = datetime.now(UTC)
    with open_store(tmp_path / "newsletter.db") as store, store.transaction():
        store.jobs.begin("models", now)
        store.jobs.finish("models", JobOutcome.FAILED, "no space left", now)
        store.leases.acquire("scheduler", "somebody", "process 7 on papers", now, timedelta(hours=1))
    with (tmp_path / "newsletter.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[sources]]\nkind = "arxiv"\nfollow = ["cs.CL"]\ninterval_minutes = 90\n')

    shown = newsletter("schedule").stdout
    for text in ("deliver", "notices", "pull huggingface", "pull arxiv cs.CL", "failed: no space left", "07:00"):
        assert text in shown
    assert "process 7 on papers schedules" in shown

    found = json.loads(newsletter("schedule", "--json").stdout)
    jobs = {job["name"]: job for job in found["jobs"]}
    assert found["scheduler"] == "process 7 on papers"
    assert list(jobs) == [
        "deliver",
        "notices",
        "pull huggingface",
        "pull arxiv cs.CL",
        "models",
        "monitor",
        "retention",
    ]
    assert list(jobs["deliver"]["local"]) == ["UTC", "Europe/Berlin"]
    assert jobs["models"]["outcome"] == "failed"
    (zone,) = found["zones"]
    assert (zone["time_zone"], zone["local"][11:16], zone["subscribers"]) == ("Europe/Berlin", "07:00", 1)


def test_without_a_process_that_schedules_it_says_so(newsletter: Newsletter) -> None:
    assert "no process schedules now" in newsletter("schedule").stdout
