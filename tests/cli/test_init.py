from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from newsletter.cli import main
from tests.cli.conftest import Newsletter


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [path]
    for name, command in group.commands.items():
        if command.hidden:  # an alias that the last release had
            continue
        found += commands(command, (*path, name)) if isinstance(command, click.Group) else [(*path, name)]
    return found


@pytest.mark.parametrize("path", commands(main), ids=" ".join)
def test_every_command_has_an_example_in_its_help(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*path, "--help"], prog_name="newsletter")

    assert result.exit_code == 0
    assert "newsletter " + " ".join(path) in result.stdout.partition("\n")[2]
    assert "Example" in result.stdout or path == ()


def test_help_does_not_import_what_only_some_commands_need() -> None:
    heavy = ("sqlite_utils", "premailer", "lxml", "httpx", "jinja2", "apscheduler", "aiosmtpd", "markdown", "rich")
    program = f"import sys, newsletter.cli; print([name for name in {heavy!r} if name in sys.modules])"

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"


def test_init_creates_a_site_and_keeps_existing_files(newsletter: Newsletter, tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text("[site]\nname = 'Mine'\n", encoding="utf-8")

    again = newsletter("init")

    assert "created" not in again.stdout
    assert (tmp_path / "newsletter.toml").read_text(encoding="utf-8") == "[site]\nname = 'Mine'\n"
    assert "In-context learning" in newsletter("topics").stdout


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


def test_an_invalid_setting_is_a_one_line_error_with_file_and_setting(newsletter: Newsletter, tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text("[smtp]\nhots = 'mail'\n", encoding="utf-8")

    result = newsletter("send")

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"newsletter: {tmp_path}/newsletter.toml: smtp.hots: no such setting (did you mean smtp.host?)",
    ]


def test_a_file_that_is_not_a_database_is_refused(newsletter: Newsletter, tmp_path: Path) -> None:
    for file in tmp_path.glob("newsletter.db*"):
        file.unlink()
    (tmp_path / "newsletter.db").write_text("not a database at all, just words " * 99, encoding="utf-8")

    result = newsletter("papers")

    assert result.exit_code == 1
    assert "newsletter.db: file is not a database" in result.stderr
