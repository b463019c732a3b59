"""How long it takes to compose digests for many subscribers.

    python -m tests.benchmarks.composing [--subscribers 100000] [--topics 1000] [--papers 300]

Each subscriber has three topics, drawn with Zipf-distributed popularity. What is measured is composing alone, once for
each distinct profile, and no digest is kept; what planning costs beside that is in `morning`.
"""

from __future__ import annotations

import argparse
import random
import resource
import time

from newsletter.models import Cadence, Edition, Profile, Topic
from newsletter.pipeline.compose import compose
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from tests.benchmarks.matching import NOW, make_papers, make_topics, make_words


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--subscribers", type=int, default=100_000)
    parser.add_argument("--topics", type=int, default=1_000)
    parser.add_argument("--papers", type=int, default=300)
    options = parser.parse_args()
    chance = random.Random(16)  # noqa: S311 - reproducible
    words = make_words(20_000)
    papers = make_papers(words, options.papers)
    topics = [Topic(f"Topic {n}", query) for n, query in enumerate(make_topics(words[100:2000], options.topics))]
    weights = [1 / rank for rank in range(1, len(topics) + 1)]
    edition = Edition(key="daily-2026-05-08", cadence=Cadence.DAILY, day=NOW.date(), since=NOW, created_at=NOW)
    profiles = [
        Profile(topics=tuple(sorted(set(chance.choices(topics, weights, k=3)), key=lambda topic: topic.name)))
        for _ in range(options.subscribers)
    ]

    begin_at = time.perf_counter()
    matcher = Matcher(PaperIndex(papers))
    for topic in topics:
        matcher.evaluate(topic.query)
    prepared = time.perf_counter()
    distinct, items = set(profiles), 0
    for profile in distinct:
        items += len(compose(matcher, edition, profile, {}).items)
    composed = time.perf_counter()

    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{options.subscribers} subscribers to {options.topics} topics, {options.papers} papers; "
        f"{items / len(distinct):.1f} a digest"
    )
    print(f"  index and topics, once           {prepared - begin_at:8.2f} s")
    print(
        f"  {len(distinct):6} distinct profiles         {composed - prepared:8.2f} s   "
        f"{(composed - prepared) / len(distinct) * 1e6:.0f} µs each"
    )
    print(f"  peak memory {memory:.0f} MB")


if __name__ == "__main__":
    main()
