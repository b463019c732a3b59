"""Import all steps in their order, so that they append themselves to the list."""

from importlib import import_module

from newsletter.store.migrations import EARLY_MODULES, LATER_MODULES, STEPS
from newsletter.store.migrations.registry import MIGRATIONS

for _module in (*EARLY_MODULES, *LATER_MODULES):
    import_module(f"newsletter.store.migrations.{_module}")
# A module that was imported before by itself would else come first.
MIGRATIONS._migrations.sort(key=lambda step: STEPS.index(step.name))  # noqa: SLF001 - the library has no other way

__all__ = ["MIGRATIONS"]
