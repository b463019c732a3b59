"""The full-text index holds every paper, however many were stored at once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.store import open_store, text_index
from newsletter.topics.query import parse
from tests.factories import make_entry

NOW = datetime(2026, 5, 8, tzinfo=UTC)
PAPERS = 2 * text_index._BATCH + 3


def test_all_papers_of_a_large_pull_are_found_also_when_the_index_is_rebuilt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = (make_entry(title=f"Kettle number {n}", arxiv_id=f"2605.{n:05}") for n in range(PAPERS))
    with open_store(tmp_path / "store.db") as store:
        store.papers.add_all(entries, NOW)
        assert store.archive.search(parse("kettle"), limit=1).total == PAPERS
    monkeypatch.setattr(text_index, "VERSION", text_index.VERSION + 1)
    with open_store(tmp_path / "store.db") as store:
        assert store.archive.search(parse("kettle"), limit=1).total == PAPERS
