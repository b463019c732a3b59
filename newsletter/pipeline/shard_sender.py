"""What a worker of a fleet does with one shard: it leases it, renders, signs and sends, by the code of any sender.

The renderer and the connections stay for the next shard, for ten minutes: after that, keys and templates are read
again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.config.model import Config
from newsletter.pipeline.delivery_run import DeliveryRun
from newsletter.pipeline.ledger import SendingLedger
from newsletter.pipeline.messages import MessageRenderer
from newsletter.pipeline.outcomes import DeliveryReport, Outcome, Tally
from newsletter.pipeline.shard_lease import LEASE, ShardLease
from newsletter.pipeline.signing import SigningRenderer, load_keys
from newsletter.rendering.environment import make_environment
from newsletter.sending import Transport
from newsletter.store import Store

_KEPT_S = 600.0


@dataclass
class ShardSender:
    """Sends shards of the ledger, one after the other."""

    config: Config
    store: Store
    transport: Transport
    clock: Callable[[], datetime]
    #: The worker, as it is called in the leases of its shards.
    holder: str
    is_shutting_down: Callable[[], bool]
    is_grace_over: Callable[[], bool]
    lease: timedelta = LEASE
    _renderer: SigningRenderer | None = None
    _made_at: float = field(default_factory=time.monotonic)

    def send(self, first: int, watch: Callable[[Outcome], None]) -> DeliveryReport:
        """Send the shard that begins with the delivery `first`, unless somebody else has it or it is done.

        What is left is free for others afterwards: after a shutdown, or an error, which is in the report.

        Raises:
            LeaseLost: This process was suspended for so long that others took over.
            NewsletterError: A template or a key cannot be read.
            StoreError: The store cannot be used. The lease ends by itself.
        """
        run = self.run(watch)
        lease = run.lease = ShardLease(self.store, self.clock, self.holder, first, self.lease)
        run.ledger.check_lease = lease.check

        def is_stopped() -> bool:  # it is asked often
            lease.renew()
            return self.is_shutting_down()

        run.is_shutting_down = is_stopped
        run.send_open(self.transport)
        if run.error is not None or not self.store.shards.is_any_free():
            self.transport.close()  # no server is kept waiting; a further shard connects again
        return DeliveryReport(tuple(run.tally.outcomes), run.tally.counts, run.error, run.ledger.in_doubt)

    def run(self, watch: Callable[[Outcome], None] = lambda _outcome: None) -> DeliveryRun:
        """Return what a run of one process has, for this worker."""
        renderer, tally = self._current_renderer(), Tally(watch)
        ledger = SendingLedger(self.store, self.clock, tally, self.config.delivery.in_doubt)
        secret = renderer.messages.secret
        return DeliveryRun(
            self.store, self.config, renderer, self.clock, secret, tally, ledger,
            self.is_shutting_down, self.is_grace_over, None,
        )  # fmt: skip

    def _current_renderer(self) -> SigningRenderer:
        if self._renderer is None or time.monotonic() - self._made_at > _KEPT_S:
            environment = make_environment(self.config.site.templates)
            messages = MessageRenderer(self.config, environment, self.store.secret(), self.store.summaries)
            self._renderer = SigningRenderer(self.store, messages, load_keys(self.config))
            self._made_at = time.monotonic()
        return self._renderer
