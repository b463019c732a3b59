"""When the new people of an import are first mailed: at once, on a day, so many a day, or once they confirm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from newsletter.errors import ConfigError
from newsletter.models import Status
from newsletter.store.subscribers import Person, SubscriptionState

_MAX_PER_DAY = 1_000_000


@dataclass(frozen=True, slots=True)
class Start:
    """How the new people of an import begin."""

    #: They are asked to confirm, and are subscribers when they did (double opt-in).
    confirm: bool = False
    #: The day on which they begin; today, if it is None.
    day: date | None = None
    #: How many begin on that day, and on each day after it; all, if it is None. A warm-up of the sender's reputation.
    per_day: int | None = None

    def date_of(self, number: int, today: date) -> date:
        """Return the day on which the `number`th of the new people begins, counted from 0."""
        first = max(self.day or today, today)
        if not self.per_day:
            return first
        return first + timedelta(days=min(number // self.per_day, (date.max - first).days))

    def moment_of(self, number: int, now: datetime) -> datetime:
        """Return when the `number`th of the new people is asked to confirm."""
        day = self.date_of(number, now.date())
        return now if day <= now.date() else datetime(day.year, day.month, day.day, tzinfo=UTC)

    def apply(self, people: Sequence[Person], number: int, now: datetime) -> list[Person]:
        """Return these active people, of whom the first is the `number`th, paused until the day on which they begin."""
        today, at = now.date(), now.isoformat()
        if self.date_of(number + len(people), today) <= today:
            return list(people)
        return [
            person if (day := self.date_of(n, today)) <= today else _paused_until(person, day, at)
            for n, person in enumerate(people, number)
        ]


def _paused_until(person: Person, day: date, at: str) -> Person:
    email, key, name, profile, given = person
    since = given.subscribed_at if given else at
    return email, key, name, profile, SubscriptionState(Status.PAUSED, since, at, day.isoformat())


def read_start(text: str, per_day: int | None, today: date) -> Start:
    """Return the start that an operator asks for: "now", "confirm" or a day, perhaps after "on".

    Raises:
        ConfigError: The text is none of these, the day is past, or the number is not positive.
    """
    if per_day is not None and not 0 < per_day <= _MAX_PER_DAY:
        raise ConfigError(f"--per-day {per_day}: a number from 1 to {_MAX_PER_DAY} is expected")
    word = text.strip().casefold().removeprefix("on ").strip()
    if word in ("now", "confirm"):
        return Start(confirm=word == "confirm", per_day=per_day)
    try:
        day = date.fromisoformat(word)
    except ValueError:
        raise ConfigError(f"--start {text}: now, confirm or a day is expected, as in: --start on 2026-12-31") from None
    if day < today:
        raise ConfigError(f"--start {text}: this day is past", hint=f"today is {today} (UTC)")
    return Start(day=day, per_day=per_day)
