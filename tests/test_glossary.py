"""One word per thing: what docs/architecture.md calls things is what code, commands, settings and docs call them."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from newsletter.cli import main
from newsletter.config.schema import SETTINGS
from tests.glossary import BANNED_PARTS, BANNED_PHRASES, is_excepted, parts_of

ROOT = Path(__file__).parent.parent
_PHRASES = re.compile("|".join(f"(?:{phrase})" for phrase in BANNED_PHRASES), re.IGNORECASE)


def tracked(*patterns: str) -> list[str]:
    asked = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=False)
    if asked.returncode:
        pytest.skip("not a git checkout: the tracked files are not known")
    return [name for name in asked.stdout.splitlines() if (ROOT / name).exists()]


def identifiers(source: str) -> Iterator[tuple[int, str]]:
    """Yield what a module defines or binds: functions, classes, arguments, variables, fields.

    A module that has none of the banned words anywhere is not parsed: that takes most of the time.
    """
    if not any(part in BANNED_PARTS for word in set(re.findall(r"\w+", source)) for part in parts_of(word)):
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if command.hidden:
            continue
        yield " ".join((*path, name)), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def test_identifiers_use_the_words_of_the_field() -> None:
    found = {
        f"{name}:{line}: {identifier} (say {BANNED_PARTS[part]})"
        for name in tracked("newsletter/*.py", "newsletter/**/*.py", "tests/*.py", "tests/**/*.py")
        for line, identifier in identifiers((ROOT / name).read_text(encoding="utf-8"))
        for part in parts_of(identifier)
        if part in BANNED_PARTS and not is_excepted(f"{name}: {identifier}")
    }
    assert sorted(found) == []


def test_file_names_use_the_words_of_the_field() -> None:
    found = [
        name
        for name in tracked()
        if any(part in BANNED_PARTS for part in parts_of(Path(name).stem)) and not is_excepted(f"{name}: {name}")
    ]
    assert found == []


def test_settings_use_the_words_of_the_field() -> None:
    found = [
        f"{setting.name}: {match[0]}"
        for setting in SETTINGS
        for match in [_PHRASES.search(f"{setting.name.replace('.', ' ').replace('_', ' ')}: {setting.help}")]
        if match and not is_excepted(f"settings: {setting.name}: {match[0]}")
    ]
    assert found == []


def test_help_uses_the_words_of_the_field() -> None:
    found = []
    for path, _command in commands(main):
        text = CliRunner().invoke(main, [*path.split(), "--help"]).output
        found += [f"{path}: {match[0]}" for match in _PHRASES.finditer(text) if not is_excepted(f"{path}: {match[0]}")]
    assert found == []


def test_docs_and_templates_use_the_words_of_the_field() -> None:
    found = []
    for name in tracked("*.md", "docs/*.md", "docs/**/*.md", "templates/**", "subscribers/*", "newsletter.toml"):
        for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), start=1):
            found += [
                f"{name}:{number}: {match[0]}"
                for match in _PHRASES.finditer(line)
                if not is_excepted(f"{name}: {line.strip()}")
            ]
    assert found == []


@pytest.mark.parametrize(
    "words",
    [
        "unsubscribe", "opt_in", "bounce", "complaint", "suppress", "rate_limit", "retry", "csrf", "ssrf", "cach",
        "duplicate", "merge", "signal", "event_log", "export", "erase", "embedding", "webhook",
    ],
)  # fmt: skip
def test_a_search_by_the_fields_word_finds_the_place(words: str) -> None:
    modules = tracked("newsletter/*.py", "newsletter/**/*.py")
    in_names = [name for name in modules if words in name.lower()]
    definitions = re.compile(
        rf"^\s*(?:def|class|async def) \w*{words.replace('_', '_?')}\w*", re.IGNORECASE | re.MULTILINE
    )
    in_definitions = [name for name in modules if definitions.search((ROOT / name).read_text(encoding="utf-8"))]
    assert in_names or in_definitions
