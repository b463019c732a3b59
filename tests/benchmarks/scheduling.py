"""A month with two processes that schedule and a crontab line, all killed at random, against an undisturbed one.

`python -m tests.benchmarks.scheduling [DAYS] [SEED]` prints what was done to them, and whether the end is the same.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.operations.month import disturbed, undisturbed


def main() -> int:
    """Simulate; return 0 if nothing was lost or doubled."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 31
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        expected = undisturbed(Path(folder) / "undisturbed", days)
        month, done = disturbed(Path(folder) / "disturbed", days, random.Random(seed), every=6)  # noqa: S311
        took = time.monotonic() - began
        same = month.end_state() == expected.end_state()
        by_day = Counter((email, edition[-10:]) for email, edition, _, _ in month.end_state())
        print(f"{days} days in {took:.0f} s: {done['kill']} kills, {done['run']} runs beside, seed {seed}")
        print(f"{len(month.end_state())} deliveries, {month.outbox()} messages in the outbox")
        print(f"most on one day to one subscriber: {max(by_day.values())}")
        print("the end is the same" if same else "THE END DIFFERS:")
        if not same:
            for row in sorted(set(month.end_state()) ^ set(expected.end_state())):
                print("  ", row)
        return 0 if same and month.outbox() == expected.outbox() and max(by_day.values()) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
