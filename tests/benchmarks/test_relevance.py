"""The benchmark of relevance, on verdicts that are given; learning from recorded days takes a minute."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.relevance import Judged, main, print_table, read_table


def test_without_judgments_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["relevance", str(tmp_path / "missing.tsv")])
    main()
    assert "nothing is measured" in capsys.readouterr().out


def test_a_table_has_a_header(tmp_path: Path) -> None:
    table = tmp_path / "judgments.tsv"
    table.write_text("topic\tsince\tpaper\tverdict\npears\t2026-05-05\tarxiv:1\t2\n", encoding="utf-8")
    assert read_table(table) == [{"topic": "pears", "since": "2026-05-05", "paper": "arxiv:1", "verdict": "2"}]


def test_it_counts_what_is_shown_from_a_score_on(capsys: pytest.CaptureFixture[str]) -> None:
    found = [Judged(2, False, 1.2, 0.1), Judged(2, False, 0.9, 0.0), Judged(1, False, 0.8, 0.4), Judged(0, False, 0, 0)]
    print_table("some", found, [1.0], floor=0.85)
    printed = capsys.readouterr().out
    assert "some: 2 relevant, 1 marginal, 1 wrong" in printed
    assert "AUC of score: 1.00" in printed
    assert "from 1.00:   1 relevant,   0 marginal,   0 wrong" in printed
