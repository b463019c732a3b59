"""Events that email providers posted: which were processed, for as long as they could be replayed, and how many."""

from __future__ import annotations

from datetime import datetime, timedelta

from newsletter.store.database import Database

#: How long an event is remembered: longer than a call is accepted after it was signed.
RETENTION = timedelta(days=3)


class WebhookEvents:
    """The `webhook_events` and `webhook_outcomes` tables."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, fingerprint: str, now: datetime) -> bool:
        """Remember an event, or a token of a call; return False if it is remembered already."""
        sql = "INSERT INTO webhook_events (fingerprint, received_at) VALUES (?, ?) ON CONFLICT DO NOTHING"
        return self._db.execute(sql, [fingerprint, now.isoformat()]).rowcount > 0

    def delete_expired(self, now: datetime) -> None:
        """Delete the events whose retention is over."""
        self._db.execute("DELETE FROM webhook_events WHERE received_at < ?", [(now - RETENTION).isoformat()])

    def count(self, provider: str, outcome: str) -> None:
        """Count one event of a provider by its outcome."""
        sql = (
            "INSERT INTO webhook_outcomes (provider, outcome, events) VALUES (?, ?, 1) "
            "ON CONFLICT (provider, outcome) DO UPDATE SET events = webhook_outcomes.events + 1"
        )
        self._db.execute(sql, [provider, outcome])

    def counts(self) -> dict[tuple[str, str], int]:
        """Return the number of events by provider and outcome."""
        rows = self._db.execute("SELECT provider, outcome, events FROM webhook_outcomes").fetchall()
        return {(provider, outcome): events for provider, outcome, events in rows}
