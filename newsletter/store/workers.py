"""The workers of a fleet, as each of them says that it is alive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.store.database import Database

#: A worker that said nothing for so long is not there any more.
SILENT_AFTER = timedelta(minutes=1)
#: Workers that are not there any more are forgotten after this.
_FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that sends for a fleet."""

    #: Holds leases of shards under this name.
    id: str
    host: str
    pid: int
    began_at: datetime
    seen_at: datetime
    #: The first delivery of the shard that it sends, or None.
    shard: int | None = None


class Workers:
    """The `workers` table."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def heartbeat(self, worker: Worker) -> None:
        """Store that a worker is alive, and forget those that have not been for long."""
        sql = """
            INSERT INTO workers (id, host, pid, began_at, seen_at) VALUES (:id, :host, :pid, :began_at, :seen_at)
            ON CONFLICT (id) DO UPDATE SET seen_at = :seen_at"""
        values = {
            "id": worker.id,
            "host": worker.host,
            "pid": worker.pid,
            "began_at": worker.began_at.isoformat(),
            "seen_at": worker.seen_at.isoformat(),
        }
        self._db.execute(sql, values)
        forgotten = worker.seen_at - _FORGOTTEN_AFTER
        self._db.execute("DELETE FROM workers WHERE seen_at < ?", [forgotten.isoformat()])

    def end(self, worker_id: str) -> None:
        """Forget a worker that ends."""
        self._db.execute("DELETE FROM workers WHERE id = ?", [worker_id])

    def alive(self, now: datetime) -> list[Worker]:
        """Return the workers that are alive, in the order in which they began."""
        sql = """
            SELECT id, host, pid, began_at, seen_at, (SELECT min(first_id) FROM shards WHERE holder = workers.id)
            FROM workers WHERE seen_at > ? ORDER BY began_at, id"""
        return self._db.execute(sql, [(now - SILENT_AFTER).isoformat()]).into(_worker)

    def silent(self, now: datetime) -> list[str]:
        """Return the ids of workers that have not said for too long that they are alive."""
        sql = "SELECT id FROM workers WHERE seen_at <= ? ORDER BY id"
        return self._db.execute(sql, [(now - SILENT_AFTER).isoformat()]).into(lambda row: str(row[0]))


def _worker(row: tuple[str, str, int, str, str, int | None]) -> Worker:
    worker_id, host, pid, began_at, seen_at, shard = row
    return Worker(worker_id, host, pid, datetime.fromisoformat(began_at), datetime.fromisoformat(seen_at), shard)
