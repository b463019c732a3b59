"""Import all steps, so that they append themselves to the list."""

from newsletter.store.migrations import (  # noqa: F401 - they add their steps
    m001_to_m005,
    m006_to_m013,
    m014_vocabulary,
    m015_kinds,
    m016_bounce_review,
    m017_email_keys,
    m020_people,
    m021_tokens,
)
from newsletter.store.migrations.registry import MIGRATIONS

__all__ = ["MIGRATIONS"]
