"""claims → letters, written and signed: one after the other as they are asked for, or ahead, by other processes.

One process alone talks to the store's ledger and to the servers, so that limits, pauses and what is in doubt are
known in one place. Most of what a signed letter costs is writing and signing it, which needs neither.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from multiprocessing.connection import Connection, wait
from typing import Any

from newsletter.config.model import Config
from newsletter.errors import NewsletterError, TemplateError
from newsletter.models import Digest, Message
from newsletter.pipeline.compose import without_withdrawn
from newsletter.pipeline.ledger import Claim
from newsletter.pipeline.messages import MessageRenderer
from newsletter.rendering.environment import make_environment
from newsletter.sending.dkim import DkimKey, load_key, sign
from newsletter.store import Store, open_store

#: So many digests are kept at hand.
_KEPT = 200
#: So many letters are asked of another process at once; while they are fetched it writes as many others.
_CHUNK = 16
_HALVES = 2
#: Bytes for those of one question.
_ROOM = 8_000_000


@dataclass
class Writer:
    """Writes and signs the letters of one run."""

    store: Store
    messages: MessageRenderer
    #: In the order of the signatures.
    keys: tuple[DkimKey, ...]
    _digests: dict[int, Digest] = field(default_factory=dict)

    def digest(self, digest_id: int) -> Digest:
        """Return what is to be delivered, read once for all who get the same, as it was when this run began."""
        if digest_id not in self._digests:
            if len(self._digests) >= _KEPT:
                self._digests.pop(next(iter(self._digests)))
            self._digests[digest_id] = without_withdrawn(self.store.editions.get_digest(digest_id))
        return self._digests[digest_id]

    def write(self, claims: Sequence[Claim], clock: Callable[[], datetime]) -> Iterator[Message]:
        """Yield the letters of some claims, for which is rendered together what they need.

        Raises:
            TemplateError: A template is missing or broken.
        """
        with suppress(TemplateError):  # it is told of by the letter that needs the template
            self.messages.prepare((self.digest(one.delivery.digest_id), one.subscriber) for one in claims)
        for claim in claims:
            delivery, now = claim.delivery, clock()
            digest = self.digest(delivery.digest_id)
            message = self.messages.write(digest, claim.subscriber, delivery.message_id, now, delivery.id)
            yield replace(message, content=sign(message.content, self.keys, now)) if self.keys else message


def load_keys(config: Config) -> tuple[DkimKey, ...]:
    """Return the keys that a site signs with.

    Raises:
        ConfigError: One is not there, or not as it should be.
    """
    return tuple(load_key(path, config.dkim.domain, selector) for selector, path in config.dkim.keys)


def render_in_workers(
    claims: Iterable[Sequence[Claim]], writer: Writer, config: Config, processes: int, clock: Callable[[], datetime]
) -> Iterator[Message]:
    """Yield the letters of claims, written and signed by other processes a little ahead, in the order they are ready.

    `writer` writes the few that are too large to be handed over.

    Raises:
        TemplateError: A template is missing or broken; the letters before it were yielded.
        NewsletterError: A process ended that should not have.
    """
    chunks = _chunks(claims)
    with ExitStack() as stack:
        workers = [stack.enter_context(closing(_Worker(config))) for _ in range(processes)]
        try:
            for worker, chunk in zip(workers * _HALVES, chunks, strict=False):
                worker.ask(chunk, clock())
            while asked := [worker for worker in workers if worker.asked]:
                ready = wait([worker.pipe for worker in asked])
                for worker in [one for one in asked if one.pipe in ready]:
                    yield from _rendered(worker, writer, clock)
                    for following in islice(chunks, 1):
                        worker.ask(following, clock())
        except (EOFError, OSError) as error:
            hint = "was there memory enough? delivery.workers = 1 needs less"
            raise NewsletterError("a process that writes letters ended", hint=hint) from error


def _chunks(claims: Iterable[Sequence[Claim]]) -> Iterator[Sequence[Claim]]:
    for batch in claims:
        for start in range(0, len(batch), _CHUNK):
            yield batch[start : start + _CHUNK]


def _rendered(worker: _Worker, writer: Writer, clock: Callable[[], datetime]) -> Iterator[Message]:
    chunk, written = worker.take()
    for claim, message in zip(chunk, written.messages, strict=False):
        yield message or next(writer.write([claim], clock))
    if written.error is not None:
        text, hint = written.error
        raise TemplateError(text, hint=hint)


@dataclass(frozen=True, slots=True)
class _Written:
    """What was written of what was asked for, and why not more. None stands for a letter that is too large."""

    messages: Sequence[Message | None]
    error: tuple[str, str | None] | None


class _Worker:
    """Another process that writes. Letters come through memory that is shared: a pipe takes as long as writing them."""

    def __init__(self, config: Config) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would share what the threads of this one are at
        self.pipe, theirs = context.Pipe()
        shared = context.RawArray("B", _ROOM * _HALVES)
        self._room = memoryview(shared).cast("B")
        #: What is being written, and in which half of the room.
        self.asked: deque[tuple[int, Sequence[Claim]]] = deque()
        self._half = 0
        self._process = context.Process(target=_work, args=(theirs, shared, config), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, claims: Sequence[Claim], now: datetime) -> None:
        """Have letters written; at most `_HALVES` times before the first are taken."""
        self.asked.append((self._half, claims))
        self.pipe.send((self._half, claims, now))
        self._half = (self._half + 1) % _HALVES

    def take(self) -> tuple[Sequence[Claim], _Written]:
        """Return what was asked for first, when it is written."""
        written, sizes = self.pipe.recv()
        half, claims = self.asked.popleft()
        at = half * (len(self._room) // _HALVES)
        messages: list[Message | None] = []
        for message, size in zip(written.messages, sizes, strict=True):
            messages.append(message and replace(message, content=bytes(self._room[at : at + size])))
            at += size
        return claims, _Written(messages, written.error)

    def close(self) -> None:
        self.pipe.close()
        self._process.join()


# -- in the other process -----------------------------------------------------------------------------


def _work(pipe: Connection, shared: Any, config: Config) -> None:
    """Write what is asked for until nobody is there to ask: the other end is closed, or its process dead."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # who sends decides what is still to be written
    room = memoryview(shared).cast("B")
    size = len(room) // _HALVES
    with open_store(config.site.store) as store, suppress(EOFError, OSError, NewsletterError):
        messages = MessageRenderer(config, make_environment(config.site.templates), store.secret(), store.summaries)
        writer = Writer(store, messages, load_keys(config))
        while True:
            half, claims, now = pipe.recv()
            pipe.send(_put(_written(writer, claims, now), room[half * size : (half + 1) * size]))


def _written(writer: Writer, claims: Sequence[Claim], now: datetime) -> _Written:
    messages: list[Message] = []
    try:
        for message in writer.write(claims, lambda: now):
            messages.append(message)  # noqa: PERF402 - those before an error count
    except TemplateError as error:
        return _Written(messages, (error.message, error.hint))
    return _Written(messages, None)


def _put(written: _Written, room: memoryview) -> tuple[_Written, list[int]]:
    """Put letters into a room, one after the other; return the rest of them, and how long they are."""
    at = 0
    rest: list[Message | None] = []
    sizes = []
    for message in filter(None, written.messages):
        size = len(message.content)
        if at + size > len(room):
            size = 0
        room[at : at + size] = message.content[:size]
        rest.append(replace(message, content=b"") if size else None)
        sizes.append(size)
        at += size
    return _Written(rest, written.error), sizes
