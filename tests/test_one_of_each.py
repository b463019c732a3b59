"""What exists once only: a second of its kind would begin to disagree with the first.

Each row names what only one module may contain, as a pattern of source text, and that module.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import newsletter

PACKAGE = Path(newsletter.__file__).parent
SOURCES = {str(path.relative_to(PACKAGE)): path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
#: Released migrations hold copies of what they need, so that they never change.
SOURCES = {name: text for name, text in SOURCES.items() if not name.startswith("store/migrations/")}


@pytest.mark.parametrize(
    ("what", "pattern", "module"),
    [
        ("a token bucket", r"class \w*Bucket\b|\* *\w*\.per_(?:s|minute)\b", "limits/token_bucket.py"),
        ("ASGI middleware that adds headers", r"send_with_headers|MutableHeaders\(scope=message", "web/http/guard.py"),
        ("the names of this machine in a Host header", r"localhost\|127", "web/http/guard.py"),
        ("a graded finding", r"class (?:Finding|Level|Severity|Grade|Check)\b|WARNING = .*\n +W", "models/findings.py"),
        ("a reader of TOML", r"\btomllib\b|\btomli\b|\btomlkit\b", "files/toml_file.py"),
        ("did you mean", r"\bdifflib\b|get_close_matches", "errors/__init__.py"),
        ("the limit of a CSV cell", r"field_size_limit", "files/csv_table.py"),
        ("a reader of CSV", r"csv\.(?:reader|DictReader)\((?!\w*rows)", "files/csv_table.py"),
    ],
)  # fmt: skip
def test_there_is_only_one(what: str, pattern: str, module: str) -> None:
    found = sorted(name for name, text in SOURCES.items() if re.search(pattern, text))
    assert found == [module], f"{what} belongs into {module} only"


def test_all_rate_limits_are_token_buckets() -> None:
    limiters = {name for name in SOURCES if name.endswith("rate_limit.py")}
    assert limiters == {"sending/smtp/rate_limit.py", "sources/http/rate_limit.py", "web/http/rate_limit.py"}
    imported = re.compile(r"^from newsletter\.limits\.token_bucket import .*\bTokenBucket\b", re.MULTILINE)
    assert [name for name in limiters if not imported.search(SOURCES[name])] == []


def test_every_web_application_stands_behind_the_guard() -> None:
    applications = {name for name, text in SOURCES.items() if re.search(r"\bStarlette\(", text)}
    assert applications
    assert all("Middleware(Guard, policy=" in SOURCES[name] for name in applications)
