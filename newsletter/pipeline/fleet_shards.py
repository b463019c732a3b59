"""What is open in the ledger → shards, each with its job in one transaction: what the workers of a fleet share.

Everything is decided from the ledger and the leases of shards. Jobs say only where to look: one too many finds its
shard taken, one that is lost is made again.
"""

from __future__ import annotations

from newsletter.config.model import InDoubtPolicy
from newsletter.pipeline.delivery_run import DeliveryRun
from newsletter.pipeline.ledger import IN_DOUBT
from newsletter.pipeline.outcomes import OutcomeStatus

#: The deliveries of one shard: what a worker that ends in the middle gives to others, and what one job costs.
SHARD_SIZE = 500
#: The queue, and the task that sends a shard.
QUEUE, SEND_SHARD = "newsletter", "send_shard"
#: The jobs of a process that said nothing for so long are dropped, in seconds.
_SILENT_S = 60.0


def share_ledger(run: DeliveryRun, size: int = SHARD_SIZE) -> int:
    """Free the shards of dead workers, divide what is due and in no shard, and see that each free one has a job.

    What was in flight when a worker died is in doubt, as after any crash. Return how many jobs were made.

    Raises:
        StoreError: The store cannot be written; what is not shared yet is when this is called again.
    """
    for holder in run.store.shards.expired(run.clock()):
        run.take_over(holder)
    now, held, made = run.clock(), 0, 0

    def enqueue(after: int = 0) -> None:
        nonlocal made
        made += run.store.shard_jobs.enqueue(QUEUE, SEND_SHARD, after)

    if run.config.delivery.in_doubt is InDoubtPolicy.HOLD:
        held = run.store.shards.hold_others(now, f"{IN_DOUBT} since a crash: it may have been delivered")
    with run.store.transaction():
        run.store.shard_jobs.drop_stalled(_SILENT_S)
        enqueue()
    run.store.shards.divide_rest(now, size, enqueue)
    run.ledger.in_doubt += held
    run.add_moved(OutcomeStatus.HELD, now, held)
    return made
