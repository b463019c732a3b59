"""The tree of tests mirrors the package: each module with logic has the test file that one would guess."""

from __future__ import annotations

import ast
from pathlib import Path

import newsletter

PACKAGE = Path(newsletter.__file__).parent
TESTS = Path(__file__).parent

#: Modules that are tested under another name, and why.
ELSEWHERE = {
    "__main__.py": "one line: `python -m newsletter`, which tests/cli runs",
    "models/__init__.py": "the domain's frozen dataclasses; their few properties are tested where they are used",
    "pipeline/delivery_run.py": "the middle of pipeline/deliver: test_deliver, test_never_twice, test_crash",
    "pipeline/explanation_text.py": "the words of pipeline/explain: test_explain",
    "pipeline/ports.py": "the interface of pipeline/run: test_run",
    "pipeline/sender_process.py": "the other side of pipeline/senders: test_senders, test_delivery_crash",
    "sending/smtp/settings.py": "the settings of a mail server: tests/config/test_load",
    "store/opening.py": "how a database is opened: test_database, test_migrations",
    "subscribers/import_columns.py": "the columns of other tools' exports: test_people_in_and_out",
    "subscribers/traces.py": "what erasing finds: test_privacy",
}


def has_logic(path: Path) -> bool:
    """Return whether a module defines more than data: functions, or methods other than `__new__` and the like."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return any(not name.startswith("__") for name in functions)


def modules() -> list[str]:
    found = (path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py" and has_logic(path))
    names = (path.relative_to(PACKAGE).as_posix() for path in found)
    # Released migrations are held by stores of old versions: test_migrations, test_upgrade.
    return sorted(name for name in names if not name.startswith("store/migrations/"))


def guessed(module: str) -> Path:
    folder, _, name = module.rpartition("/")
    return TESTS / folder / f"test_{name}"


def test_every_module_with_logic_has_the_test_file_one_would_guess() -> None:
    assert [name for name in modules() if not guessed(name).is_file() and name not in ELSEWHERE] == []


def test_the_exceptions_are_modules_without_one() -> None:
    assert [name for name in ELSEWHERE if not (PACKAGE / name).is_file() or guessed(name).is_file()] == []


def test_every_folder_of_the_package_is_a_folder_of_tests() -> None:
    folders = {path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")}
    assert [str(one) for one in folders if not (TESTS / one).is_dir() and one != Path("store/migrations")] == []
