"""An edition that no mail server takes, in its short form: it prints its figures.

The short form of the drill with kills and restarts is tests/operations/test_fleet.
"""

from __future__ import annotations

import re
import sys
from importlib import import_module

import pytest

pytest.importorskip("procrastinate")


def printed(
    name: str, options: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> dict[str, list[float]]:
    """Run a benchmark; return the numbers of each line, by its first word."""
    monkeypatch.setattr(sys, "argv", [name, *options.split()])
    import_module(f"tests.benchmarks.{name}").main()
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    return {re.split(r"[ :]", line)[0]: [float(one) for one in re.findall(r"[\d.]*\d", line)] for line in lines}


def test_an_edition_without_mail_servers_is_planned_leased_and_recorded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed("fleet_edition", "--subscribers 600 --file", monkeypatch, capsys)

    assert lines["600"] == [600]
    for part in ("planning", "shards", "sending", "planned,", "sent,"):
        assert all(number >= 0 for number in lines[part])
        assert any(number > 0 for number in lines[part])
