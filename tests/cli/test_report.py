"""What is printed of a delivery report."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from newsletter.cli.report import print_delivery_problems, show_outcomes
from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.errors import TransportError
from newsletter.files.site import Site
from newsletter.pipeline.outcomes import DeliveryReport, Outcome, OutcomeStatus


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "newsletter.toml").touch()
    return load_config(Site(tmp_path), environ={})


def test_outcomes_are_a_table_and_totals(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    sent = Outcome("ada@x.example", OutcomeStatus.SENT, "Pears", "daily-2026-05-08", 3)
    show_outcomes(config, DeliveryReport((sent,), Counter({OutcomeStatus.SENT: 3})))

    *table, more, totals = capsys.readouterr().out.splitlines()
    assert table[-1].split() == ["ada@x.example", "sent", "daily-2026-05-08", "3", "Pears"]
    assert more == "and 2 more subscribers"
    assert totals == f"3 sent; into the Maildir {config.outbox}"


def test_without_subscribers_the_next_step_is_named(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    show_outcomes(config, DeliveryReport((), Counter()))
    assert capsys.readouterr().out.startswith("No subscribers yet. Next: newsletter subscribers add")


def test_problems_are_printed_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = (
        Outcome("ada@x.example", OutcomeStatus.FAILED, "550 who?"),
        Outcome("ben@x.example", OutcomeStatus.SENT, "Pears"),
    )
    print_delivery_problems(DeliveryReport(outcomes, Counter(), TransportError("server down"), in_doubt=1))

    output, errors = capsys.readouterr()
    in_doubt = "newsletter: 1 message in doubt; resent under the same Message-ID: see newsletter deliveries failures"
    in_doubt += " --in-doubt"
    assert output == ""
    assert errors.splitlines() == [
        "newsletter: server down",
        "newsletter: ada@x.example: failed: 550 who?",
        in_doubt,
    ]
