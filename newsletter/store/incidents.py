"""What an operator should be notified of, once for each incident."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from newsletter.store.database import Database


class IncidentKind(StrEnum):
    """What is wrong."""

    #: A run stopped before its end; the subject is the step.
    RUN_STOPPED = "run stopped"
    #: Too many deliveries of an edition failed; the subject is the edition's key.
    EDITION_FAILED = "edition failed"
    #: Nobody got an edition, since it had no papers; the subject is its cadence.
    EDITION_EMPTY = "edition empty"
    #: A source brought nothing new for too long; the subject is its label.
    SOURCE_SILENT = "source silent"


@dataclass(frozen=True, slots=True)
class Incident:
    """What is wrong, with what, and since when it is known."""

    kind: IncidentKind
    subject: str
    detail: str
    began_at: datetime
    #: When the operator was sent an email about it, or None.
    notified_at: datetime | None = None


class Incidents:
    """The `incidents` table: those that are not over."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def open(self) -> list[Incident]:
        """Return the incidents that are not over, the oldest first."""
        sql = "SELECT kind, subject, detail, began_at, notified_at FROM incidents ORDER BY began_at, kind, subject"
        return self._db.execute(sql).into(_incident)

    def put(self, incident: Incident) -> None:
        """Store an incident, or what is now known of it; when it began and was notified stays."""
        row = [incident.kind.value, incident.subject, incident.detail, incident.began_at.isoformat()]
        sql = (
            "INSERT INTO incidents (kind, subject, detail, began_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (kind, subject) DO UPDATE SET detail = excluded.detail"
        )
        self._db.execute(sql, row)

    def set_notified(self, incident: Incident, now: datetime) -> None:
        """Store that the operator was sent an email about an incident."""
        sql = "UPDATE incidents SET notified_at = ? WHERE kind = ? AND subject = ?"
        self._db.execute(sql, [now.isoformat(), incident.kind.value, incident.subject])

    def end(self, incident: Incident) -> None:
        """Delete an incident that is over."""
        self._db.execute(
            "DELETE FROM incidents WHERE kind = ? AND subject = ?", [incident.kind.value, incident.subject]
        )


def _incident(row: tuple[Any, ...]) -> Incident:
    kind, subject, detail, began_at, notified_at = row
    notified = notified_at and datetime.fromisoformat(notified_at)
    return Incident(IncidentKind(kind), subject, detail, datetime.fromisoformat(began_at), notified)
