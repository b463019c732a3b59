"""Calls that may block for ever (DNS, TLS, a silent server), in threads that nothing has to wait for.

A timeout of a socket restarts with each byte and does not cover DNS; a deadline here covers a call as a whole. The
threads are daemons, unlike those of `ThreadPoolExecutor`, for which Python waits before it exits. Each ends by itself
when its connection is cut at a deadline, so that they do not add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from socket import SHUT_RDWR, fromfd, socket
from threading import Thread, Timer
from typing import TypeVar

T = TypeVar("T")

#: Seconds between two checks of whether a call is to be abandoned.
_POLL_S = 0.1


class Abandoned(Exception):
    """The caller does not wait for a call any more: a shutdown was requested."""


def start(function: Callable[[], T], name: str = "blocking") -> Future[T]:
    """Call a function in a thread of its own, and return its future result."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            result = function()
        except BaseException as error:  # noqa: BLE001 - raised again by who takes the result
            future.set_exception(error)
        else:
            future.set_result(result)

    Thread(target=run, name=name, daemon=True).start()
    return future


def call_within(
    seconds: float,
    function: Callable[[], T],
    *,
    is_abandoned: Callable[[], bool] | None = None,
    discard: Callable[[T], object] = lambda _result: None,
) -> T:
    """Return the result of a function that is called in a thread of its own, within so many seconds.

    Args:
        seconds: The deadline of the whole call.
        function: What may block.
        is_abandoned: Whether not to wait any longer.
        discard: What is done with a result that comes too late, such as closing a connection.

    Raises:
        TimeoutError: The deadline has passed.
        Abandoned: `is_abandoned` returned True.
    """
    future = start(function)
    remaining = seconds
    while remaining > 0:
        pause = remaining if is_abandoned is None else min(_POLL_S, remaining)
        if wait([future], timeout=pause).done:
            return future.result()
        remaining -= pause
        if is_abandoned is not None and is_abandoned():
            future.add_done_callback(lambda late: _discard(late, discard))
            raise Abandoned
    future.add_done_callback(lambda late: _discard(late, discard))
    raise TimeoutError(f"no response within {seconds:.3g} s")


class ConnectionCut(TimeoutError):
    """A connection was cut at the deadline of what used it."""


@contextmanager
def cut_after(seconds: float, connected: socket) -> Iterator[None]:
    """Cut a connection unless this context ends within so many seconds; whatever blocks on it then fails.

    Raises:
        ConnectionCut: The connection was cut, and what used it failed.
    """
    # A descriptor of its own stays valid when TLS takes the socket over, and its shutdown does not wait as that of TLS.
    other_end = fromfd(connected.fileno(), connected.family, connected.type)
    is_cut = False

    def cut() -> None:
        nonlocal is_cut
        is_cut = True
        with suppress(OSError):
            other_end.shutdown(SHUT_RDWR)

    timer = Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if is_cut:
            raise ConnectionCut(f"no response within {seconds:.3g} s") from error
        raise
    finally:
        timer.cancel()
        other_end.close()


def _discard(late: Future[T], discard: Callable[[T], object]) -> None:
    if late.exception() is None:
        discard(late.result())
