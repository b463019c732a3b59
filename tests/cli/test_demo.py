"""The demonstration, in a process of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from newsletter.files.site import samples
from newsletter.models import Entry
from newsletter.sources import Document, find_source
from tests.factories import NOW
from tests.program import Program


def run_demo(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "newsletter", "demo", "show"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A folder in which the demonstration was run, and what came of it; the tests leave the folder as it is."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, run_demo(folder)


def test_two_subscribers_get_different_digests_over_smtp(
    shown: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, result = shown

    assert (result.returncode, result.stderr) == (0, "")
    mails = {
        path.stem: message_from_bytes(path.read_bytes(), policy=default)
        for path in (folder / "show" / "inbox").glob("*.eml")
    }
    assert sorted(mails) == ["ada", "grace"]
    assert all(not mail.defects and not part.defects for mail in mails.values() for part in mail.walk())
    assert mails["ada"]["Subject"] != mails["grace"]["Subject"]
    assert result.stdout.count("  not sent  ") == 2
    for name in mails:
        assert (folder / "show" / "inbox" / f"{name}.html").exists()
        assert str(Path("show", "inbox", f"{name}.txt")) in result.stdout


def test_the_demonstration_can_be_run_again(
    shown: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    shutil.copytree(shown[0], tmp_path, dirs_exist_ok=True)

    with Program("demo", "show", folder=tmp_path) as again:
        printed, problems = again.communicate()

    assert (again.returncode, problems) == (0, "")
    assert printed.count("  not sent  ") == 2


def test_a_directory_with_other_files_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "show").mkdir()
    (tmp_path / "show" / "thesis.tex").write_text("years of work", encoding="utf-8")

    with Program("demo", "show", folder=tmp_path) as demo:
        demo.communicate()

    assert (demo.returncode, (tmp_path / "show" / "thesis.tex").read_text(encoding="utf-8")) == (1, "years of work")


def test_the_sample_papers_are_many_and_varied() -> None:
    file = samples() / "huggingface-2026-05-08.json"
    entries = list(find_source("huggingface")().parse(Document(str(file), file.read_bytes()), NOW.date()))

    papers = [entry for entry in entries if isinstance(entry, Entry)]
    assert len(entries) == len(papers) >= 30
    assert b"$" in file.read_bytes()
    assert max(len(paper.title) for paper in papers) > 150
    assert max(len(paper.authors) for paper in papers) > 50
    assert sum(paper.organization is not None for paper in papers) >= 5
