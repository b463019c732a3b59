"""Room on the disks of a site, and what its files take."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from newsletter.config.model import Config
from newsletter.rendering.language import Language, language

#: Below this, a copy of a small database or an edition in the outbox may not fit any more.
_LEAST_FREE_B = 500_000_000
#: Maximum number of messages of the outbox that are counted.
_MESSAGES = 100_000
_ENGLISH = language("en")


@dataclass(frozen=True, slots=True)
class DiskStatus:
    """Sizes in bytes."""

    #: The database with its write-ahead log; None if it is on a server.
    database: int | None
    #: Messages in the outbox; None if they are sent by SMTP.
    outbox_messages: int | None
    free: int
    total: int

    @property
    def is_low(self) -> bool:
        """Whether a migration or a backup, which copies the database, may find no room."""
        return self.free < max(_LEAST_FREE_B, 2 * (self.database or 0))


def disk_status(config: Config) -> DiskStatus:
    """Measure the disk of a site.

    Raises:
        OSError: The site's folder cannot be read.
    """
    store = config.site.store
    files = () if config.database else (store, store.with_name(f"{store.name}-wal"))
    usage = shutil.disk_usage(config.site.root)
    return DiskStatus(
        database=sum(map(_size, files)) if files else None,
        outbox_messages=None if config.smtp else sum(1 for _ in islice(_messages(config.outbox), _MESSAGES)),
        free=usage.free,
        total=usage.total,
    )


def in_words(size: int, spoken: Language = _ENGLISH) -> str:
    """Return a size in bytes for people, as in "1.5 GB", or "1,5 GB" in German."""
    for unit, name in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB")):
        if size >= unit:
            return f"{spoken.decimal(size / unit)} {name}"
    return f"{spoken.number(round(size / 1000))} KB"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _messages(outbox: Path) -> Iterator[Path]:
    return (path for name in ("new", "cur") for path in (outbox / name).glob("*"))
