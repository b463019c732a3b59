"""Graceful shutdown: the first Ctrl-C or SIGTERM lets work in flight finish, a second signal acts as usual.

    signal ── 2 s: what is in flight may finish ── then it is given up ── 4 s: the process ends, whatever hangs

The signal is seen by a thread of its own, since Python runs no handler while the main thread waits in C (for DNS, say).
Ending at once is safe, as after kill -9: the ledger has what was sent, what is queued and what is in doubt.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event, Thread

from newsletter.pipeline.ports import SIGNAL_THREAD

#: For this long after the signal, messages in flight may be finished.
GRACE_S = 2.0
#: After this long, the process ends without waiting for anything.
DEADLINE_S = 4.0

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Shutdown:
    """Whether a shutdown was requested, and by which signal."""

    #: The signal, or 0.
    number: int = 0
    # Not an exception, which code that catches BaseException would swallow; SimpleQueue.put is reentrant.
    _requested: SimpleQueue[int] = field(default_factory=SimpleQueue)
    _requested_at: float = 0.0

    def __call__(self) -> bool:
        """Whether a shutdown was requested."""
        return self.number != 0

    @property
    def exit_code(self) -> int:
        """The exit code by the shell's convention: 128 plus the signal's number; 0 without a signal."""
        return 128 + self.number if self.number else 0

    def is_grace_over(self) -> bool:
        """Whether what is in flight is to be given up."""
        return self.number != 0 and time.monotonic() - self._requested_at > GRACE_S

    def request(self, number: int) -> None:
        """Request a shutdown."""
        if not self.number:
            self._requested_at = time.monotonic()
            self.number = number
            self._requested.put(number)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until a shutdown is requested, for so long at most; return whether it was."""
        with suppress(Empty):
            if not self.number:
                self._requested.get(timeout=timeout_s)
        return self()


@contextmanager
def handle_signals() -> Iterator[Shutdown]:
    """Turn the first signal inside this context into a shutdown request; for the main thread only.

    If the context does not end in time after a signal, the process does.
    """
    shutdown, is_over = Shutdown(), Event()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def handle_signal(number: int, _frame: object) -> None:
        restore()
        shutdown.request(number)

    numbers, written = socket.socketpair()
    written.setblocking(False)
    watcher = Thread(target=_watch, args=(numbers, shutdown, is_over), name=SIGNAL_THREAD, daemon=True)
    watcher.start()
    former = signal.set_wakeup_fd(written.fileno(), warn_on_full_buffer=False)
    for number in _SIGNALS:
        signal.signal(number, handle_signal)
    try:
        yield shutdown
    finally:
        restore()
        signal.set_wakeup_fd(former)
        is_over.set()
        written.shutdown(socket.SHUT_RDWR)  # a process that was forked may have it, too
        written.close()
        watcher.join()
        numbers.close()


def _watch(numbers: socket.socket, shutdown: Shutdown, is_over: Event) -> None:
    """Wait for a signal, whose number Python writes to a socket; end the process if the shutdown takes too long."""
    while received := numbers.recv(1):
        if received[0] in _SIGNALS:
            shutdown.request(received[0])
            if not is_over.wait(DEADLINE_S):
                _end(shutdown)
            return


def _end(shutdown: Shutdown) -> None:
    """End this process and its senders at once."""
    with suppress(OSError):
        os.write(2, b"newsletter: shutdown: something does not respond, so it was not waited for; ")
        os.write(2, b"deliveries in flight are in doubt until the next run\n")
    for sender in multiprocessing.active_children():
        sender.kill()
    os._exit(shutdown.exit_code)
