"""The ports of a run at the command line: its event log, and that stdout stays for results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newsletter.cli.context import Opened
from newsletter.cli.progress import make_ports
from newsletter.pipeline.outcomes import Outcome, OutcomeStatus
from newsletter.pipeline.ports import Step


@pytest.mark.parametrize("with_addresses", [False, True])
def test_each_outcome_is_an_event(tmp_path: Path, capsys: pytest.CaptureFixture[str], with_addresses: bool) -> None:
    settings = f'[log]\npath = "events.log"\naddresses = {str(with_addresses).lower()}\n'
    (tmp_path / "newsletter.toml").write_text(settings, encoding="utf-8")
    outcome = Outcome("ada@x.example", OutcomeStatus.SENT, "Pears", "daily-2026-05-08", 3, 12)
    with make_ports(Opened(tmp_path)).watch_deliveries() as watch:
        watch.expect(1)
        watch.report(outcome)

    (line,) = (tmp_path / "events.log").read_text(encoding="utf-8").splitlines()
    event = json.loads(line)
    assert event.pop("at")
    assert event.pop("email", None) == ("ada@x.example" if with_addresses else None)
    assert event == {
        "event": "delivery", "level": "info", "edition": "daily-2026-05-08", "subscriber": 12, "status": "sent",
        "papers": 3, "detail": "Pears",
    }  # fmt: skip
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("step", Step)
def test_the_progress_of_a_step_is_not_printed_into_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], step: Step
) -> None:
    (tmp_path / "newsletter.toml").touch()
    with make_ports(Opened(tmp_path)).show_progress(step, "arxiv") as detail:
        detail("page 2")
    assert capsys.readouterr().out == ""
