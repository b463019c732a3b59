"""How probable it is that a paper is on a topic, by what the topic's model and its words say of it.

    python -m tests.benchmarks.relevance JUDGMENTS [DATA]

JUDGMENTS is a table (tab-separated, with a header): topic, since, paper, verdict. The topic is as people type it, or
"catalogue: " and the name of a topic of the starter catalogue; its model is learned from the 4,000 papers seen before
`since`; the verdict is 2 (relevant), 1 (marginal) or 0 (wrong). DATA is that of `tests.benchmarks.topics`, whose own
judgments are of other days.

For papers that hold the words but not in their title, and for papers that hold none, it prints a logistic regression on
what is known of them, and what the constants of `newsletter.ranking.closeness` and others near them would show.
"""

from __future__ import annotations

import argparse
import csv
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np

from newsletter.models import Paper
from newsletter.pipeline.topic_models import TopicLearner
from newsletter.ranking.closeness import CLOSE, LEFT_OUT, MARGINAL, NEAR, words_held
from newsletter.ranking.embedding import Embedding, make_embedding
from newsletter.ranking.index import Field, PaperIndex, Statistics
from newsletter.ranking.passing import in_passing, prominence
from newsletter.ranking.topic_model import TopicModel
from newsletter.topics.evaluation import matching
from newsletter.topics.query import parse
from newsletter.topics.topic import make_topic
from tests.benchmarks.topics import ARCHIVE, ROOT, area_under_curve, read_days

_CATALOGUE = "catalogue: "
_CATALOGUE_FILE = ROOT / "newsletter" / "samples" / "topics.toml"


@dataclass(frozen=True, slots=True)
class Judged:
    """What is known of one judged paper."""

    #: 2: relevant, 1: marginal, 0: wrong.
    verdict: int
    #: Whether it holds the words, but not in its title; otherwise it holds none of them.
    is_mention: bool
    #: By the topic's model.
    score: float
    #: What is added for where the words are, or how many of them are there.
    added: float


def read_table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table of judgments."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def judge(rows: Sequence[dict[str, str]], papers: Sequence[Paper], first: dict[str, date]) -> Iterator[Judged]:
    """Yield what is known of the judged papers whose topics have a model, without those of a matching title."""
    catalogue = {one["name"]: one["query"] for one in tomllib.loads(_CATALOGUE_FILE.read_text("utf-8"))["topics"]}
    for since in sorted({row["since"] for row in rows}):
        of_day = [row for row in rows if row["since"] == since]
        archive = [paper for paper in papers if first[paper.key] < date.fromisoformat(since)][-ARCHIVE:][::-1]
        embedding = make_embedding(archive)
        if embedding is None:
            continue
        learner = TopicLearner(archive, embedding)
        by_key = {paper.key: paper for paper in papers}
        for row in of_day:
            name = row["topic"]
            query = catalogue[name.removeprefix(_CATALOGUE)] if name.startswith(_CATALOGUE) else make_topic(name).query
            if (paper := by_key.get(row["paper"])) and (one := _judged(learner, embedding, paper, query, row)):
                yield one


def _judged(
    learner: TopicLearner, embedding: Embedding, paper: Paper, query: str, row: dict[str, str]
) -> Judged | None:
    model, index, node = _model(learner, query), PaperIndex([paper]), parse(query)
    if model is None:
        return None
    is_mention = bool(in_passing(index, node, (Field.KEYWORDS, Field.ABSTRACT)))
    if not is_mention and matching(index, node)[0]:
        return None
    rarity = Statistics(lambda: learner.index).rarity
    added = prominence(index, node) if is_mention else words_held(index, node, rarity)
    score = model.judge(embedding.place_by_title([paper]))
    return Judged(int(row["verdict"]), is_mention, float(score[0]), float(added[0]))


@cache
def _model(learner: TopicLearner, query: str) -> TopicModel | None:
    return learner.learn(query)


def print_table(title: str, found: Sequence[Judged], at_least: Sequence[float], floor: float = -np.inf) -> None:
    """Print what is shown of some papers from several scores on, and a regression on what is known of them."""
    from sklearn.linear_model import LogisticRegression

    verdicts = np.array([one.verdict for one in found])
    known = np.array([(one.score, one.added) for one in found])
    total = known.sum(axis=1)
    counts = [int((verdicts == verdict).sum()) for verdict in (2, 1, 0)]
    print(f"\n{title}: {counts[0]} relevant, {counts[1]} marginal, {counts[2]} wrong")
    for name, values in (("score", known[:, 0]), ("score + added", total)):
        area = area_under_curve((-values[verdicts == 2]).tolist(), (-values[verdicts < 2]).tolist())
        print(f"  AUC of {name}: {area:.2f}")
    fitted = LogisticRegression(C=10).fit(known, verdicts == 2)
    print(f"  log-odds: {fitted.coef_[0][0]:.2f} score + {fitted.coef_[0][1]:.2f} added {fitted.intercept_[0]:+.2f}")
    for least in at_least:
        shown = verdicts[(total >= least) & (known[:, 0] >= floor)]
        counts = [int((shown == verdict).sum()) for verdict in (2, 1, 0)]
        print(f"  from {least:.2f}: {counts[0]:3} relevant, {counts[1]:3} marginal, {counts[2]:3} wrong")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("judgments", type=Path)
    parser.add_argument("data", type=Path, nargs="?", default=ROOT.parent / "shared" / "data")
    options = parser.parse_args()
    if not options.judgments.is_file():
        print(f"no judgments in {options.judgments}: nothing is measured")
        return
    papers, first = read_days(options.data, date.max)
    found = list(judge(read_table(options.judgments), papers, first))
    mentions = [one for one in found if one.is_mention]
    others = [one for one in found if not one.is_mention]
    print_table("words aside from the title", mentions, [0, LEFT_OUT - 0.1, LEFT_OUT, MARGINAL, MARGINAL + 0.1])
    print_table("without the words", others, [0, NEAR - 0.1, NEAR, NEAR + 0.1], floor=CLOSE)


if __name__ == "__main__":
    main()
