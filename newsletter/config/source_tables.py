"""Adding sources to newsletter.toml, whose other lines and comments stay as they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from newsletter.errors import ConfigError
from newsletter.files.private_files import replace_private
from newsletter.files.toml_file import parse_toml
from newsletter.sources.formats.opml import Subscription


def add_feeds(path: Path, feeds: Sequence[Subscription]) -> None:
    """Append a table [[sources]] for each feed: each has its own state, and fails alone.

    Raises:
        ConfigError: The file cannot be written, or it would not be valid any more.
    """
    try:
        after = path.read_text(encoding="utf-8").rstrip("\n") + "\n" + "".join(map(_table, feeds))
        parse_toml(after.encode(), "with them", ConfigError)
        replace_private(path, after.encode(), path.stat().st_mode & 0o777)
    except ConfigError as error:
        hint = "write its sources as tables: [[sources]]"
        raise ConfigError(f"{path}: no [[sources]] can be added: {error.message}", hint=hint) from error
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error


def _table(feed: Subscription) -> str:
    title = f"{feed.title}".replace("\x7f", "")
    comment = f"# {title}\n" if title and title.isprintable() else ""
    return f'\n{comment}[[sources]]\nkind = "feed"\nfollow = [{json.dumps(feed.url)}]\n'
