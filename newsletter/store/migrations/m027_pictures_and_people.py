"""What Hugging Face knows of a paper besides: stars of its code, pictures, and who submitted it."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m027_pictures_and_people(db: Database) -> None:
    """Add the columns; papers gain the values when a source lists them again."""
    for column in (
        "code_stars INTEGER",
        "organization_handle TEXT",
        "organization_avatar_url TEXT",
        "media_urls TEXT NOT NULL DEFAULT '[]'",
        "submitter TEXT",
    ):
        db.execute(f"ALTER TABLE papers ADD COLUMN {column}")
