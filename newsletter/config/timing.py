"""When a source is pulled: settings that each table [[sources]] may have, whatever its kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from newsletter.config.cron import check_cron
from newsletter.errors import ConfigError
from newsletter.sources.settings import declared, setting


@dataclass(frozen=True, slots=True)
class SourceTiming:
    """When one source is pulled. Without an interval or a crontab line, `schedule.cron` and its lists decide."""

    interval_minutes: int = setting(0, "Minutes between two pulls; 0: when `schedule.cron` says.", last=525_600)
    cron: str | None = setting(None, "When to pull: a crontab line, in UTC.")
    jitter_minutes: int = setting(
        2, "Up to so many minutes are added to the time of a pull, so that sites do not ask all at once.", last=1440
    )


def split_timing(kind: str, row: Mapping[str, Any], taken: Collection[str]) -> tuple[SourceTiming, dict[str, Any]]:
    """Return the timing in a table of [[sources]], and what else is in it.

    A source that declares a setting of the same name keeps it: a plugin may have its own (`taken`).

    Raises:
        ConfigError: A value is not valid, or there are both an interval and a crontab line.
    """
    rest, values = dict(row), {}
    for name, one in declared_timing().items():
        if name in rest and name not in taken:
            try:
                values[name] = one.metadata["type"].take(rest.pop(name))
            except ValueError as error:
                raise ConfigError(f"{kind}: {name}: {error}") from None
    timing = SourceTiming(**values)
    if timing.cron is not None:
        check_cron(timing.cron, f"{kind}: cron")
        if timing.interval_minutes:
            raise ConfigError(f"{kind}: both interval_minutes and cron are set", hint="choose one of them")
    return timing, rest


def declared_timing() -> dict[str, Any]:
    """Return the settings of the timing by name, as `declared` does those of a source."""
    return declared(SourceTiming)  # type: ignore[arg-type]  # it is declared like a source
