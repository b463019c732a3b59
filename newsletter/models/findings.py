"""What a check found, and how bad it is: the checks of the doctor and of a message before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    #: It could not be checked.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    level: Level
    about: str
    detail: str
    #: What to do, if anything: a setting, or a record to publish.
    remedy: str = ""
