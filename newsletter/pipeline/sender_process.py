"""A sender: one of the processes that share an edition. It leases shards of the ledger, renders, signs and sends.

    shards | claims | messages | its share of the connections | its transactions of the ledger

It has its own connection to the store and to the mail servers. The run that started it keeps the site's lock, the rate
limits and the report; a pipe between the two carries permits and commands one way, requests and outcomes the other.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.reduction import DupFd
from queue import SimpleQueue
from threading import Thread
from typing import Any

from newsletter.config.model import Config
from newsletter.config.signing_keys import signing_keys
from newsletter.errors import NewsletterError
from newsletter.pipeline.delivery_run import BATCH, DeliveryRun
from newsletter.pipeline.ledger import SendingLedger
from newsletter.pipeline.messages import MessageRenderer
from newsletter.pipeline.outcomes import Outcome, Tally
from newsletter.pipeline.shard_lease import LeaseLost, ShardLease
from newsletter.pipeline.signing import SigningRenderer, load_keys
from newsletter.rendering.environment import make_environment
from newsletter.sending import Permits, Transport, Wait
from newsletter.sending.smtp.handshake import Unreachable
from newsletter.store import open_store

#: Whether senders may be forks of one process that has rendered what they share. That process has no threads of its own
#: and has closed the store by then, so a fork is safe; but macOS's own libraries do not survive one.
CAN_FORK = hasattr(os, "fork") and sys.platform != "darwin"
#: So many batches of claims are rendered before the fork.
_BATCHES_BEFORE_FORK = 2
#: Outcomes are reported together: so many, or those of so many seconds.
_MAX_REPORTED = 64
_REPORT_S = 0.05
#: A sender whose run was killed finishes what is in flight for so long, and ends after that, whatever hangs.
_GRACE_S = 2.0
_DEADLINE_S = 4.0
#: Until the answer of a run that has ended.
_FOREVER = Wait(3600.0, 0.0)


class Command(Enum):
    """What a run tells a sender."""

    #: Lease shards, and send them.
    SEND = auto()
    #: Finish the messages in flight, and begin no others.
    STOP = auto()
    #: Give up the messages in flight.
    ABANDON = auto()
    #: There is nothing more to do.
    END = auto()


@dataclass(frozen=True, slots=True)
class PermitRequest:
    """The arguments of `Permits.take`."""

    server: str
    domain: str
    now: float


@dataclass(frozen=True, slots=True)
class Idle:
    """No shard is free."""

    #: Deliveries in doubt since the last time.
    in_doubt: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The sender ends, since something is wrong."""

    kind: type[NewsletterError]
    message: str
    hint: str | None
    in_doubt: int
    #: Whether the others can do its work.
    others_may_go_on: bool
    #: Whether the error ends the run as an exception.
    is_raised: bool = False


class InheritedFile:
    """A file descriptor that stays open in processes that are started while this object is passed to them."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __reduce__(self) -> tuple[Any, ...]:
        return _inherit, (DupFd(self.descriptor),)


def _inherit(descriptor: Any) -> InheritedFile:
    return InheritedFile(descriptor.detach())


@dataclass(frozen=True, slots=True)
class SenderSetup:
    """What all senders of a run have in common."""

    config: Config
    only: frozenset[str] | None
    #: How far the run's clock is ahead of the real one.
    ahead: timedelta
    #: The site's lock.
    lock: InheritedFile | None

    def clock(self) -> datetime:
        """Return the present time."""
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True, slots=True)
class Part:
    """What one sender has of its own."""

    holder: str
    pipe: Connection
    make_transport: Callable[[Permits], Transport]


def run_senders(setup: SenderSetup, parts: Sequence[Part]) -> None:
    """Be the first process, one that was spawned."""
    _be_first(setup, parts, lambda: _make_renderer(setup))


def run_forked_senders(
    setup: SenderSetup, parts: Sequence[Part], renderer: SigningRenderer, ends: Sequence[Connection]
) -> None:
    """Be the first process, a fork of the run, which has closed the store of its `renderer`.

    `ends` are the run's ends of the pipes.
    """
    gc.freeze()  # else the first collection would copy all pages
    for end in ends:
        end.close()  # else a sender would not see that the run was killed

    def reopened() -> SigningRenderer:
        renderer.store.reopen()
        return renderer

    _be_first(setup, parts, reopened)


def _be_first(setup: SenderSetup, parts: Sequence[Part], make_renderer: Callable[[], SigningRenderer]) -> None:
    """Render what is shared, then be the only sender, or fork one for each part."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the run decides what is still to be sent
    try:
        renderer = make_renderer()
        if len(parts) == 1:
            _send(setup, parts[0], renderer)
            return
        _prepare(setup, renderer)
    except NewsletterError as error:
        parts[0].pipe.send(Ended(type(error), error.message, error.hint, 0, False))
        return
    renderer.store.close()
    gc.freeze()
    context = multiprocessing.get_context("fork")
    processes = []
    for at, part in enumerate(parts):
        processes.append(context.Process(target=_send_forked, args=(setup, part, parts[at + 1 :], renderer)))
        processes[-1].start()
        part.pipe.close()
    for process in processes:
        process.join()


def _make_renderer(setup: SenderSetup) -> SigningRenderer:
    store = open_store(setup.config.store, lambda: signing_keys(setup.config))
    environment = make_environment(setup.config.site.templates)
    messages = MessageRenderer(setup.config, environment, store.secret(), store.summaries)
    return SigningRenderer(store, messages, load_keys(setup.config))


