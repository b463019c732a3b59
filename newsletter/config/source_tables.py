"""Adding sources to newsletter.toml, whose other lines and comments stay as they are."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from newsletter.errors import ConfigError
from newsletter.files.private_files import write_private
from newsletter.files.toml_file import read_toml
from newsletter.sources.formats.opml import Subscription


def add_feeds(path: Path, feeds: Sequence[Subscription]) -> None:
    """Append a table [[sources]] for each feed: each has its own state, and fails alone.

    Raises:
        ConfigError: The file cannot be written, or it would not be valid any more.
    """
    try:
        before = path.read_text(encoding="utf-8")
        after = before.rstrip("\n") + "\n" + "".join(map(_table, feeds))
        partial = path.with_name(f"{path.name}.partial")
        write_private(partial, after.encode())
        try:
            read_toml(partial, ConfigError)
            partial.chmod(path.stat().st_mode & 0o777)
            os.replace(partial, path)  # noqa: PTH105 - atomic
        finally:
            partial.unlink(missing_ok=True)
    except ConfigError as error:
        reason = error.message.removeprefix(f"{partial}: ")
        raise ConfigError(
            f"{path}: no [[sources]] can be added: {reason}", hint="write its sources as tables: [[sources]]"
        ) from error
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error


def _table(feed: Subscription) -> str:
    title = f"{feed.title}".replace("\x7f", "")
    comment = f"# {title}\n" if title and title.isprintable() else ""
    return f'\n{comment}[[sources]]\nkind = "feed"\nfollow = [{json.dumps(feed.url)}]\n'
