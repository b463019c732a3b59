"""How well a subscriber's taste is learned, compared with other methods.

    python -m tests.benchmarks.taste DAYS... [--seeds 4]

DAYS are JSON lines (also gzipped) with title, abstract (or summary) and categories, one file per day, in order. The
categories of 1 to 15 % of the papers represent tastes: a subscriber liked k papers of one in the first half of the
days, and the papers of the second half are ranked. The figure is the mean average precision over categories and seeds.

"All" is a subscriber who liked each paper of the category in the first half, of those of at least twenty: nothing that
learns from twenty of them can be expected to be better.

Of tastes that change: a subscriber liked ten papers of one category a year ago and three of another now; the precision
is that of the other. Of dislikes: they liked ten papers of a category, and disliked ten of the category nearest to it,
or any ten that are not of it; the precision is that among the papers of these two categories, as in a digest, which
holds nothing that is far from both.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import average_precision_score
from sklearn.svm import LinearSVC

from newsletter.models import Entry, Paper
from newsletter.models.weights import Weights
from newsletter.papers.merge import begin
from newsletter.ranking.embedding import PaperVectors, make_embedding
from newsletter.ranking.taste import fading, learn
from newsletter.sources import Document, find_source

NOW = datetime(2026, 5, 8, tzinfo=UTC)
_LIKED = (1, 2, 5, 10, 20)
#: So many stand for all.
_ALL = 0
#: So many papers are liked, and as many disliked, in what is measured of changes and dislikes.
_FEW = 10
Rows = NDArray[np.int64]
Rank = Callable[[Sequence[int]], "np.ndarray[tuple[int], np.dtype[np.float32]]"]


def read_papers(days: Sequence[Path]) -> list[Paper]:
    """Return the papers in the order of their days, each once."""
    found: dict[str, Paper] = {}
    for day in days:
        document = Document(str(day), day.read_bytes())
        for entry in find_source("file")().parse(document, NOW.date()):
            if isinstance(entry, Entry):
                paper = begin(entry, len(found), NOW)
                found.setdefault(paper.key, paper)
    return list(found.values())


def ways(papers: Sequence[Paper], placed: PaperVectors, seen: int) -> dict[str, Rank]:
    """Return the methods that rank papers by those that are liked; only the first `seen` may be learned from."""
    texts = [f"{paper.title} {paper.abstract}" for paper in papers]
    # What arxiv-sanity-lite sets: https://github.com/karpathy/arxiv-sanity-lite (compute.py, serve.py).
    tfidf = TfidfVectorizer(
        strip_accents="unicode", token_pattern=r"(?u)\b[a-zA-Z_][a-zA-Z0-9_]+\b", max_features=20_000,
        sublinear_tf=True, max_df=0.1, min_df=5,
    )  # fmt: skip
    words = tfidf.fit_transform(texts)

    def classifier(liked: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        labels = np.zeros(seen)
        labels[list(liked)] = 1
        svc = LinearSVC(class_weight="balanced", C=0.01, max_iter=10_000, tol=1e-6, dual="auto", random_state=0)
        decided: np.ndarray[tuple[int], np.dtype[np.float32]] = svc.fit(words[:seen], labels).decision_function(words)
        return decided

    def mean(liked: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        return np.asarray(words @ np.asarray(words[list(liked)].mean(axis=0)).ravel()).ravel()

    def popularity(_liked: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        return np.array([paper.upvotes or 0 for paper in papers], np.float32)

    archive = _first(placed, seen)

    def ours(liked: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        taste = learn(archive, liked)
        assert taste is not None
        return taste.judge(placed)

    return {
        "LinearSVC over tf-idf": classifier,
        "cosine to the mean tf-idf": mean,
        "popularity": popularity,
        "this package": ours,
    }


def _first(placed: PaperVectors, number: int) -> PaperVectors:
    return PaperVectors(placed.words[:number], placed.meanings[:number])


def categories_between(papers: Sequence[Paper], least: float, most: float = 0.15) -> list[str]:
    """Return the categories of at least and at most these shares of the papers."""
    counts = Counter(category for paper in papers for category in paper.categories)
    return sorted(name for name, number in counts.items() if least <= number / len(papers) <= most)


def precisions(papers: Sequence[Paper], placed: PaperVectors, seeds: int) -> Iterator[tuple[str, int, float]]:
    """Yield the average precision of each way, for each number of liked papers, category and seed."""
    tastes, seen = categories_between(papers, 0.01), len(papers) // 2
    if not tastes:
        raise SystemExit("no category of 1 to 15 % of the papers")
    print(f"{len(papers)} papers, {len(tastes)} categories, {seeds} seeds")
    named = ways(papers, placed, seen)
    for category in tastes:
        holders = [number for number in range(seen) if category in papers[number].categories]
        truth = [category in paper.categories for paper in papers[seen:]]
        for number in (*_LIKED, _ALL):
            draws = 1 if number == _ALL else seeds
            for seed in range(draws if len(holders) >= (number or max(_LIKED)) and any(truth) else 0):
                liked = np.random.default_rng([seed, number]).choice(holders, number or len(holders), replace=False)
                for name, rank in named.items():
                    yield name, number, float(average_precision_score(truth, rank(liked.tolist())[seen:]))


@dataclass(frozen=True, slots=True)
class _Split:
    """Learns from the first papers, and ranks the others."""

    papers: Sequence[Paper]
    placed: PaperVectors
    seen: int

    def of(self, category: str, but: str = "") -> Rows:
        """Return the rows that may be learned from of the papers of a category, but not of another."""
        first = self.papers[: self.seen]
        return np.array(
            [row for row, one in enumerate(first) if category in one.categories and but not in one.categories]
        )

    def precision(
        self, wanted: str, among: str, liked: Rows, disliked: Sequence[int] = (), fades: dict[int, float] | None = None
    ) -> float:
        """Return the average precision of those of one category, among all, or among its and another's."""
        taste = learn(_first(self.placed, self.seen), liked.tolist(), disliked, fades)
        assert taste is not None
        values = taste.judge(self.placed)[self.seen :]
        asked = [
            (wanted in one.categories, value)
            for one, value in zip(self.papers[self.seen :], values, strict=True)
            if not among or {wanted, among} & set(one.categories)
        ]
        truth, scores = zip(*asked, strict=True)
        return float(average_precision_score(truth, scores)) if any(truth) else float("nan")

    def nearest(self, category: str) -> str | None:
        """Return the category whose papers are most like those of another, without being of it, or None."""
        centre = self.placed.meanings[self.of(category)].mean(axis=0)
        others = [one for one in categories_between(self.papers, 0.02, 0.3) if len(self.of(one, category)) >= _FEW]

        def likeness(other: str) -> float:
            vector = self.placed.meanings[self.of(other, category)].mean(axis=0)
            return float(vector @ centre / np.linalg.norm(vector))

        return max(others, key=likeness, default=None)


