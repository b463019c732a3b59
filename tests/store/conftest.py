"""The tests of the store run on both databases, but those that say why they are SQLite's alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.store import Store, open_store
from tests.postgresql import emptied_store
from tests.stores import open_new_store


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A new store: in a file, and on a server."""
    is_file = request.param == "sqlite"
    with open_new_store(tmp_path / "newsletter.db") if is_file else open_store(emptied_store()) as opened:
        yield opened


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of SQLite alone on PostgreSQL."""
    left_out = [item for item in items if item.get_closest_marker("sqlite_only") and "[postgresql" in item.name]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
