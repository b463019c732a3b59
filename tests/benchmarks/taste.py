"""How well a subscriber's taste is learned, compared with other methods.

    python -m tests.benchmarks.taste DAYS... [--seeds 4]

DAYS are JSON lines (also gzipped) with title, abstract (or summary) and categories, one file per day, in order. The
categories of 1 to 15 % of the papers represent tastes: a subscriber liked k papers of one in the first half of the
days, and the papers of the second half are ranked. The figure is the mean average precision over categories and seeds.

Of tastes that change: a subscriber liked ten papers of one category a year ago and three of another now; the precision
is that of the other. Of dislikes: they liked ten papers of a category, and disliked ten of the papers most like them
that are not of it, or any ten.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import average_precision_score
from sklearn.svm import LinearSVC

from newsletter.models import Entry, Paper
from newsletter.papers.merge import begin
from newsletter.ranking.embedding import PaperVectors, make_embedding
from newsletter.ranking.taste import fading, learn
from newsletter.ranking.weights import Weights
from newsletter.sources import Document, find_source

NOW = datetime(2026, 5, 8, tzinfo=UTC)
_LIKED = (1, 2, 5, 10, 20)
Rank = Callable[[Sequence[int]], "np.ndarray[tuple[int], np.dtype[np.float32]]"]


def read_papers(days: Sequence[Path]) -> list[Paper]:
    """Return the papers in the order of their days, each once."""
    found: dict[str, Paper] = {}
    for day in days:
        document = Document(str(day), day.open("rb").read())
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

    def ours(liked: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        taste = learn(placed, liked)
        assert taste is not None
        return taste.judge(placed)

    return {
        "LinearSVC over tf-idf": classifier,
        "cosine to the mean tf-idf": mean,
        "popularity": popularity,
        "this package": ours,
    }


def precisions(papers: Sequence[Paper], seeds: int) -> Iterator[tuple[str, int, float]]:
    """Yield the average precision of each way, for each number of liked papers, category and seed."""
    counts = Counter(category for paper in papers for category in paper.categories)
    tastes = [name for name, number in counts.items() if 0.01 <= number / len(papers) <= 0.15]
    seen = len(papers) // 2
    space = make_embedding(papers)
    if space is None or not tastes:
        raise SystemExit("too few papers, or no category of 1 to 15 % of them")
    print(f"{len(papers)} papers, {len(tastes)} categories, {seeds} seeds")
    named = ways(papers, space.place(papers), seen)
    for category in sorted(tastes):
        holders = [number for number in range(seen) if category in papers[number].categories]
        truth = [category in paper.categories for paper in papers[seen:]]
        for number in _LIKED:
            for seed in range(seeds if len(holders) >= number and any(truth) else 0):
                liked = np.random.default_rng([seed, number]).choice(holders, number, replace=False).tolist()
                for name, rank in named.items():
                    yield name, number, float(average_precision_score(truth, rank(liked)[seen:]))


def changes(papers: Sequence[Paper], seeds: int) -> Iterator[tuple[str, float]]:
    """Yield the average precision after a taste changed, and after dislikes, for categories and seeds."""
    counts = Counter(category for paper in papers for category in paper.categories)
    tastes = sorted(name for name, number in counts.items() if 0.02 <= number / len(papers) <= 0.15)
    seen, space = len(papers) // 2, make_embedding(papers)
    if space is None:
        return
    placed = space.place(papers)
    archive = PaperVectors(placed.words[:seen], placed.meanings[:seen])

    def precision(truth: Sequence[bool], liked: list[int], disliked: list[int], weights: dict[int, float]) -> float:
        taste = learn(archive, liked, disliked, weights)
        assert taste is not None
        return float(average_precision_score(truth, taste.judge(placed)[seen:]))

    for number, name in enumerate(tastes):
        for seed in range(seeds):
            draw = np.random.default_rng([seed, number])
            holders = [row for row in range(seen) if name in papers[row].categories]
            others = [row for row in range(seen) if name not in papers[row].categories]
            former = [row for row in others if tastes[number - 1] in papers[row].categories]
            truth = [name in paper.categories for paper in papers[seen:]]
            if min(len(holders), len(former)) < 10 or not any(truth):
                continue
            old, new = draw.choice(former, 10, replace=False).tolist(), draw.choice(holders, 3, replace=False).tolist()
            faded = fading([365.0] * 10 + [0.0] * 3, Weights().taste_half_life_days).tolist()
            yield "changed taste, all feedback alike", precision(truth, old + new, [], {})
            yield (
                "changed taste, fading feedback",
                precision(truth, old + new, [], dict(zip(old + new, faded, strict=True))),
            )
            liked = draw.choice(holders, 10, replace=False).tolist()
            closeness = placed.meanings[others] @ placed.meanings[liked].mean(axis=0)
            nearest = [others[place] for place in np.argsort(-closeness)[:10]]
            yield "likes alone", precision(truth, liked, [], {})
            yield "likes and dislikes near them", precision(truth, liked, nearest, {})
            yield (
                "likes and random dislikes",
                precision(truth, liked, draw.choice(others, 10, replace=False).tolist(), {}),
            )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("days", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, default=4)
    options = parser.parse_args()
    papers = read_papers(options.days)
    found: dict[str, dict[int, list[float]]] = {}
    for name, number, precision in precisions(papers, options.seeds):
        found.setdefault(name, {}).setdefault(number, []).append(precision)
    first = found["LinearSVC over tf-idf"]
    print(f"{'liked papers':<28}" + "".join(f"{number:8}" for number in _LIKED) + "   ratio to the first")
    for name, by_number in found.items():
        means = [float(np.mean(by_number.get(number, [0]))) for number in _LIKED]
        ratio = np.mean([mean / float(np.mean(first[n])) for n, mean in zip(_LIKED, means, strict=True) if n in first])
        print(f"{name:<28}" + "".join(f"{mean:8.3f}" for mean in means) + f"   {ratio:.2f}")
    after: dict[str, list[float]] = {}
    for name, precision in changes(papers, options.seeds):
        after.setdefault(name, []).append(precision)
    for name, of_name in after.items():
        print(f"{name:<36}{np.mean(of_name):8.3f}")


if __name__ == "__main__":
    main()