def changes(split: _Split, seeds: int) -> Iterator[tuple[str, float]]:
    """Yield the average precision after a taste changed, for categories and seeds."""
    tastes = [name for name in categories_between(split.papers, 0.02) if len(split.of(name)) >= _FEW]
    faded = fading([365.0] * _FEW + [0.0] * 3, Weights().taste_half_life_days).tolist()
    for former, name in zip([*tastes[-1:], *tastes], tastes, strict=False):
        for seed in range(seeds if len(split.of(former, name)) >= _FEW else 0):
            draw = np.random.default_rng([seed, tastes.index(name)])
            old = draw.choice(split.of(former, name), _FEW, replace=False)
            both = np.concatenate([old, draw.choice(split.of(name), 3, replace=False)])
            yield "changed taste, all feedback alike", split.precision(name, "", both)
            fades = dict(zip(both.tolist(), faded, strict=True))
            yield "changed taste, fading feedback", split.precision(name, "", both, (), fades)


def dislikes(split: _Split, seeds: int) -> Iterator[tuple[str, float]]:
    """Yield the average precision after dislikes near the likes and after random ones, for categories and seeds."""
    tastes = [name for name in categories_between(split.papers, 0.02) if len(split.of(name)) >= _FEW]
    for number, name in enumerate(tastes):
        near = split.nearest(name)
        if near is None:
            continue
        holders, neighbours = split.of(name, near), split.of(near, name)
        others = np.setdiff1d(np.arange(split.seen), split.of(name))
        for seed in range(seeds if len(holders) >= _FEW else 0):
            draw = np.random.default_rng([seed, number])
            liked = draw.choice(holders, _FEW, replace=False)
            for title, among in (("these two fields", near), ("all papers", "")):
                draw = np.random.default_rng([seed, number])
                yield f"{title}: likes alone", split.precision(name, among, liked)
                for kind, rows in (("near", neighbours), ("random", others)):
                    disliked = draw.choice(rows, _FEW, replace=False).tolist()
                    yield f"{title}: likes and {kind} dislikes", split.precision(name, among, liked, disliked)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("days", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, default=4)
    options = parser.parse_args()
    papers = read_papers(options.days)
    space = make_embedding(papers)
    if space is None:
        raise SystemExit("too few papers")
    placed = space.place(papers)
    found: dict[str, dict[int, list[float]]] = {}
    for name, number, precision in precisions(papers, placed, options.seeds):
        found.setdefault(name, {}).setdefault(number, []).append(precision)
    first = found["LinearSVC over tf-idf"]
    print(f"{'liked papers':<28}" + "".join(f"{number:8}" for number in _LIKED) + "     all   ratio to the first")
    for name, by_number in found.items():
        means = [float(np.mean(by_number.get(number, [0]))) for number in (*_LIKED, _ALL)]
        ratios = [mean / float(np.mean(first[n])) for n, mean in zip(_LIKED, means, strict=False) if n in first]
        each = " ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"{name:<28}" + "".join(f"{mean:8.3f}" for mean in means) + f"   {np.mean(ratios):.2f} ({each})")
    after: dict[str, list[float]] = {}
    split = _Split(papers, placed, len(papers) // 2)
    for name, precision in (*changes(split, options.seeds), *dislikes(split, options.seeds)):
        after.setdefault(name, []).append(precision)
    for name, of_name in after.items():
        print(f"{name:<48}{np.nanmean(of_name):8.3f}")


if __name__ == "__main__":
    main()
