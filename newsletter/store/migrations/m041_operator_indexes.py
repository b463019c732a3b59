"""Indexes for the operator's page: lists of subscribers and editions, days of a chart, and errors of pulls."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m041_operator_indexes(db: Database) -> None:
    """Add the indexes."""
    db.execute("CREATE INDEX subscribers_status ON subscribers(status, email_key)")
    db.execute("CREATE INDEX subscribers_subscribed ON subscribers(subscribed_at)")
    db.execute("CREATE INDEX subscribers_unsubscribed ON subscribers(status_at) WHERE status = 'unsubscribed'")
    db.execute("CREATE INDEX editions_created ON editions(created_at DESC, key)")
    db.execute("CREATE INDEX editions_state ON editions(key, state) WHERE state <> 'open'")
    db.execute("CREATE INDEX pulls_errors ON pulls(finished_at) WHERE error IS NOT NULL")
