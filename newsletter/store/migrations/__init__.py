"""The schema, as a list of steps. Add a module with the next number; never change one that was released.

Each step runs in one transaction together with its record (sqlite-utils migrations). Times are ISO 8601 in UTC, those
of deliveries milliseconds since 1970; days are ISO dates, lists are JSON arrays. Even the comments in the SQL stay as
they were released: SQLite stores them with the schema, and an upgraded store has exactly the schema of a new one. A
step imports nothing of the package but the registry: it copies what it needs, as it was then. A store on PostgreSQL
gets the tables, columns and indexes that a step adds; what it does beside has to be said in `store.postgresql_opening`
and `store.postgresql_rewrites`, and its triggers in `store.postgresql_functions`.
"""

from __future__ import annotations

import re
from pkgutil import iter_modules

#: The names of the steps in the two modules that have several.
_EARLY_STEPS = (
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
)
_MODULES = sorted(module.name for module in iter_modules(__path__) if re.match(r"m\d{3}_", module.name))
#: Modules in the order of their steps; `steps` imports them. To open a store of the present schema takes no more.
EARLY_MODULES, LATER_MODULES = _MODULES[:2], _MODULES[2:]
#: The names of the steps in their order. A later step is called as its module is: to add one, add the module.
STEPS = (*_EARLY_STEPS, *LATER_MODULES)
