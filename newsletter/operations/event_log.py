"""Structured event log: one line of JSON per event, with subscriber ids, and email addresses only if configured.

{"at": "2026-05-08T07:00:01.123+00:00", "event": "delivery", "level": "info", "edition": "daily-2026-05-08",
 "subscriber": 12, "status": "sent", "detail": "250 2.0.0 ok"}
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from filelock import FileLock

from newsletter.config.model import Config, LogLevel
from newsletter.errors import ConfigError
from newsletter.files.private_files import make_private

#: Servers repeat the rejected address in their responses.
_ADDRESS = re.compile(r"[^\s<>,;:\"'()\[\]@=]{1,128}@[^\s<>,;:\"'()\[\]@]{1,255}")
_LEVELS = tuple(LogLevel)


class _PrivateFileHandler(RotatingFileHandler):
    """Creates its files for the owner only; rotates them, and notices when another process has done so."""

    def _open(self) -> TextIOWrapper:
        return TextIOWrapper(open(self.baseFilename, "ab", opener=make_private), self.encoding)

    def emit(self, record: logging.LogRecord) -> None:
        """Append a line to the file that has the name now."""
        self._reopen_if_moved()
        super().emit(record)

    def doRollover(self) -> None:  # noqa: N802 - the standard library's name
        """Rotate the files, unless another process, whose log this is too, was faster."""
        path = Path(self.baseFilename)
        with FileLock(path.with_name(f".{path.name}.lock"), mode=0o600):
            if not self._reopen_if_moved():
                super().doRollover()

    def _reopen_if_moved(self) -> bool:
        try:
            is_same = self.stream is not None and os.path.samestat(
                Path(self.baseFilename).stat(), os.fstat(self.stream.fileno())
            )
        except FileNotFoundError:
            is_same = False
        if not is_same:
            if self.stream is not None:
                self.stream.close()
            self.stream = self._open()
        return not is_same


class EventLog:
    """Appends events to a file, which log rotation may move away meanwhile, or writes to stderr for "-"."""

    def __init__(
        self,
        path: Path,
        *,
        with_addresses: bool = False,
        level: LogLevel = LogLevel.INFO,
        max_bytes: int = 0,
        keep: int = 5,
    ) -> None:
        """Open the file; it is rotated before it is larger than `max_bytes`, unless that is 0.

        Raises:
            ConfigError: The file cannot be written.
        """
        try:
            self._handler: logging.Handler = (
                logging.StreamHandler(sys.stderr)
                if path.name == "-"
                else _PrivateFileHandler(path, maxBytes=max_bytes, backupCount=max(keep, 1), encoding="utf-8")
            )
        except OSError as error:
            raise ConfigError(f"log.path: {path}: {error.strerror or error}") from error
        self._with_addresses = with_addresses
        self._level = level

    def write(self, event: str, level: LogLevel = LogLevel.INFO, **fields: str | int | float | None) -> None:
        """Write one event, if its level is logged; fields that are None or empty are left out."""
        if _LEVELS.index(level) < _LEVELS.index(self._level):
            return
        record: dict[str, str | int | float | None] = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "event": event,
            "level": level.value,
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
    if config.log_path is None:
        return None
    return EventLog(
        config.log_path,
        with_addresses=config.log_addresses,
        level=config.log_level,
        max_bytes=config.log_max_mb * 1_000_000,
        keep=config.log_keep,
    )
