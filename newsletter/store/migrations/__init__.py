"""The schema, as a list of steps. Append a module at the end; never change a step that was released.

Each step runs in one transaction together with its record (sqlite-utils migrations). Times are ISO 8601 in
UTC, days are ISO dates, lists are JSON arrays. Even the comments in the SQL stay as they were released: SQLite stores
them with the schema, and an upgraded store has exactly the schema of a new one. A step imports nothing of the package
but the registry: it copies what it needs, as it was then.
"""

#: The names of the steps in their order; `steps` imports them. To open a store of the present schema takes no more.
STEPS = (
    "m001_papers",
    "m002_readers",
    "m003_ledger",
    "m004_sources",
    "m005_queries",
    "m006_feedback",
    "m007_wishes",
    "m008_words",
    "m009_halted",
    "m010_lighter_ledger",
    "m011_returns",
    "m012_requests",
    "m013_days",
    "m014_vocabulary",
    "m015_kinds",
    "m016_bounce_review",
    "m017_email_keys",
    "m020_people",
    "m021_tokens",
)
