"""Import all steps in their order, so that they append themselves to the list."""

from importlib import import_module

from newsletter.store.migrations import EARLY_MODULES, LATER_MODULES
from newsletter.store.migrations.registry import MIGRATIONS

for _module in (*EARLY_MODULES, *LATER_MODULES):
    import_module(f"newsletter.store.migrations.{_module}")

__all__ = ["MIGRATIONS"]
