"""The trigger of a job that fires when it is told to, by `modify_job`, and not by itself."""

from __future__ import annotations

from datetime import UTC, datetime

from apscheduler.triggers.base import BaseTrigger

_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


class AskedTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler 3 has no types
    """Returns a moment that never comes; without one APScheduler would remove the job."""

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Return when the job fires by itself."""
        return _NEVER
