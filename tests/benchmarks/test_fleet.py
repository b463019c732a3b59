"""The drills of a fleet, in their short form: they print their figures, and nobody is missed."""

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


def test_a_fleet_that_is_killed_and_restarted_in_the_middle_misses_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = "--subscribers 150 --workers 2 --kills 1 --restart --rolling"
    lines = printed("fleet", options, monkeypatch, capsys)

    missed, twice, bound = lines["missed"]
    assert missed == 0
    assert twice <= bound
    assert lines["under"] == [0]
    editions, planned, ticks, _, at_once = lines["editions"]
    assert editions == 1
    assert 0 < planned <= ticks + 5  # at most once for each, and once when each of the workers began
    assert at_once == 0


def test_an_edition_without_mail_servers_is_planned_leased_and_recorded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed("fleet_edition", "--subscribers 600 --file", monkeypatch, capsys)

    assert lines["600"] == [600]
    for part in ("planning", "shards", "sending", "planned,", "sent,"):
        assert all(number >= 0 for number in lines[part])
        assert any(number > 0 for number in lines[part])
