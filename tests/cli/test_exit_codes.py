"""The table of exit codes holds every code that the program ends with, and the documentation holds the table."""

from __future__ import annotations

import re
from pathlib import Path

from newsletter.cli.exit_codes import ExitCode, exit_codes_table

ROOT = Path(__file__).parent.parent.parent


def test_every_exit_code_of_the_code_is_in_the_table() -> None:
    known = {code.value for code in ExitCode}
    for path in ROOT.glob("newsletter/**/*.py"):
        text = path.read_text(encoding="utf-8")
        named = re.findall(r"exit_code(?:: int)? = (\d+)|\bexit\((\d+)\)", text)
        assert {int(one) for pair in named for one in pair if one} <= known, path


def test_every_mention_of_an_exit_code_in_help_and_docs_is_in_the_table() -> None:
    known = {code.value for code in ExitCode}
    for path in (*ROOT.glob("newsletter/cli/*.py"), *ROOT.glob("docs/*.md"), ROOT / "README.md"):
        for number in re.findall(r"[Ee]xit codes? (\d+)", path.read_text(encoding="utf-8")):
            assert int(number) in known, (path, number)


def test_the_reference_has_the_table() -> None:
    page = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    for row in exit_codes_table():
        assert f"| {' | '.join(row)} |" in page
