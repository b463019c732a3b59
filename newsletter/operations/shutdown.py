"""Ctrl-C and SIGTERM ask to stop; what is under way is finished. A second signal does what it always does."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Shutdown:
    """Whether to stop, and who says so."""

    #: The signal that asked, or 0.
    number: int = 0
    # A handler that raises is swallowed where others catch BaseException; a SimpleQueue's `put` is reentrant.
    _asked: SimpleQueue[int] = field(default_factory=SimpleQueue)

    def __call__(self) -> bool:
        """Whether somebody asked to stop."""
        return self.number != 0

    @property
    def exit_code(self) -> int:
        """What a shell expects of who was ended by a signal: 128 and its number; 0 if nobody asked."""
        return 128 + self.number if self.number else 0

    def ask(self, number: int) -> None:
        """Ask to stop."""
        self.number = number
        self._asked.put(number)

    def wait(self) -> None:
        """Wait until somebody asks."""
        self._asked.get()


@contextmanager
def handle_signals() -> Iterator[Shutdown]:
    """Take the first signal, while inside, as a wish; to be called from the main thread."""
    stop = Shutdown()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def heed(number: int, _frame: object) -> None:
        restore()
        stop.ask(number)

    for number in _SIGNALS:
        signal.signal(number, heed)
    try:
        yield stop
    finally:
        restore()
