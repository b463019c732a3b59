from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from newsletter.cli import main
from newsletter.errors import NewsletterError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("shell", "files"),
    [
        ("bash", {".local/share/newsletter/completion.bash", ".bashrc"}),
        ("zsh", {".local/share/newsletter/completion.zsh", ".zshrc"}),
        ("fish", {".config/fish/completions/newsletter.fish"}),
    ],
)
def test_it_is_installed_once_and_keeps_what_is_there(home: Path, shell: str, files: set[str]) -> None:
    (home / f".{shell}rc").write_text("alias ll='ls -l'", encoding="utf-8")
    wrote = CliRunner().invoke(main, ["completion", "--install", shell]).stdout
    assert {line.removeprefix(f"wrote {home}/") for line in wrote.splitlines()[:-1]} == files

    again = CliRunner().invoke(main, ["completion", "--install"], env={"SHELL": f"/bin/{shell}"})

    assert again.stdout == "It is installed already.\n"
    assert (home / f".{shell}rc").read_text(encoding="utf-8").startswith("alias ll='ls -l'")
    assert all((home / file).is_file() for file in files)


def test_bash_reads_what_was_installed(home: Path) -> None:
    CliRunner().invoke(main, ["completion", "--install", "bash"])

    found = subprocess.run(
        ["bash", "--norc", "-c", f". {home}/.bashrc; complete -p newsletter"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout == "complete -o nosort -F _newsletter_completion newsletter\n"


def test_the_program_completes_its_commands() -> None:
    completed = CliRunner().invoke(
        main, [], prog_name="newsletter",
        env={"_NEWSLETTER_COMPLETE": "bash_complete", "COMP_WORDS": "newsletter conf", "COMP_CWORD": "1"},
    )  # fmt: skip
    assert completed.stdout == "plain,config\n"


def test_an_unknown_shell_has_to_be_named(home: Path) -> None:
    asked = CliRunner().invoke(main, ["completion", "--install"], env={"SHELL": "/bin/tcsh"})
    assert (asked.exit_code, "name the shell: bash, zsh, fish" in asked.stderr) == (2, True)
    (home / ".bashrc").mkdir()
    refused = CliRunner().invoke(main, ["completion", "--install", "bash"])
    assert (refused.exit_code, "cannot be installed" in refused.stderr) == (NewsletterError.exit_code, True)
