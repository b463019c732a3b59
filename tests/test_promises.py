"""What the documentation promises: each promise is made where the table says, and each test that holds one exists.

The tables of the docs that list names (metrics, log fields, JSON keys, profile fields) name what the program has.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.models import Profile, Status
from newsletter.operations.metrics import Metrics
from newsletter.pipeline.deliver import deliver
from newsletter.rendering.environment import make_environment
from newsletter.store import Store, open_store
from tests.cli.conftest import Newsletter, new_site, newsletter, page  # noqa: F401 - fixtures
from tests.factories import NOW, make_profile

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def promises() -> Iterator[tuple[str, Path, list[str]]]:
    """Yield each promise's words, the page that makes it, and the tests that hold it."""
    for words, made_in, held_by in rows_of(DOCS / "promises.md", "promise"):
        (link,) = re.findall(r"\]\((.+)\)", made_in)
        yield words, DOCS / link, re.findall(r"`(.+?)`", held_by)


def rows_of(file: Path, first_heading: str) -> list[list[str]]:
    """Return the cells of the table whose first column has this heading."""
    lines = file.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first_heading} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def names_in(cell: str) -> list[str]:
    return re.findall(r"`([\w ]+)`", cell)


@cache
def text_of(file: Path) -> str:
    return " ".join(file.read_text(encoding="utf-8").replace("**", "").split())


@cache
def functions_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else ast.Module([], [])
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_each_promise_is_made_in_these_words() -> None:
    assert [f"{file.name}: {words}" for words, file, _ in promises() if words not in text_of(file)] == []


def test_each_test_that_holds_a_promise_exists() -> None:
    named = [test.partition("::") for _, _, tests in promises() for test in tests]

    assert [f"{file}::{name}" for file, _, name in named if name not in functions_of(ROOT / file)] == []
    assert all(tests for _, _, tests in promises())


@pytest.mark.usefixtures("newsletter")
def test_every_metric_is_documented(tmp_path: Path) -> None:
    config = load_config(Site(tmp_path), environ={})
    metrics = Metrics(config, lambda: open_store(tmp_path / "newsletter.db"), lambda: NOW)
    metrics.will_run(NOW)
    families = metrics.registry.collect()
    kept = [family for family in families if not family.name.endswith("_created")]

    has = {f"{family.name}_total" if family.type == "counter" else family.name for family in kept}
    assert has == {names_in(row[0])[0] for row in rows_of(DOCS / "operating.md", "metric")}


@pytest.fixture
def ada(newsletter: Newsletter, page: Path, tmp_path: Path) -> Newsletter:  # noqa: F811
    """A site with papers, a subscriber and an event log."""
    config = tmp_path / "newsletter.toml"
    log = '[log]\npath = "newsletter.log"\naddresses = true\n'
    config.write_text(config.read_text(encoding="utf-8") + log, encoding="utf-8")
    newsletter("pull", "page", str(page))
    newsletter("subscribers", "add", "ada@example.org", "--topic", "in-context", "--hour", "0")
    return newsletter


def test_the_fields_of_the_event_log_are_documented(ada: Newsletter, tmp_path: Path) -> None:
    ada("send")

    (line,) = (tmp_path / "newsletter.log").read_text(encoding="utf-8").splitlines()
    assert list(json.loads(line)) == [names_in(row[0])[0] for row in rows_of(DOCS / "operating.md", "field")]


def test_the_keys_of_json_are_documented(ada: Newsletter, tmp_path: Path) -> None:
    documented = {
        command: set(names_in(row[1]))
        for row in rows_of(DOCS / "operating.md", "command")
        for command in names_in(row[0])
    }
    options = {
        "pull": ["page", str(tmp_path / "saved.txt"), "--dry-run"],
        "doctor": ["--offline"],
        "subscribers import": ["-"],
    }
    for command in (
        "pull",
        "send",
        "deliveries",
        "subscribers list",
        "subscribers import",
        "doctor",
        "subscribers sync",
    ):
        answer = json.loads(
            ada(*command.split(), *options.get(command, []), "--json", stdin="email\ngrace@example.org\n").stdout
        )
        keys = (answer[0] if isinstance(answer, list) else answer).keys()
        assert keys <= documented[command], command


def test_a_report_keeps_the_first_thousand_outcomes(store: Store, tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text("", encoding="utf-8")
    people = (
        (f"{number}@example.org", f"{number}@example.org", "", make_profile(topics=()), None) for number in range(1001)
    )
    store.subscribers.add_many(people, "cli", NOW)

    report = deliver(store, None, load_config(Site(tmp_path), environ={}), make_environment(), lambda: NOW)

    assert (len(report.outcomes), report.counts.total()) == (1000, 1001)


def test_the_fields_of_profiles_and_all_statuses_are_documented() -> None:
    table = DOCS / "subscribers.md"

    assert {names_in(row[0])[0] for row in rows_of(table, "field")} == {field.name for field in fields(Profile)}
    assert {names_in(row[0])[0] for row in rows_of(table, "status")} == set(Status)
