"""The operator's notes in Markdown, in notes/: 2026-05-08.md opens the editions of that day, 2026-05-08.closing.md
closes them, and welcome.md (or welcome.de.md, for mail in German) opens everybody's first digest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO

from newsletter.errors import ConfigError
from newsletter.limits import NOTE

#: A first line that is a heading of Markdown.
_TITLE = re.compile(r"\s*#[ \t]+([^\n]+?)[ \t#]*(?:\n|\Z)")


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

    def welcome(self, language: str) -> tuple[str, str]:
        """Return the subject and the note of first digests in a language; "" for what is not given.

        Raises:
            ConfigError: As for `on`.
        """
        note = self._read(f"welcome.{language}.md") or self._read("welcome.md")
        return subject_and_text(note)

    def _read(self, name: str) -> str:
        if self.folder is None or not (path := self.folder / name).is_file():
            return ""
        try:
            with path.open(encoding="utf-8-sig") as file:
                return read_note(file, str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: cannot be read: {error}", hint="a note is Markdown, in UTF-8") from error


def subject_and_text(note: str) -> tuple[str, str]:
    """Return the heading with which a note begins ("# Summer school"), or "", and the rest of it."""
    title = _TITLE.match(note)
    return (title[1], note[title.end() :]) if title else ("", note)


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
