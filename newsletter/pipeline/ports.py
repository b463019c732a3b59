"""What a run needs from the outside: the store, the transport, the clock, the shutdown signal, and who watches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jinja2 import Environment

    from newsletter.pipeline.outcomes import Outcome
    from newsletter.sending import Transport
    from newsletter.store import Store


#: The thread that waits for signals, which holds no lock: a process with no other thread may be forked.
SIGNAL_THREAD = "shutdown"


class Step(StrEnum):
    """The steps of a run, in order."""

    BOUNCES = "bounces"
    PULL = "pull"
    TASTE = "taste"
    DELIVER = "deliver"
    NOTICES = "notices"
    SUMMARIES = "summaries"


class DeliveryWatch(Protocol):
    """Follows the deliveries of a run."""

    def expect(self, number: int) -> None:
        """Learn how many messages are about to be sent."""
        ...

    def report(self, outcome: Outcome) -> None:
        """Learn the outcome of one delivery."""
        ...


class _NoWatch:
    def expect(self, number: int) -> None:
        pass

    def report(self, outcome: Outcome) -> None:
        pass


def no_progress(_step: Step, _subject: str) -> AbstractContextManager[Callable[[str], None]]:
    """Show nothing."""
    return nullcontext(lambda _what: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The outside of one run; each store and transport that is opened is closed by the run."""

    open_store: Callable[[], Store]
    open_transport: Callable[[], Transport]
    make_environment: Callable[[], Environment]
    #: Returns the current time, with a time zone.
    clock: Callable[[], datetime]
    #: Whether a shutdown was requested: what is in flight is finished, the rest waits for the next run.
    is_shutting_down: Callable[[], bool] = lambda: False
    #: Whether the grace of a shutdown is over: what is in flight is given up.
    is_grace_over: Callable[[], bool] = lambda: False
    #: Whether the workers of a fleet send what a run queues.
    is_shared: bool = False
    #: Shows a step that takes time, with its subject (a source's label, or ""); yields a function to call with details.
    show_progress: Callable[[Step, str], AbstractContextManager[Callable[[str], None]]] = no_progress
    watch_deliveries: Callable[[], AbstractContextManager[DeliveryWatch]] = lambda: nullcontext(_NoWatch())
