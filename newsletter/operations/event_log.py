"""Structured event log: one line of JSON per event, with subscriber ids, and email addresses only if configured.

{"at": "2026-05-08T07:00:01.123+00:00", "event": "delivery", "edition": "daily-2026-05-08", "subscriber": 12,
 "status": "sent", "detail": "250 2.0.0 ok"}
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path

from newsletter.config.model import Config
from newsletter.errors import ConfigError
from newsletter.files.private_files import make_private

#: Servers repeat the rejected address in their responses.
_ADDRESS = re.compile(r"[^\s<>,;:\"'()\[\]@=]{1,128}@[^\s<>,;:\"'()\[\]@]{1,255}")


class _PrivateFileHandler(WatchedFileHandler):
    """Creates its file for the owner only, also after rotation."""

    def _open(self) -> TextIOWrapper:
        return TextIOWrapper(open(self.baseFilename, "ab", opener=make_private), self.encoding)


class EventLog:
    """Appends events to a file, which log rotation may move away meanwhile, or writes to stderr for "-"."""

    def __init__(self, path: Path, *, with_addresses: bool = False) -> None:
        """Open the file.

        Raises:
            ConfigError: The file cannot be written.
        """
        try:
            self._handler = (
                logging.StreamHandler(sys.stderr) if path.name == "-" else _PrivateFileHandler(path, encoding="utf-8")
            )
        except OSError as error:
            raise ConfigError(f"log.path: {path}: {error.strerror or error}") from error
        self._with_addresses = with_addresses

    def write(self, event: str, **fields: str | int | float | None) -> None:
        """Write one event; fields that are None or empty are left out."""
        record: dict[str, str | int | float | None] = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "event": event,
        }
        record |= {name: self._redact(value) for name, value in fields.items() if value not in (None, "")}
        line = json.dumps(record, ensure_ascii=False)
        self._handler.emit(logging.makeLogRecord({"msg": line, "args": ()}))

    def close(self) -> None:
        """Close the file; stderr stays open."""
        self._handler.close()

    def _redact(self, value: str | int | float | None) -> str | int | float | None:
        return value if self._with_addresses or not isinstance(value, str) else _ADDRESS.sub("…@…", value)


def open_event_log(config: Config) -> EventLog | None:
    """Return the event log of a site, or None if it has none.

    Raises:
        ConfigError: The file cannot be written.
    """
    return EventLog(config.log_path, with_addresses=config.log_addresses) if config.log_path else None
