"""The list that the steps append themselves to, in the order in which their modules are imported."""

from __future__ import annotations

from sqlite_utils import Migrations

MIGRATIONS = Migrations("newsletter")
