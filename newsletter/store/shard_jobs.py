"""The jobs of a fleet in Procrastinate's tables, which are in the same database: one job for each free shard.

Only a PostgreSQL database has these tables. They are written here, and not by the library, so that shards and their
jobs are made in one transaction.
"""

from __future__ import annotations

from newsletter.store.database import Database

_JOB = """
    ROW(CAST(:queue AS text), CAST(:task AS text), 0, NULL, 'shard ' || CAST(first_id AS text),
        CAST('{"first": ' || CAST(first_id AS text) || '}' AS jsonb), NULL)"""


class ShardJobs:
    """The jobs that send shards."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def prepare(self, schema: str) -> None:
        """Make the tables of the queue by the library's own statements, unless they are there."""
        with self._db.transaction():  # if another process does it too, the second finds it done
            if not self._db.execute("SELECT to_regclass('procrastinate_jobs') IS NOT NULL").fetchone()[0]:
                self._db.run(schema)

    def enqueue(self, queue: str, task: str, after: int = 0) -> int:
        """Make a job for each free shard behind a delivery that has none; return how many were made. In a transaction.

        Its time is that of reading what is there once, also where the server plans for tables that were empty.
        """
        sql = f"""
            SELECT coalesce(array_length(procrastinate_defer_jobs_v1(
                array_agg(CAST({_JOB} AS procrastinate_job_to_defer_v1))), 1), 0)
            FROM shards WHERE holder = '' AND first_id > :after AND 'shard ' || CAST(first_id AS text) NOT IN (
                SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock IS NOT NULL)"""
        return int(self._db.execute(sql, {"queue": queue, "task": task, "after": after}).fetchone()[0])

    def drop_stalled(self, silent_s: float) -> int:
        """Delete the jobs whose process is dead; return how many. Leases tell what they were for."""
        sql = """
            DELETE FROM procrastinate_jobs WHERE status = 'doing' AND (worker_id IS NULL OR worker_id IN (
                SELECT id FROM procrastinate_workers
                WHERE last_heartbeat < now() - make_interval(secs => CAST(:silent AS double precision))))"""
        return self._db.execute(sql, {"silent": silent_s}).rowcount

    def waiting(self) -> int:
        """Count the jobs that nobody has begun."""
        return int(self._db.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'").fetchone()[0])
