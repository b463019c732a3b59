"""What happens → lines of JSON in a file, for other programs to read: readers by number, and no addresses unless asked.

{"at": "2026-05-08T07:00:01.123+00:00", "event": "delivery", "edition": "daily-2026-05-08", "subscriber": 12,
 "status": "sent", "words": "250 2.0.0 ok"}
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path

from newsletter.errors import ConfigError

#: Servers repeat the address that they refuse.
_ADDRESS = re.compile(r"[^\s<>,;:\"'()\[\]@=]{1,128}@[^\s<>,;:\"'()\[\]@]{1,255}")


class EventLog:
    """Writes events to a file, which may be moved away meanwhile; to stderr if it is "-"."""

    def __init__(self, path: Path, *, with_addresses: bool = False) -> None:
        """Open the file.

        Raises:
            ConfigError: It cannot be written.
        """
        try:
            self._handler = (
                logging.StreamHandler(sys.stderr) if path.name == "-" else WatchedFileHandler(path, encoding="utf-8")
            )
        except OSError as error:
            raise ConfigError(f"log.path: {path}: {error.strerror or error}") from error
        self._with_addresses = with_addresses

    def tell(self, event: str, **facts: str | int | float | None) -> None:
        """Write one event; what is None or empty is left out."""
        told: dict[str, str | int | float | None] = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "event": event,
        }
        told |= {name: self._fit(value) for name, value in facts.items() if value not in (None, "")}
        line = json.dumps(told, ensure_ascii=False)
        self._handler.emit(logging.makeLogRecord({"msg": line, "args": ()}))

    def close(self) -> None:
        """Close the file."""
        self._handler.close()

    def _fit(self, value: str | int | float | None) -> str | int | float | None:
        return value if self._with_addresses or not isinstance(value, str) else _ADDRESS.sub("…@…", value)
