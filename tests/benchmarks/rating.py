"""How much ten ratings tell: those of the papers that the cold start chooses, and those of others.

    python -m tests.benchmarks.rating DAYS... [--seeds 4]        (a minute of CPU for 2,600 papers)

DAYS are as for `tests.benchmarks.taste`. A subscriber has a topic of the catalogue, and likes those of its papers that
are of a category, which a fifth to two thirds are. They rate ten papers of the first half of the days; the figure is
the mean average precision of what is learned from it over the papers of the second half that match the topic. Without
a liked paper nothing is learned, and the precision is that of any order.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score

from newsletter.files.site import samples
from newsletter.models import Paper, Topic
from newsletter.ranking.cold_start import choose_to_rate
from newsletter.ranking.embedding import PaperVectors, make_embedding
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from newsletter.ranking.taste import learn
from newsletter.subscribers.profiles import read_topics
from tests.benchmarks.taste import read_papers

_RATED = 10
#: As `pipeline.cold_start` has it.
_LATEST = 500
_LEAST_MATCHES = 20
Choose = Callable[[Matcher, Topic, np.random.Generator], Sequence[int]]


def _near(matcher: Matcher, topic: Topic) -> list[int]:
    return choose_to_rate(matcher, (topic,), len(matcher.index))


WAYS: dict[str, Choose] = {
    "chosen": lambda matcher, topic, _: choose_to_rate(matcher, (topic,), _RATED),
    "random, near the topic": lambda matcher, topic, draw: draw.permutation(_near(matcher, topic))[:_RATED].tolist(),
    "nearest to the topic": lambda matcher, topic, _: _near(matcher, topic)[:_RATED],
    "random": lambda matcher, _, draw: draw.permutation(len(matcher.index))[:_RATED].tolist(),
}


def tastes_within(
    papers: Sequence[Paper], topics: Sequence[Topic], seen: int
) -> Iterator[tuple[Topic, list[int], str]]:
    """Yield topics with the rows of the papers to rank, and a category of some of them."""
    matcher = Matcher(PaperIndex(papers[seen:]))
    for topic in topics:
        rows = (np.flatnonzero(matcher.evaluate(topic.query).matches) + seen).tolist()
        if len(rows) < _LEAST_MATCHES:
            continue
        for category in sorted({category for row in rows for category in papers[row].categories}):
            share = np.mean([category in papers[row].categories for row in rows])
            if 0.2 <= share <= 0.67:
                yield topic, rows, category


def precisions(papers: Sequence[Paper], topics: Sequence[Topic], seeds: int) -> Iterator[tuple[str, float, int]]:
    """Yield the average precision of each way, and how many of the ten papers were liked."""
    seen, space = len(papers) // 2, make_embedding(papers)
    if space is None:
        raise SystemExit("too few papers")
    placed = space.place(papers)
    archive = PaperVectors(placed.words[:seen], placed.meanings[:seen])
    first = max(0, seen - _LATEST)
    matcher = Matcher(PaperIndex(papers[first:seen]))
    for topic, rows, category in tastes_within(papers, topics, seen):
        truth = np.array([category in papers[row].categories for row in rows])
        for name, choose in WAYS.items():
            for seed in range(seeds if "random" in name else 1):
                rated = [first + number for number in choose(matcher, topic, np.random.default_rng(seed))]
                liked = [row for row in rated if category in papers[row].categories]
                taste = learn(archive, liked, [row for row in rated if row not in liked])
                values = np.zeros(len(rows)) if taste is None else taste.judge(placed)[rows]
                yield name, float(average_precision_score(truth, values)), len(liked)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("days", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, default=4)
    options = parser.parse_args()
    papers, topics = read_papers(options.days), read_topics(samples() / "topics.toml")
    found: dict[str, list[tuple[float, int]]] = {}
    for name, precision, liked in precisions(papers, topics, options.seeds):
        found.setdefault(name, []).append((precision, liked))
    print(f"{len(papers)} papers; {len(found['chosen'])} tastes within topics")
    for name, values in found.items():
        precision, liked = np.mean(values, axis=0)
        print(f"{name:<28}{precision:8.3f}   {liked:4.1f} of {_RATED} liked")


if __name__ == "__main__":
    main()
