"""Graceful shutdown: the first Ctrl-C or SIGTERM lets work in flight finish, a second signal acts as usual."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Shutdown:
    """Whether a shutdown was requested, and by which signal."""

    #: The signal, or 0.
    number: int = 0
    # Not an exception, which code that catches BaseException would swallow; SimpleQueue.put is reentrant.
    _requested: SimpleQueue[int] = field(default_factory=SimpleQueue)

    def __call__(self) -> bool:
        """Whether a shutdown was requested."""
        return self.number != 0

    @property
    def exit_code(self) -> int:
        """The exit code by the shell's convention: 128 plus the signal's number; 0 without a signal."""
        return 128 + self.number if self.number else 0

    def request(self, number: int) -> None:
        """Request a shutdown."""
        self.number = number
        self._requested.put(number)

    def wait(self) -> None:
        """Wait until a shutdown is requested."""
        self._requested.get()


@contextmanager
def handle_signals() -> Iterator[Shutdown]:
    """Turn the first signal inside this context into a shutdown request; for the main thread only."""
    shutdown = Shutdown()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def handle_signal(number: int, _frame: object) -> None:
        restore()
        shutdown.request(number)

    for number in _SIGNALS:
        signal.signal(number, handle_signal)
    try:
        yield shutdown
    finally:
        restore()
