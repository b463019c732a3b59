"""Facts of papers that were not kept: what Hugging Face knows besides, and short DOIs."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m027_paper_facts(db: Database) -> None:
    """Add the columns; papers gain the values when a source lists them again."""
    for column in (
        "code_stars INTEGER",
        "organization_handle TEXT",
        "organization_avatar_url TEXT",
        "media_urls TEXT NOT NULL DEFAULT '[]'",
        "submitter TEXT",
        "short_doi TEXT",
    ):
        db.execute(f"ALTER TABLE papers ADD COLUMN {column}")
