"""The operator's words: notes/2026-05-08.md opens the editions of that day, notes/2026-05-08.closing.md ends them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from newsletter.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Notes:
    """Where notes are looked for, and what was given at once."""

    folder: Path | None = None
    #: Goes before a file's opening words.
    opening: str = ""

    def on(self, day: date) -> tuple[str, str]:
        """Return what opens the editions of a day and what ends them, in Markdown, or "".

        Raises:
            ConfigError: A file is there and cannot be read.
        """
        return self.opening or self._read(f"{day}.md"), self._read(f"{day}.closing.md")

    def _read(self, name: str) -> str:
        if self.folder is None or not (path := self.folder / name).is_file():
            return ""
        try:
            return path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: cannot be read: {error}", hint="a note is Markdown, in UTF-8") from error


NO_NOTES = Notes()
