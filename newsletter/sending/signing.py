"""messages → signed messages, in their order, some of them signed ahead of the one that is asked for.

Most of what a signature costs is one operation with an RSA key, during which Python lets other threads run: with a
thread per core all of them are used, while one thread talks to the store and to the servers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from newsletter.models import Message
from newsletter.sending.dkim import DkimKey, sign

#: So many messages a thread are signed ahead.
_AHEAD = 16


def signed(
    messages: Iterator[Message], keys: Sequence[DkimKey], threads: int, clock: Callable[[], datetime]
) -> Iterator[Message]:
    """Yield each message with a signature by each key.

    `messages` is only ever asked by the thread that asks for the signed ones.
    """
    if not keys:
        yield from messages
        return
    if threads == 1:
        for message in messages:
            yield _signed(message, keys, clock())
        return
    under_way: deque[Future[Message]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="signing") as pool:
        for message in messages:
            under_way.append(pool.submit(_signed, message, keys, clock()))
            if len(under_way) >= threads * _AHEAD:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def _signed(message: Message, keys: Sequence[DkimKey], now: datetime) -> Message:
    return replace(message, content=sign(message.content, keys, now))
