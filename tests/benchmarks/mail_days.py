"""Whether every rule of when mail comes holds, over a million due moments: years of subscribers in forty time zones.

    python -m tests.benchmarks.mail_days [--moments 1000000] [--seed 1] [--processes 2]

Each subscriber lives a year of one of many sites, with late papers, downtimes, a mail server that is away, defers or
leaves in doubt, and preferences that change. The judge is `tests.pipeline.mail_rules`. What breaks a rule is printed,
and the exit code is 1.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing import Pool
from random import Random

from newsletter.models import Cadence
from tests.pipeline.mail_days import ZONES, live, make_life, make_site
from tests.pipeline.mail_rules import due_slots, missed, violations

#: All cadences, the frequent ones more often: they have more due moments for the same time.
_CADENCES = (Cadence.DAILY, Cadence.DAILY, Cadence.WEEKDAYS, Cadence.DAILY, Cadence.WEEKLY, Cadence.MONTHLY)


def year(seed: int) -> tuple[Counter[str], list[str]]:
    """Return the figures of one site's year with a subscriber per time zone, and what broke a rule."""
    random = Random(seed)  # noqa: S311 - it makes up a history
    site = make_site(random, datetime(2024 + seed % 5, 1, 1, tzinfo=UTC), 366)
    figures, broken = Counter[str](), list[str]()
    for number, zone in enumerate(ZONES):
        life = live(make_life(random, site, zone, _CADENCES[(number + seed) % len(_CADENCES)]), random)
        broken += [f"seed {seed}, {zone}: {text}" for text in (*violations(life), *missed(life))]
        figures["due moments"] += sum(1 for _ in due_slots(life))
        figures["emails"] += len(life.mails)
        figures["changes"] += len(life.choices) - 1
        figures["caught up"] += sum(mail.due.is_caught_up for mail in life.mails)
        figures["closed unsent"] += sum(not mail.left for mail in life.mails)
        figures["questions"] += life.evaluations
    return figures, broken


def run(moments: int, seed: int, processes: int) -> Iterator[tuple[Counter[str], list[str]]]:
    """Yield the years of as many sites as have so many due moments."""
    with Pool(processes) as pool:
        found = 0
        for figures, broken in pool.imap(year, range(seed, seed + moments // 4000 + 2)):
            yield figures, broken
            found += figures["due moments"]
            if found >= moments:
                return


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    began, total, broken = time.perf_counter(), Counter[str](), list[str]()
    for figures, texts in run(options.moments, options.seed, options.processes):
        total += figures
        broken += texts
        for text in texts[:10]:
            print(text)
    print(", ".join(f"{number:,} {name}" for name, number in total.items()), f"in {time.perf_counter() - began:.0f} s")
    print(f"{len(broken)} broken rules")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
