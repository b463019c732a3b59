"""A site, and the command line in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from newsletter.cli import main

Newsletter = Callable[..., Result]


@pytest.fixture(scope="session")
def new_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site that `init` makes, to be copied: making one takes longer than most commands."""
    folder = tmp_path_factory.mktemp("new")
    assert CliRunner().invoke(main, ["init", str(folder)]).exit_code == 0
    return folder


@pytest.fixture
def newsletter(new_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsletter:
    """Run a command in a new site; stdout and stderr are separate, and nothing is wrapped."""
    shutil.copytree(new_site, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    runner = CliRunner()

    def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
        result = runner.invoke(main, list(arguments), input=stdin, prog_name="newsletter")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def without_sources(folder: Path) -> None:
    """Take the sources out of a site's settings: `serve` would pull them at once."""
    path = folder / "newsletter.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("[[sources]]\nkind =", "# kind =", 1), encoding="utf-8")


PAGE = """Daily Papers

May 8

Counting Sheep with Small Models

We count sheep. The sheep stay calm, and in-context learning from an example helps.

  • 3 authors
·
Apr 15

A Gentle Robot for Orchards

We teach a robot to pick pears. It drops few.

Pear-Lab Pear Laboratory
·
Oct 21, 2025 2
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A saved Daily Papers page with two papers."""
    path = tmp_path / "saved.txt"
    path.write_text(PAGE, encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the wait between two attempts."""
    monkeypatch.setattr("newsletter.sources.http.retry._FIRST_WAIT_S", 0.01)
