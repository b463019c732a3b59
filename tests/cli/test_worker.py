"""`newsletter worker`, but for what it sends: that is tests/operations/test_fleet."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.postgresql import new_store
from tests.program import Program

_IMPORTED = """
import sys
from newsletter.cli import main
try:
    main(sys.argv[1:])
finally:
    names = ("procrastinate", "psycopg", "newsletter.operations.fleet", "newsletter.pipeline.fleet")
    print(*(name for name in sys.modules if name.startswith(names)), file=sys.stderr)
"""


def test_a_site_whose_database_is_a_file_has_no_workers(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text("", encoding="utf-8")
    with Program("--site", str(tmp_path), "worker") as program:
        printed, complaints = program.communicate()
    assert (printed, program.returncode) == ("", 1)
    (line,) = complaints.splitlines()
    assert "database.url" in line


@pytest.mark.parametrize("arguments", [["run", "-q"], ["send", "--dry-run"], ["status"]])
def test_one_machine_imports_nothing_of_the_fleet(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "newsletter.toml").write_text("", encoding="utf-8")
    command = [sys.executable, "-c", _IMPORTED, "--site", str(tmp_path), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.stderr.splitlines()[-1] == ""


def test_a_worker_is_shown_by_status_and_ends_by_a_signal(tmp_path: Path) -> None:
    pytest.importorskip("procrastinate")
    (tmp_path / "newsletter.toml").write_text(f'database.url = "{new_store().text}"\n', encoding="utf-8")
    with Program("--site", str(tmp_path), "worker") as program:
        assert program.stdout.readline().startswith("worker ")
        for _ in range(100):
            with Program("--site", str(tmp_path), "status") as status:
                shown = status.communicate()[0]
            if "0 shards waiting" in shown:
                break
        assert f"process {program.pid} on " in shown
        program.send_signal(signal.SIGTERM)
        assert program.communicate()[1] == ""
    assert program.returncode == 0
