"""The promises of docs/security.md: each has tests, and these exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.test_promises import DOCS, ROOT, functions_of


def promises() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the promises of all tables of the page that list some, with the tests that hold each."""
    for table in (DOCS / "security.md").read_text(encoding="utf-8").split("| promise | held by |\n| --- | --- |\n")[1:]:
        for row in table.partition("\n\n")[0].splitlines():
            promise, held_by = row.strip("| ").split(" | ")
            yield promise, re.findall(r"`(tests/\S+\.py)::(\w+)`", held_by)


def test_each_promise_of_the_security_page_is_held_by_tests() -> None:
    found = list(promises())
    assert len(found) >= 25
    assert [promise for promise, held_by in found if not held_by] == []
    named = [test for _, held_by in found for test in held_by]
    assert [f"{file}::{name}" for file, name in named if name not in functions_of(ROOT / file)] == []
