from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from newsletter.cli import main
from tests.cli.conftest import Newsletter


def test_outside_of_a_site_the_error_names_the_next_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(main, ["papers"])

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"newsletter: no newsletter.toml in {tmp_path} or above it (make a site here with: newsletter init)\n"
    )


def test_a_command_works_in_a_subdirectory_of_the_site(
    newsletter: Newsletter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "subscribers")

    assert newsletter("subscribers", "sync").exit_code == 0


def test_a_site_is_chosen_by_option(newsletter: Newsletter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path.parent)

    assert newsletter("--site", str(tmp_path), "topics").exit_code == 0
    assert "no newsletter.toml in it" in newsletter("--site", str(tmp_path / "subscribers"), "topics").stderr
