"""What a step changes of tables that a PostgreSQL store has, before it gets what it lacks: the step → statements."""

from __future__ import annotations


def _ms(column: str) -> str:
    """Change a column from text in ISO 8601 to milliseconds since 1970, rounded down."""
    seconds = f"extract(epoch FROM nullif({column}, '')::timestamptz)::numeric"
    return f"ALTER COLUMN {column} TYPE bigint USING floor({seconds} * 1000)::bigint"


def _named_by_number(table: str, *changes: str) -> str:
    """Let the rows of a table name their edition by number, and change its columns."""
    listed = ", ".join(("DROP COLUMN edition_key", "ALTER COLUMN edition_id SET NOT NULL", *changes))
    return f"""
        ALTER TABLE {table} ADD COLUMN edition_id bigint REFERENCES editions (id);
        UPDATE {table} SET edition_id = editions.id FROM editions WHERE key = edition_key;
        ALTER TABLE {table} {listed};"""


_NARROW_LEDGER = "".join(
    (
        """
        ALTER TABLE editions ADD COLUMN id bigint;
        UPDATE editions SET id = place FROM (
            SELECT key AS name, row_number() OVER (ORDER BY created_at, key) AS place FROM editions) AS places
        WHERE key = name;
        CREATE UNIQUE INDEX editions_id ON editions(id);
        DROP INDEX editions_special;""",
        _named_by_number(
            "digests",
            "ALTER COLUMN fingerprint TYPE bigint USING CASE fingerprint WHEN 'restored' THEN 0 ELSE -id END",
            "ALTER COLUMN since TYPE bigint USING (since::date - '0001-01-01'::date) + 1",
            "ADD UNIQUE (edition_id, fingerprint)",
        ),
        _named_by_number(
            "deliveries",
            "ALTER COLUMN planned_at DROP DEFAULT",
            *(_ms(column) for column in ("next_attempt_at", "updated_at", "planned_at", "left_at")),
            "ADD UNIQUE (edition_id, subscriber_id)",
        ),
        """
        DROP TRIGGER IF EXISTS subscribers_due_changed ON subscribers;
        ALTER TABLE subscribers DROP COLUMN IF EXISTS next_due_at;""",
    )
)

REWRITES = {"m054_narrow_ledger": _NARROW_LEDGER}
