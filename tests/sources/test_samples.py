"""The invented papers that ship with the package."""

from __future__ import annotations

from datetime import date

from newsletter.sources.samples import sample_entries


def test_the_samples_are_entries_of_hugging_face() -> None:
    entries = sample_entries(date(2026, 5, 8))

    assert len(entries) >= 20
    assert all(entry.title and entry.abstract for entry in entries)
    assert {entry.source for entry in entries} == {"huggingface"}
