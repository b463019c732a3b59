"""The editor's notes: notes/2026-05-08.md opens the editions of that day, notes/2026-05-08.closing.md closes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO

from newsletter.errors import ConfigError
from newsletter.limits import NOTE


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes folder of a site, and a note from the command line."""

    folder: Path | None = None
    #: Takes precedence over a file's opening note.
    opening: str = ""

    def on(self, day: date) -> tuple[str, str]:
        """Return the opening and the closing note of a day's editions, in Markdown, or "".

        Raises:
            ConfigError: A file exists and cannot be read, or is too long.
        """
        return self.opening or self._read(f"{day}.md"), self._read(f"{day}.closing.md")

    def _read(self, name: str) -> str:
        if self.folder is None or not (path := self.folder / name).is_file():
            return ""
        try:
            with path.open(encoding="utf-8-sig") as file:
                return read_note(file, str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: cannot be read: {error}", hint="a note is Markdown, in UTF-8") from error


def read_note(file: IO[str], place: str) -> str:
    """Return a note.

    Raises:
        ConfigError: It is too long; `place` says which.
    """
    note = file.read(NOTE + 1)
    if len(note) > NOTE:
        raise ConfigError(f"{place}: the note is too long", hint=f"the maximum is {NOTE:,} characters")
    return note


NO_NOTES = Notes()
