"""Several senders for one edition: the run that starts them holds the site's lock, the rate limits and the report.

    run ── forks, or spawns ── the first process, which renders what is shared ── forks ── one sender per core

To import the program takes longer than to render the fragments of an edition, so the first process is a fork of the run
where that is safe (`_may_fork`). A sender that dies is noticed by the end of its pipe; what it had not sent is taken up
by the others. If all die, or the run does, the next run goes on from the ledger.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from newsletter.errors import NewsletterError
from newsletter.pipeline.delivery_run import DeliveryRun
from newsletter.pipeline.garbage_collection import without_older_objects
from newsletter.pipeline.ports import SIGNAL_THREAD
from newsletter.pipeline.sender_process import (
    CAN_FORK,
    Command,
    Ended,
    Idle,
    InheritedFile,
    Part,
    PermitRequest,
    SenderSetup,
    run_forked_senders,
    run_senders,
)
from newsletter.sending import Permits, Transport

#: For a run that must not be forked itself.
PROCESSES = multiprocessing.get_context("spawn")
#: Starting processes does not pay off for fewer messages.
MIN_FOR_SENDERS = 1000
#: A sender gets about so many shards, so that all end at about the same time, of so many deliveries.
_SHARDS_EACH = 16
_MIN_SHARD, _MAX_SHARD = 8, 500
_POLL_S = 0.1
#: Clocks that differ by less are the same.
_SAME_CLOCK = timedelta(seconds=1)

_logger = logging.getLogger(__name__)


def send_shared(run: DeliveryRun, transport: Transport, number: int, lock: int | None) -> None:
    """Send the `number` open deliveries, by several processes if they are many and the settings say so.

    An error that ends this early is in `run.error`.

    Raises:
        StoreError: The store cannot be written.
    """
    parts = transport.divide(run.config.delivery.senders) if number >= MIN_FOR_SENDERS else []
    if len(parts) < 2:
        with without_older_objects():
            run.send_open(transport)
        return
    size = number // (_SHARDS_EACH * len(parts))
    run.store.shards.divide(run.clock(), max(_MIN_SHARD, min(_MAX_SHARD, size)))
    transport.close()  # its connections are the senders' now
    with _started(run, parts, lock) as senders:
        serving = _Serving(run, transport.permits, senders)
        serving.serve()
    left = run.store.shards.count()
    run.store.shards.clear()
    if serving.raised is not None:
        raise serving.raised
    run.error = run.error or serving.error
    if left and not run.is_shutting_down():
        run.error = run.error or serving.loss


@dataclass
class _Sender:
    """A sender process, as its run sees it."""

    holder: str
    pipe: Connection
    is_idle: bool = False


@contextmanager
def _started(
    run: DeliveryRun, parts: Sequence[Callable[[Permits], Transport]], lock: int | None
) -> Iterator[list[_Sender]]:
    """Start a sender for each part; wait at the end until all of them have ended."""
    ahead = run.clock() - datetime.now(UTC)
    only = None if run.only is None else frozenset(run.only)
    inherited = None if lock is None else InheritedFile(lock)
    setup = SenderSetup(run.config, only, ahead if abs(ahead) > _SAME_CLOCK else timedelta(), inherited)
    senders, theirs = [], []
    for at, make_transport in enumerate(parts):
        ours, other = PROCESSES.Pipe()
        holder = f"{os.getpid()}.{at + 1}"
        senders.append(_Sender(holder, ours))
        theirs.append(Part(holder, other, make_transport))
    processes: list[BaseProcess] = []
    try:
        if _may_fork(run):
            processes.append(_fork_first(run, setup, theirs, [sender.pipe for sender in senders]))
        else:
            for group in [theirs] if CAN_FORK else [[part] for part in theirs]:
                processes.append(PROCESSES.Process(target=run_senders, args=(setup, group)))
                processes[-1].start()
        for part in theirs:
            part.pipe.close()
        yield senders
    finally:
        for end in (*(sender.pipe for sender in senders), *(part.pipe for part in theirs)):
            end.close()
        for process in processes:
            process.join()


def _may_fork(run: DeliveryRun) -> bool:
    """Whether this process may be forked: no other thread can hold a lock, and the store can be closed meanwhile.

    A connection to a server cannot: it has the site's lock. Where the settings name a file, it is this run's store that
    is open, and no other one: those that have several at once have threads for them.
    """
    others = (thread for thread in threading.enumerate() if thread is not threading.current_thread())
    is_alone = all(thread.name == SIGNAL_THREAD for thread in others)
    return CAN_FORK and is_alone and isinstance(run.config.store, Path)


def _fork_first(run: DeliveryRun, setup: SenderSetup, parts: Sequence[Part], ends: Sequence[Connection]) -> BaseProcess:
    """Fork the first process from this one; SQLite forbids to carry a connection over.

    Raises:
        StoreError: The store cannot be opened again.
    """
    context = multiprocessing.get_context("fork")
    process = context.Process(target=run_forked_senders, args=(setup, parts, run.renderer, ends))
    run.store.close()
    try:
        process.start()
    finally:
        run.store.reopen()
    return process


class _Serving:
    """What a run does while its senders send."""

    def __init__(self, run: DeliveryRun, permits: Permits, senders: list[_Sender]) -> None:
        self._run = run
        self._permits = permits
        #: Those that are alive.
        self._senders = senders.copy()
        self._ordered: set[Command] = set()
        #: Why all of them stopped, if they did; and an error that is to be raised.
        self.error: NewsletterError | None = None
        self.raised: NewsletterError | None = None
        #: Why one of them ended, although the others went on.
        self.loss: NewsletterError | None = None

    def serve(self) -> None:
        """Give permits and collect outcomes until every sender is idle or has ended."""
        for sender in self._senders.copy():
            self._send_command(sender, Command.SEND)
        while any(not sender.is_idle for sender in self._senders):
            if self._run.is_shutting_down():
                self._order_all(Command.STOP)
            if self._run.is_grace_over():
                self._order_all(Command.ABANDON)
            ready = wait([sender.pipe for sender in self._senders], _POLL_S)
            for sender in [one for one in self._senders if one.pipe in ready]:
                self._receive(sender)

    def _receive(self, sender: _Sender) -> None:
        try:
            received = sender.pipe.recv()
        except (EOFError, OSError):
            self._died(sender)
            return
        match received:
            case PermitRequest(server, domain, now):
                self._send_command(sender, self._permits.take(server, domain, now))
            case Idle(in_doubt):
                sender.is_idle = True
                self._run.ledger.in_doubt += in_doubt
            case Ended():
                self._ended(sender, received)
            case list():
                for outcome in received:
                    self._run.tally.add(outcome)

    def _ended(self, sender: _Sender, ended: Ended) -> None:
        error = ended.kind(ended.message, hint=ended.hint)
        self._run.ledger.in_doubt += ended.in_doubt
        if ended.others_may_go_on:
            self.loss = self.loss or error
        else:
            if ended.is_raised:
                self.raised = self.raised or error
            else:
                self.error = self.error or error
            self._order_all(Command.STOP)
        self._lose(sender)

    def _died(self, sender: _Sender) -> None:
        message, hint = "a sender process ended unexpectedly", "out of memory? delivery.senders = 1 needs less"
        if Command.STOP not in self._ordered:
            _logger.warning("newsletter: %s; what it had not sent is taken up by others, or by the next run", message)
        self.loss = self.loss or NewsletterError(message, hint=hint)
        self._lose(sender)

    def _lose(self, sender: _Sender) -> None:
        """Give the shards of a sender that has ended to others, also to those that are idle."""
        self._senders.remove(sender)
        if self._run.take_over(sender.holder) and not self._ordered:
            for other in [one for one in self._senders if one.is_idle]:
                other.is_idle = False
                self._send_command(other, Command.SEND)

    def _order_all(self, command: Command) -> None:
        if command not in self._ordered:
            self._ordered.add(command)
            for sender in self._senders.copy():
                self._send_command(sender, command)

    def _send_command(self, sender: _Sender, command: object) -> None:
        with suppress(OSError):  # it has died, and the end of its pipe is seen at once
            sender.pipe.send(command)
