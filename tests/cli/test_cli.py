from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from newsletter.cli import main
from tests.cli.conftest import Newsletter
from tests.reference import commands


@pytest.mark.parametrize("path", [path for path in commands(main) if path], ids=" ".join)
def test_every_command_has_an_example_in_its_help(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*path, "--help"], prog_name="newsletter")

    assert result.exit_code == 0
    assert "newsletter " + " ".join(path) in result.stdout.partition("Example")[2]


#: What only some commands need: libraries that take a tenth of a second to import, and our sources.
_HEAVY = (
    "sqlite_utils", "numpy", "premailer", "lxml", "httpx", "jinja2", "apscheduler", "aiosmtpd", "markdown", "rich",
    "newsletter.sources.arxiv", "newsletter.sources.feed", "newsletter.rendering.environment",
)  # fmt: skip


@pytest.mark.parametrize("command", ["--help", "subscribers list --json"])
def test_a_command_does_not_import_what_only_others_need(command: str, newsletter: Newsletter, tmp_path: Path) -> None:
    newsletter("subscribers", "add", "ada@example.org")
    program = (
        "import sys; from newsletter.cli import main\n"
        f"try: main({command.split()!r}, prog_name='newsletter')\n"
        f"finally: print([name for name in {_HEAVY!r} if name in sys.modules])"
    )

    result = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert result.stdout.splitlines()[-1] == "[]"


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


def test_the_order_of_commands_is_that_of_a_new_site(newsletter: Newsletter) -> None:
    listed = newsletter("--help").stdout.partition("Commands:\n")[2].partition("\n\n")[0]

    assert [line.split()[0] for line in listed.splitlines() if line[2] != " "][:3] == ["init", "sources", "pull"]


@pytest.mark.parametrize("command", [("papers",), ("subscribers",), ("sources",), ("doctor", "--offline")])
def test_any_command_warns_of_a_variable_that_sets_nothing(
    newsletter: Newsletter, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("NEWSLETTER_SMTP_PASWORD", "a secret")
    result = newsletter(*command)
    line = "newsletter: environment: NEWSLETTER_SMTP_PASWORD: no such setting (did you mean NEWSLETTER_SMTP_PASSWORD?)"
    assert result.stderr.splitlines().count(line) == 1
    assert "a secret" not in result.stdout + result.stderr
    assert ("NEWSLETTER_SMTP_PASWORD" in result.stdout) is (command[0] == "doctor")
