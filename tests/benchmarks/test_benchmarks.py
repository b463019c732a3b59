"""The benchmarks run and print their figures. No test asserts a time."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner

from newsletter.cli import main as newsletter
from tests.benchmarks import year
from tests.benchmarks.orders import differences
from tests.ranking.conftest import library

ROOT = Path(__file__).parents[2]

#: Run a benchmark with these options; return what it prints.
Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a benchmark in this process, which has imported most of the program already; it must end well."""

    def printed(name: str, *options: str) -> str:
        module = import_module(f"tests.benchmarks.{name}")
        monkeypatch.setattr(sys, "argv", [name, *options])
        try:
            module.main()
        except SystemExit as ended:
            if ended.code:
                raise
        return capfd.readouterr().out

    return printed


def test_the_sizes_benchmark_runs_as_a_module_and_prints_a_line_for_each_generator() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.sizes", "--size", "50", "--rounds", "1", "--only", "form: name"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert re.search(r"form: name +marks( +\d+\.\d\d){4} +\d+\.\d", printed)
    assert "largest ratio: " in printed


def test_the_pull_benchmark_prints_its_ratios(run: Run) -> None:
    printed = run("pull", "--size", "60", "--rounds", "1")
    assert re.search(r"first pull +\d+ papers/s +\d+\.\d\d", printed)
    assert re.search(r"second pull +\d+ papers/s +\d+\.\d\d", printed)
    assert re.search(r"peak memory: \d+ MB for 60 papers, \d+ MB for 240: \d\.\d\d", printed)


def test_the_matching_benchmark_prints_its_ratios_and_the_same_hits(run: Run) -> None:
    printed = run("matching", "--topics", "40", "--papers", "40")
    assert len(re.findall(r"one FTS5 query per topic +[\d.]+ s +[\d.]+", printed)) == 2
    assert all(ours == theirs for ours, theirs in re.findall(r"hits (\d+) \(FTS5: (\d+)\)", printed))


def test_the_composing_benchmark_prints_its_figures(run: Run) -> None:
    printed = run("composing", "--subscribers", "50", "--topics", "20", "--papers", "30")
    assert re.search(r"distinct profiles +[\d.]+ s +\d+ µs each", printed)


def test_the_planning_benchmark_prints_its_ratio(run: Run) -> None:
    printed = run("planning", "--subscribers", "30")
    assert re.search(r"30 deliveries: \d+ µs each on PostgreSQL .*, \d+ in a file: ratio \d+\.\d\d", printed)


