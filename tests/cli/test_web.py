"""`newsletter web hash-password`."""

from __future__ import annotations

from click.testing import CliRunner

from newsletter.cli import main
from newsletter.config.passwords import is_correct


def test_a_password_is_hashed_from_stdin() -> None:
    result = CliRunner().invoke(main, ["web", "hash-password", "--stdin"], input="open sesame \n")
    assert result.exit_code == 0
    assert is_correct("open sesame ", result.stdout.strip())


def test_a_password_is_asked_for_twice() -> None:
    result = CliRunner().invoke(main, ["web", "hash-password"], input="open sesame\nopen sesame\n")
    assert is_correct("open sesame", result.stdout.splitlines()[-1])


def test_a_short_password_is_refused() -> None:
    assert CliRunner().invoke(main, ["web", "hash-password", "--stdin"], input="short\n").exit_code == 2
