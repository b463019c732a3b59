"""The promises of docs/security.md: each has tests, and these exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_each_promise_of_the_security_page_is_held_by_tests() -> None:
    rows = [
        line.split(" | ")
        for table in (ROOT / "docs" / "security.md").read_text(encoding="utf-8").split("| promise | held by |\n")[1:]
        for line in table.split("\n\n")[0].splitlines()[1:]
    ]
    assert len(rows) >= 18
    for promise, tests in rows:
        held_by = re.findall(r"`(tests/\S+\.py)::(\w+)`", tests)
        assert held_by, promise
        for file, name in held_by:
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{name}"
