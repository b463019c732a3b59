"""The benchmark of topics, on three invented papers; the recorded judgments take a minute."""

from __future__ import annotations

import json
from math import isnan
from pathlib import Path

import pytest

from tests.benchmarks.topics import WAYS, Figures, area_under_curve, editions, main, outcomes, read_days, read_judgments


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "cases" / "ranking" / "days"
    folder.mkdir(parents=True)
    titles = {1: "Pruning of roses", 2: "Pruning networks", 3: "Sparse networks"}
    rows = [{"id": f"2605.0000{n}", "title": title, "abstract": "Shears."} for n, title in titles.items()]
    (folder / "2026-05-12.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    judged = {1: ("wrong", "title"), 2: ("relevant", "title"), 3: ("relevant", "")}
    lines = [
        {"topic": "pruning", "day": "2026-05-12", "paper": f"arxiv:2605.0000{n}", "judgment": verdict, "matched_in": at}
        for n, (verdict, at) in judged.items()
    ]
    (folder.parent / "judgments.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return tmp_path


def test_a_judged_paper_is_shown_or_lost(data: Path) -> None:
    judgments = read_judgments(data)
    papers, first = read_days(data, judgments[0].day)
    found = outcomes(WAYS["words"], editions(papers, first, judgments), judgments)
    assert [one.is_shown for one in found] == [True, True, False]
    figures = dict(Figures(found).rows())
    assert figures["relevant: shown or near"].split() == ["1", "of", "2", "=", "50%"]
    assert figures["wrong: gone"].split()[:3] == ["0", "of", "1"]


def test_the_area_under_the_curve_is_the_share_of_pairs_in_order() -> None:
    assert area_under_curve([0.0, 0.5], [1.0]) == 1
    assert area_under_curve([0.5], [0.5]) == 0.5
    assert area_under_curve([1.0], [0.0]) == 0
    assert isnan(area_under_curve([], [0.0]))


def test_without_judgments_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["topics", str(tmp_path)])
    main()
    assert "nothing is measured" in capsys.readouterr().out
