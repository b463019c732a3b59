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
        f"newsletter: no newsletter.toml in {tmp_path} or above it "
        "(make a site here with: newsletter init; or name yours with --site DIRECTORY or NEWSLETTER_SITE)\n"
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


def test_a_site_is_chosen_by_a_variable_in_which_a_tilde_is_the_home(
    newsletter: Newsletter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "subscribers"  # which is in a site
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("HOME", str(tmp_path.parent))
    monkeypatch.setenv("NEWSLETTER_SITE", f"~/{tmp_path.name}")
    assert newsletter("topics").exit_code == 0
    monkeypatch.setenv("NEWSLETTER_SITE", str(elsewhere))
    assert f"create a site there with: newsletter init {elsewhere}" in newsletter("topics").stderr