def _prepare(setup: SenderSetup, renderer: SigningRenderer) -> None:
    """Render the fragments of the first deliveries: most of what the others need, too."""
    run = _make_run(setup, renderer, Tally(lambda _outcome: None), lambda: False, lambda: False)
    for claims in islice(run.claims(BATCH), _BATCHES_BEFORE_FORK):
        renderer.prepare(claims)


def _send_forked(setup: SenderSetup, part: Part, others: Sequence[Part], renderer: SigningRenderer) -> None:
    for other in others:
        other.pipe.close()  # else the run would not see that the other has died
    renderer.store.reopen()
    _send(setup, part, renderer)


def _send(setup: SenderSetup, part: Part, renderer: SigningRenderer) -> None:
    line = _Line(part.pipe)
    run = _make_run(setup, renderer, Tally(line.report), line.is_stopped, line.is_abandoned)
    lease = run.lease = ShardLease(run.store, run.clock, part.holder)
    run.ledger.check_lease = lease.check
    line.tick = lease.renew
    transport = part.make_transport(line)
    is_open = False
    try:
        with closing(run.store), closing(transport):
            while line.commands.get() is Command.SEND:
                transport.open(line.is_abandoned)
                is_open = True
                run.send_open(transport)
                if run.error is not None:
                    line.end(run, run.error, others_may_go_on=_may_go_on(run.error))
                    return
                line.send(Idle(run.ledger.in_doubt))
                run.ledger.in_doubt = 0
    except NewsletterError as error:
        may_go_on = not is_open or _may_go_on(error)
        line.end(run, error, others_may_go_on=may_go_on, is_raised=not may_go_on)


def _may_go_on(error: NewsletterError) -> bool:
    return isinstance(error, Unreachable | LeaseLost)


def _make_run(
    setup: SenderSetup,
    renderer: SigningRenderer,
    tally: Tally,
    is_shutting_down: Callable[[], bool],
    is_grace_over: Callable[[], bool],
) -> DeliveryRun:
    store, config = renderer.store, setup.config
    ledger = SendingLedger(store, setup.clock, tally, config.delivery.in_doubt)
    secret = renderer.messages.secret
    return DeliveryRun(
        store, config, renderer, setup.clock, secret, tally, ledger, is_shutting_down, is_grace_over, setup.only
    )


@dataclass
class _Line:
    """A sender's end of the pipe to its run; it is the sender's `Permits`, too."""

    pipe: Connection
    #: Called often.
    tick: Callable[[], None] = lambda: None
    commands: SimpleQueue[Command] = field(default_factory=SimpleQueue)
    _permits: SimpleQueue[Wait] = field(default_factory=SimpleQueue)
    _outcomes: list[Outcome] = field(default_factory=list)
    _reported_at: float = 0.0
    _is_stopped: bool = False
    #: Whether the run told this sender to stop, before it ended itself.
    _has_order: bool = False
    #: When what is in flight is to be given up; a monotonic time.
    _abandon_at: float = float("inf")

    def __post_init__(self) -> None:
        Thread(target=self._listen, name="commands", daemon=True).start()

    def is_stopped(self) -> bool:
        """Whether no further message is to be begun. It is asked often, so outcomes are reported, too."""
        self.tick()
        if self._outcomes and time.monotonic() - self._reported_at > _REPORT_S:
            self._flush()
        return self._is_stopped

    def is_abandoned(self) -> bool:
        """Whether messages in flight are to be given up."""
        return time.monotonic() > self._abandon_at

    def take(self, server: str, domain: str, now: float) -> Wait:
        """Ask the run for a permit; see `Permits.take`."""
        self.send(PermitRequest(server, domain, now))
        return _FOREVER if self._is_stopped else self._permits.get()

    def report(self, outcome: Outcome) -> None:
        """Report an outcome, soon."""
        self._outcomes.append(outcome)
        if len(self._outcomes) >= _MAX_REPORTED:
            self._flush()

    def send(self, what: PermitRequest | Idle | Ended) -> None:
        """Send something to the run, after the outcomes before it."""
        self._flush()
        self._send(what)

    def end(self, run: DeliveryRun, error: NewsletterError, *, others_may_go_on: bool, is_raised: bool = False) -> None:
        """Tell the run that, and why, this sender ends."""
        ended = Ended(type(error), error.message, error.hint, run.ledger.in_doubt, others_may_go_on, is_raised)
        self.send(ended)

    def _flush(self) -> None:
        self._reported_at = time.monotonic()
        if self._outcomes:
            self._send(self._outcomes)
            self._outcomes = []

    def _send(self, what: object) -> None:
        try:
            self.pipe.send(what)
        except OSError:  # the run was killed: the ledger has what the report would have
            self._is_stopped = True

    def _listen(self) -> None:
        """Receive what the run tells, until it ends or is killed; then see to it that this process ends, too."""
        try:
            while True:
                received = self.pipe.recv()
                if isinstance(received, Wait):
                    self._permits.put(received)
                elif received in (Command.SEND, Command.END):
                    self.commands.put(received)
                else:
                    self._has_order = True
                    self._stop(0.0 if received is Command.ABANDON else float("inf"))
        except (EOFError, OSError):
            self._stop(0.0 if self._has_order else _GRACE_S)
            time.sleep(_DEADLINE_S)
            os._exit(1)

    def _stop(self, grace_s: float) -> None:
        self._is_stopped = True
        self._abandon_at = min(self._abandon_at, time.monotonic() + grace_s)
        self.commands.put(Command.END)
        self._permits.put(_FOREVER)