def test_the_year_benchmark_prints_its_ratios(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the first, its commands run in this process, which has imported what takes most of their time."""
    in_its_own = year.cpu_of

    def cpu_of(folder: Path, *command: str) -> float:
        if command == ("--version",):
            return in_its_own(folder, *command)
        began = time.process_time()
        ended = CliRunner().invoke(newsletter, ["--site", str(folder), *command], prog_name="newsletter")
        assert ended.exit_code == 0, ended.output
        return time.process_time() - began

    monkeypatch.setattr(year, "cpu_of", cpu_of)
    printed = run("year", "--days", "4", "--papers", "20", "--subscribers", "30", "--rounds", "1")
    assert re.search(r"4 days, 80 papers, 120 deliveries in \d+ s: \d+ MB, \d+ B a delivery", printed)
    assert re.search(r"send, nothing due +\d+ ms +\d+\.\d", printed)
    assert re.search(r"run, nothing due +\d+ ms +\d+\.\d", printed)
    assert re.search(r"planning 30 digests +\d+ ms +\d+\.\d\d of 30 on day", printed)


def test_the_taste_benchmark_prints_its_table(run: Run, tmp_path: Path) -> None:
    rows = [
        {
            "id": f"2605.{paper.id:05}",
            "title": paper.title,
            "abstract": f"{paper.abstract} rare{paper.id % 15} few{paper.id % 17}",
            "categories": ["cs.AI", *(["cs.CL"] if paper.id % 8 == 1 else [])],
        }
        for paper in library(200)
    ]
    (tmp_path / "day.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    printed = run("taste", str(tmp_path / "day.jsonl"), "--seeds", "1")
    assert re.search(r"this package +(?:\d\.\d{3} +){5}\d\.\d\d", printed)


def test_the_assembling_benchmark_prints_its_ratios(run: Run) -> None:
    printed = run("assembling", "--messages", "1")
    assert len(re.findall(r"assembled, digest shared +[\d.]+ µs +plain is slower by \d+", printed)) == 3
    assert re.search(r"an edition of 100 papers: \d+ ms, as long as [\d.]+ plain digests of 20", printed)
    assert "MB more after 1 messages" in printed


def test_the_morning_benchmark_prints_its_stages_and_finds_messages_equal(run: Run) -> None:
    printed = run("morning", "--subscribers", "12", "--papers", "80", "--plain", "2", "--compare", "12")
    assert "12 of 12 messages equal those made the plain way, part by part" in printed
    assert "12 messages of 12 distinct digests" in printed
    stages = ("plan and compose", "inlining", "cards", "assembling", "signing", "ledger and SMTP", "in all")
    assert all(re.search(rf"{stage} +[\d.]+ ms +[\d.]+", printed) for stage in stages)
    assert re.search(r"peak memory: \d+ MB; the store grew by \d+ bytes a delivery", printed)


@pytest.mark.skipif(shutil.which("smtp-source") is None, reason="Debian's postfix is not installed")
def test_the_delivering_benchmark_prints_its_ratios(run: Run) -> None:
    printed = run("delivering", "--subscribers", "8", "--rounds", "1", "--brief")
    assert len(re.findall(r"unsigned +\d+/s +[\d.]+ +CPU +\d+ µs each +[\d.]+ +without the start +\d", printed)) == 2
    assert re.search(r"our signed messages are faster by \d+", printed)
    assert re.search(r"two senders are faster than one by [\d.]+", printed)
    assert re.search(r"signed messages, CPU: [\d.]+ of one RSA operation .*, [\d.]+ without the start", printed)


def test_the_crash_benchmark_misses_nobody(run: Run) -> None:
    printed = run("crashing", "--subscribers", "200", "--kills", "2", "--rude")
    assert "missed: 0" in printed
    assert "of which under another Message-ID: 0" in printed


def test_the_importing_benchmark_prints_its_ratios(run: Run) -> None:
    printed = run("importing", "--rows", "100")
    ratios = r"100 rows: \d+/s, [\d.]+ of csv and executemany \([\d.]+ in CPU time\); \d+ MB"
    assert len(re.findall(ratios, printed)) == 2


@pytest.mark.skipif(shutil.which("wrk") is None, reason="Debian's wrk is not installed")
def test_the_serving_benchmark_prints_its_ratios(run: Run) -> None:
    printed = run("serving", "--requests", "3", "--papers", "400")
    assert len(re.findall(r"ms of CPU, [\d.]+ times a file", printed)) == 17
    assert re.search(r"while another process sends: p99 [\d.]+ ms, else [\d.]+ ms; [\d.]+ times, medians of 3", printed)
    assert re.search(r"p99 among 400 is [\d.]+ of that among 200", printed)


def test_the_hostile_visitor_benchmark_prints_its_ratios_and_shuts_down(run: Run) -> None:
    printed = run("hostile_visitor", "--seconds", "0.3", "--papers", "200")
    assert re.search(r"hostile visitor: [\d.]+ of the idle p99", printed)
    assert re.search(r"silent mail server: [\d.]+ of the idle p99", printed)
    assert re.search(r"SIGTERM: ended after [\d.]+ s", printed)


def test_the_benchmark_of_recorded_tex_prints_what_is_left_by_kind(run: Run, tmp_path: Path) -> None:
    (tmp_path / "arxiv-days").mkdir()
    row = {"id": "2605.01234", "title": r"Counting $k$ clouds with \ours", "summary": r"At $x^2$ and \method{}."}
    with gzip.open(tmp_path / "arxiv-days" / "day.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps(row))
    printed = run("recorded_tex", "--data", str(tmp_path))
    assert "1 papers, of which 1 are changed by reading; read again, 0 change" in printed
    assert "TeX left in 1 papers: 100.000%" in printed
    assert re.search(r"1 +\\ours +2605\.01234: Counting k clouds with \\ours", printed)
    printed = run("recorded_tex", "--data", str(tmp_path), "--sample", "2")
    assert "+ At x² and \\method{}." in printed


def test_the_benchmark_of_formulas_finds_none_that_changes(run: Run) -> None:
    printed = run("formulas", "--count", "100", "--seed", "5")
    assert re.search(r" 100 equal\n +0 changed value\n +0 ambiguous", printed)


def test_the_benchmark_of_library_files_prints_its_shares(run: Run) -> None:
    printed = run("libraries", "--count", "20")
    assert len(re.findall(r"what was written( +100\.000%){4} +\d+ +\d+", printed)) == 8
    assert len(re.findall(r"another reader( +100\.000%){4} +\d+\.\d\d", printed)) == 6


def test_the_benchmark_of_orders_finds_stores_equal_and_says_where_they_are_not(run: Run, tmp_path: Path) -> None:
    printed = run("orders", "--count", "400", "--data", str(tmp_path))
    assert len(re.findall(r"400 entries +100 papers +0 differences", printed)) == 4
    assert differences({"a": {"title": "A"}}, {"a": {"title": "B"}, "c": {}}) == [
        "c: in one store only",
        "a: title is 'A' or 'B'",
    ]
