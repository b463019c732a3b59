"""More or fewer examples than a property usually gets, in every profile of hypothesis."""

from __future__ import annotations

from hypothesis import settings


def examples(times: float) -> settings:
    """Ask for this many times as many examples as the profile has: many are cheap, or each takes long."""
    return settings(max_examples=round(times * settings().max_examples))
