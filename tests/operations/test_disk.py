"""Sizes of files and disks."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.config.model import Config
from newsletter.operations.disk import DiskStatus, disk_status, in_words


def test_the_database_and_the_outbox_are_measured(config: Config) -> None:
    config.site.store.write_bytes(b"x" * 5000)
    Path(f"{config.site.store}-wal").write_bytes(b"x" * 700)
    (config.outbox / "new").mkdir(parents=True)
    (config.outbox / "new" / "1").touch()
    found = disk_status(config)
    assert (found.database, found.outbox_messages) == (5700, 1)
    assert 0 < found.free <= found.total


def test_there_has_to_be_room_for_two_copies_of_the_database() -> None:
    large = DiskStatus(database=10**9, outbox_messages=None, free=2 * 10**9, total=10**12)
    assert not large.is_low
    assert DiskStatus(10**9, None, 2 * 10**9 - 1, 10**12).is_low
    assert DiskStatus(1000, None, 400_000_000, 10**12).is_low


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 KB"), (4200, "4 KB"), (1_500_000, "1.5 MB"), (2 * 10**9, "2.0 GB"), (3 * 10**12, "3.0 TB")],
)
def test_a_size_in_words(size: int, words: str) -> None:
    assert in_words(size) == words
