"""Claims → signed messages, rendered ahead by worker processes.

The main process alone talks to the ledger and to the servers, so that limits, pauses and deliveries in doubt are
known in one place. Most of the cost of a signed message is rendering and signing, which needs neither.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from multiprocessing.connection import Connection, wait
from typing import Any

from newsletter.config.model import Config
from newsletter.config.signing_keys import signing_keys
from newsletter.errors import NewsletterError, TemplateError
from newsletter.models import Message
from newsletter.pipeline.ledger import Claim
from newsletter.pipeline.messages import MessageRenderer
from newsletter.pipeline.signing import SigningRenderer, load_keys
from newsletter.rendering.environment import make_environment
from newsletter.store import open_store

#: Messages per request to a worker.
_CHUNK = 16
#: Requests a worker holds at once: it renders one while the messages of the other are fetched.
_MAX_REQUESTS = 2
#: Bytes of shared memory for the messages of one request.
_BUFFER_B = 8_000_000


def render_in_workers(
    claims: Iterable[Sequence[Claim]],
    renderer: SigningRenderer,
    config: Config,
    processes: int,
    clock: Callable[[], datetime],
) -> Iterator[Message]:
    """Yield the messages of claims, rendered and signed by worker processes, in the order they are ready.

    `renderer` renders the few messages that are too large for the shared memory.

    Raises:
        TemplateError: A template is missing or broken; the messages before it were yielded.
        NewsletterError: A worker process ended unexpectedly.
    """
    chunks = _chunks(claims)
    with ExitStack() as stack:
        workers = [stack.enter_context(closing(_Worker(config))) for _ in range(processes)]
        try:
            for worker, chunk in zip(workers * _MAX_REQUESTS, chunks, strict=False):
                worker.request(chunk, clock())
            while busy := [worker for worker in workers if worker.requests]:
                ready = wait([worker.pipe for worker in busy])
                for worker in [one for one in busy if one.pipe in ready]:
                    yield from _messages_of(worker, renderer, clock)
                    for following in islice(chunks, 1):
                        worker.request(following, clock())
        except (EOFError, OSError) as error:
            hint = "out of memory? delivery.workers = 1 needs less"
            raise NewsletterError("a worker process ended unexpectedly", hint=hint) from error


def _chunks(claims: Iterable[Sequence[Claim]]) -> Iterator[Sequence[Claim]]:
    for batch in claims:
        for start in range(0, len(batch), _CHUNK):
            yield batch[start : start + _CHUNK]


def _messages_of(worker: _Worker, renderer: SigningRenderer, clock: Callable[[], datetime]) -> Iterator[Message]:
    chunk, rendered = worker.receive()
    for claim, message in zip(chunk, rendered.messages, strict=False):
        yield message or next(renderer.render([claim], clock))
    if rendered.error is not None:
        text, hint = rendered.error
        raise TemplateError(text, hint=hint)


@dataclass(frozen=True, slots=True)
class _Rendered:
    """The response to one request: messages up to an error. None stands for a message that is too large."""

    messages: Sequence[Message | None]
    error: tuple[str, str | None] | None


class _Worker:
    """A worker process. Contents travel through shared memory: a pipe would take as long as rendering them."""

    def __init__(self, config: Config) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold
        self.pipe, theirs = context.Pipe()
        shared = context.RawArray("B", _BUFFER_B * _MAX_REQUESTS)
        self._buffer = memoryview(shared).cast("B")
        #: What is being rendered, and into which part of the buffer.
        self.requests: deque[tuple[int, Sequence[Claim]]] = deque()
        self._part = 0
        self._process = context.Process(target=_work, args=(theirs, shared, config), daemon=True)
        self._process.start()
        theirs.close()

    def request(self, claims: Sequence[Claim], now: datetime) -> None:
        """Have messages rendered; at most `_MAX_REQUESTS` times before the first are received."""
        self.requests.append((self._part, claims))
        self.pipe.send((self._part, claims, now))
        self._part = (self._part + 1) % _MAX_REQUESTS

    def receive(self) -> tuple[Sequence[Claim], _Rendered]:
        """Wait for the oldest request; return its claims and what was rendered of them."""
        rendered, sizes = self.pipe.recv()
        part, claims = self.requests.popleft()
        at = part * (len(self._buffer) // _MAX_REQUESTS)
        messages: list[Message | None] = []
        for message, size in zip(rendered.messages, sizes, strict=True):
            messages.append(message and replace(message, content=bytes(self._buffer[at : at + size])))
            at += size
        return claims, _Rendered(messages, rendered.error)

    def close(self) -> None:
        self.pipe.close()
        self._process.join()


# -- in the worker process ----------------------------------------------------------------------------


def _work(pipe: Connection, shared: Any, config: Config) -> None:
    """Render what is requested until the other end of the pipe is closed, or its process has died."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the main process decides what is still to be rendered
    buffer = memoryview(shared).cast("B")
    size = len(buffer) // _MAX_REQUESTS
    with (
        open_store(config.site.store, lambda: signing_keys(config)) as store,
        suppress(EOFError, OSError, NewsletterError),
    ):
        messages = MessageRenderer(config, make_environment(config.site.templates), store.secret(), store.summaries)
        renderer = SigningRenderer(store, messages, load_keys(config))
        while True:
            part, claims, now = pipe.recv()
            pipe.send(_put(_render(renderer, claims, now), buffer[part * size : (part + 1) * size]))


def _render(renderer: SigningRenderer, claims: Sequence[Claim], now: datetime) -> _Rendered:
    messages: list[Message] = []
    try:
        for message in renderer.render(claims, lambda: now):
            messages.append(message)  # noqa: PERF402 - those before an error count
    except TemplateError as error:
        return _Rendered(messages, (error.message, error.hint))
    return _Rendered(messages, None)


def _put(rendered: _Rendered, buffer: memoryview) -> tuple[_Rendered, list[int]]:
    """Put contents into the buffer, one after the other; return the messages without them, and their sizes."""
    at = 0
    rest: list[Message | None] = []
    sizes = []
    for message in filter(None, rendered.messages):
        size = len(message.content)
        if at + size > len(buffer):
            size = 0
        buffer[at : at + size] = message.content[:size]
        rest.append(replace(message, content=b"") if size else None)
        sizes.append(size)
        at += size
    return _Rendered(rest, rendered.error), sizes
