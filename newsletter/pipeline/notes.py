"""The editor's notes: notes/2026-05-08.md opens the editions of that day, notes/2026-05-08.closing.md closes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from newsletter.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes folder of a site, and a note from the command line."""

    folder: Path | None = None
    #: Takes precedence over a file's opening note.
    opening: str = ""

    def on(self, day: date) -> tuple[str, str]:
        """Return the opening and the closing note of a day's editions, in Markdown, or "".

        Raises:
            ConfigError: A file exists and cannot be read.
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
