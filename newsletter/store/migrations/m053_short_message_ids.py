"""Few bytes of a Message-ID are stored, and an edition may be a draft: former releases would not understand either."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m053_short_message_ids(_db: Database) -> None:
    """Change nothing: the Message-IDs so far stay as they are stored. The step keeps former releases away."""
