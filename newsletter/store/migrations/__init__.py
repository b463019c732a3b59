"""The schema, as a list of steps. Append a module at the end; never change a step that was released.

Each step runs in one transaction together with its record (sqlite-utils migrations). Times are ISO 8601 in
UTC, days are ISO dates, lists are JSON arrays. Even the comments in the SQL stay as they were released: SQLite stores
them with the schema, and an upgraded store has exactly the schema of a new one.
"""

from newsletter.store.migrations import (  # noqa: F401 - they add their steps
    m001_to_m005,
    m006_to_m013,
    m014_vocabulary,
    m015_kinds,
    m016_bounce_review,
    m017_email_keys,
)
from newsletter.store.migrations.registry import MIGRATIONS

__all__ = ["MIGRATIONS"]
