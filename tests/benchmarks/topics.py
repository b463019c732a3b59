"""How well topics find the papers of a day, against judgments that people made from title and abstract.

    python -m tests.benchmarks.topics [DATA] [--each]

DATA is a folder with `cases/ranking` (judgments, profiles, days) and, beside it, recorded days of arXiv and Hugging
Face. A judgment says that a paper of a day is relevant to a topic, marginal or wrong, and where the topic's words stood
("" if the paper was missed). An edition is what was first seen on a day; the archive is what was seen before.

Each topic is composed alone, without limits, so that a paper is shown, offered as near, or lost. Judgments are halved
by a hash of their topic: methods are tuned on the first half, and the second only tells. Add a way of composing to
`WAYS` to compare it with the others.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from pathlib import Path
from time import perf_counter, process_time
from zlib import crc32

from newsletter.models import Entry, Item, Paper, Profile, ReasonKind, Section
from newsletter.papers.merge import begin, enrich
from newsletter.pipeline.topic_models import TopicLearner
from newsletter.ranking.closeness import TopicScores
from newsletter.ranking.embedding import make_embedding
from newsletter.ranking.grouping import group
from newsletter.ranking.index import PaperIndex, Statistics
from newsletter.ranking.matching import Matcher
from newsletter.sources import Document, find_source
from newsletter.topics.topic import make_topic

ROOT = Path(__file__).parents[2]
#: The first recorded day of the archive, and how many of the latest papers rarity and models come from.
FIRST_DAY = date(2026, 3, 1)
ARCHIVE = 4000
#: An item of this part of its section stands last.
_LAST = 2 / 3


@dataclass(frozen=True, slots=True)
class Judgment:
    """What a person said of one paper for one topic on one day."""

    topic: str
    day: date
    key: str
    #: "relevant", "marginal" or "wrong".
    verdict: str
    #: Where the words stood when it was judged: "title", "keywords", "abstract"; "" if it was missed.
    place: str

    @property
    def half(self) -> int:
        """Return 1 or 2; methods may be tuned on the first half only."""
        return 1 + crc32(self.topic.encode()) % 2


@dataclass(frozen=True)
class EditionDay:
    """The papers of one day, and those seen before it."""

    day: date
    papers: Sequence[Paper]
    archive: Sequence[Paper]

    @cached_property
    def matcher(self) -> Matcher:
        """The matcher of the edition; rarity comes from the archive."""
        return Matcher(PaperIndex(self.papers), Statistics(lambda: PaperIndex(self.archive)))

    @cached_property
    def matcher_with_models(self) -> Matcher:
        """The same with models of topics, which are learned from the archive when they are asked for."""
        archive = list(reversed(self.archive))
        embedding = make_embedding(archive)
        if embedding is None:
            raise SystemExit("too few papers to learn from")
        learner = TopicLearner(archive, embedding)
        vectors = embedding.place_by_title(self.papers)

        def scores(query: str) -> TopicScores | None:
            model = learner.learn(query)
            return TopicScores(model.judge(vectors)) if model else None

        statistics = Statistics(lambda: learner.index)
        return Matcher(self.matcher.index, statistics, scores=scores)


Compose = Callable[[EditionDay, Profile], Sequence[Section]]


def by_words(edition: EditionDay, profile: Profile) -> Sequence[Section]:
    """Compose an edition as it is without scikit-learn, or before anything is learned."""
    return group(edition.matcher, profile, frozenset(), edition.day)


def by_models(edition: EditionDay, profile: Profile) -> Sequence[Section]:
    """Compose an edition with the models that were learned from the papers before it."""
    return group(edition.matcher_with_models, profile, frozenset(), edition.day)


#: The ways that are compared, in the order of the table.
WAYS: dict[str, Compose] = {"words": by_words, "models": by_models}


def is_near(item: Item) -> bool:
    """Return whether an item holds none of a topic's words, and is offered as close to it."""
    return any(reason.kind == "near" for reason in item.reasons)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a judged paper stands in the section of its topic."""

    judgment: Judgment
    #: Its position among the items that match, from 0 for the first to 1 for the last; None if it is not among them.
    position: float | None
    size: int = 0
    score: float = 0.0
    is_near: bool = False
    is_abstract_only: bool = False
    #: Whether it is said to mention the topic in passing, and stands below all that are not.
    is_in_passing: bool = False

    @property
    def is_left_out(self) -> bool:
        """Return whether the words are there, and the paper is not shown: it stands below all that are."""
        return bool(self.judgment.place) and not self.is_shown and not self.is_near

    @property
    def is_shown(self) -> bool:
        """Return whether it is shown as a match."""
        return self.position is not None

    @property
    def is_last(self) -> bool:
        """Return whether it stands in the last part of its section."""
        return self.position is not None and (self.is_in_passing or self.position >= _LAST)


# -- reading ---------------------------------------------------------------------------------------


def read_days(data: Path, last: date) -> tuple[list[Paper], dict[str, date]]:
    """Return all recorded papers, by first day, each once, and the day on which each was first seen."""
    found: dict[str, Paper] = {}
    first: dict[str, date] = {}
    for day, entry in recorded_entries(data, last):
        seen = begin(entry, len(found), datetime.combine(day, time(), UTC))
        first.setdefault(seen.key, day)
        found[seen.key] = enrich(found[seen.key], entry) if seen.key in found else seen
    return list(found.values()), first


def recorded_entries(data: Path, last: date) -> Iterator[tuple[date, Entry]]:
    """Yield all recorded entries up to a day, with their days."""
    files = {("arxiv", path) for path in (data / "arxiv-days").glob("2026-*.jsonl.gz")}
    files |= {("arxiv", path) for path in (data / "cases" / "ranking" / "days").glob("*.jsonl*")}
    files |= {("huggingface", path) for path in (data / "huggingface").glob("2026-*.json")}
    for name, path in sorted(files, key=lambda file: (file[1].name[:10], file[0])):
        day = date.fromisoformat(path.name[:10])
        if FIRST_DAY <= day <= last:
            yield from ((day, entry) for entry in _entries(name, path, day))


def _entries(name: str, path: Path, day: date) -> Iterator[Entry]:
    source = find_source("huggingface" if name == "huggingface" else "file")()
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    document = Document(path.name.removesuffix(".gz"), content)
    yield from (entry for entry in source.parse(document, day) if isinstance(entry, Entry))


def read_judgments(data: Path) -> list[Judgment]:
    """Return the judgments, in the order of the file."""
    lines = (data / "cases" / "ranking" / "judgments.jsonl").read_text(encoding="utf-8").splitlines()
    rows = map(json.loads, lines)
    return [
        Judgment(row["topic"], date.fromisoformat(row["day"]), row["paper"], row["judgment"], row["matched_in"])
        for row in rows
    ]


def editions(papers: Sequence[Paper], first: Mapping[str, date], judgments: Sequence[Judgment]) -> list[EditionDay]:
    """Return an edition for each day that has judgments: what was first seen on it, and what was judged of it."""
    asked: dict[date, set[str]] = defaultdict(set)
    for judgment in judgments:
        asked[judgment.day].add(judgment.key)
    return [
        EditionDay(
            day,
            [paper for paper in papers if first[paper.key] == day or paper.key in asked[day]],
            [paper for paper in papers if first[paper.key] < day and paper.key not in asked[day]][-ARCHIVE:],
        )
        for day in sorted(asked)
    ]


# -- measuring -------------------------------------------------------------------------------------


def outcomes(compose: Compose, found: Sequence[EditionDay], judgments: Sequence[Judgment]) -> list[Outcome]:
    """Return what one way makes of all judgments whose papers are recorded."""
    by_day = {edition.day: edition for edition in found}
    sections: dict[tuple[str, date], Section | None] = {}
    results = []
    for judgment in judgments:
        edition = by_day[judgment.day]
        if not any(paper.key == judgment.key for paper in edition.papers):
            continue
        asked = (judgment.topic, judgment.day)
        if asked not in sections:
            sections[asked] = _section(compose, edition, judgment.topic)
        results.append(_outcome(judgment, sections[asked]))
    return results


def _section(compose: Compose, edition: EditionDay, topic: str) -> Section | None:
    """Return the section of a topic that is composed alone, without limits."""
    limit = len(edition.papers)
    profile = Profile(topics=(make_topic(topic),), max_papers=limit, max_per_section=limit, serendipity=False)
    return next((one for one in compose(edition, profile) if one.topic == topic), None)


def _outcome(judgment: Judgment, section: Section | None) -> Outcome:
    items = section.items if section else ()
    matching = [item for item in items if not is_near(item)]
    for number, item in enumerate(matching):
        if item.paper.key == judgment.key:
            position = number / (len(matching) - 1) if len(matching) > 1 else 0.0
            is_in_passing = any(reason.kind is ReasonKind.PASSING for reason in item.reasons)
            return Outcome(
                judgment,
                position,
                len(matching),
                item.score,
                is_abstract_only=_is_passing(item),
                is_in_passing=is_in_passing,
            )
    return Outcome(judgment, None, is_near=any(item.paper.key == judgment.key for item in items))


def _is_passing(item: Item) -> bool:
    """Return whether a topic's words stand in the abstract alone."""
    return {reason.kind for reason in item.reasons} - {ReasonKind.PASSING} == {ReasonKind.ABSTRACT}


def area_under_curve(better: Sequence[float], worse: Sequence[float]) -> float:
    """Return the share of pairs in which the better one stands above the worse; ties count half.

    The lower of two numbers stands above: positions are from 0 for the first of a section to 1 for its last, and scores
    are negative. Scores compare papers of different sections, of which many hold one judged paper alone.
    """
    pairs = [(one < other) + (one == other) / 2 for one in better for other in worse]
    return sum(pairs) / len(pairs) if pairs else float("nan")


@dataclass(frozen=True, slots=True)
class Figures:
    """What is printed of some outcomes; shares are of the outcomes with the verdict."""

    outcomes: Sequence[Outcome]

    def _share(self, verdict: str, holds: Callable[[Outcome], bool], *, matched: bool | None = None) -> str:
        those = [
            one
            for one in self.outcomes
            if one.judgment.verdict == verdict and matched in (None, bool(one.judgment.place))
        ]
        number = sum(map(holds, those))
        return f"{number:3} of {len(those):3} = {number / len(those):4.0%}" if those else "none"

    def rows(self) -> Iterator[tuple[str, str]]:
        """Yield the names and values of all figures."""
        yield "wrong: gone or last", self._share("wrong", lambda one: not one.is_shown or one.is_last)
        yield "wrong: gone", self._share("wrong", lambda one: not one.is_shown)
        yield "marginal: gone or last", self._share("marginal", lambda one: not one.is_shown or one.is_last)
        yield (
            "relevant, once matched: lost",
            self._share("relevant", lambda one: not (one.is_shown or one.is_near), matched=True),
        )
        yield "relevant, once missed: shown", self._share("relevant", lambda one: one.is_shown, matched=False)
        yield "relevant, once missed: near", self._share("relevant", lambda one: one.is_near, matched=False)
        yield "relevant: shown or near", self._share("relevant", lambda one: one.is_shown or one.is_near)
        for name, those in (
            ("all", self.outcomes),
            ("abstract only", [one for one in self.outcomes if one.is_abstract_only or _may_be_abstract_only(one)]),
        ):
            for order in ("place", "score", "score, left out last"):
                with_left_out = order.endswith("last")
                relevant, marginal, wrong = (
                    [
                        _order(one, order)
                        for one in those
                        if one.judgment.verdict == verdict and (one.is_shown or (with_left_out and one.is_left_out))
                    ]
                    for verdict in ("relevant", "marginal", "wrong")
                )
                both = area_under_curve(relevant, [*marginal, *wrong])
                count = f"({len(relevant)} : {len(marginal) + len(wrong)})"
                yield f"AUC {name} by {order}: over the rest", f"{both:.2f} {count}"
                yield f"AUC {name} by {order}: over wrong", f"{area_under_curve(relevant, wrong):.2f}"


def _may_be_abstract_only(one: Outcome) -> bool:
    return one.is_left_out and one.judgment.place == "abstract"


def _order(one: Outcome, order: str) -> float:
    if one.is_left_out:
        return float("inf")
    return one.position or 0.0 if order == "place" else -one.score


def print_cost(edition: EditionDay, topics: Sequence[str], learned: int = 300) -> None:
    """Print what learning costs over the archive of an edition, and what models add to composing it once learned."""
    queries = [make_topic(topic).query for topic in topics]
    archive = list(reversed(edition.archive))
    start = process_time()
    embedding = make_embedding(archive)
    fitted = process_time()
    if embedding is None:
        return
    learner = TopicLearner(archive, embedding)
    placed = process_time()
    for query in queries:
        learner.learn(query)
    each = (process_time() - placed) / len(queries)
    total = placed - start + learned * each
    print(f"\nCPU: {fitted - start:.1f} s to fit the embedding, {placed - fitted:.1f} s to place {len(archive)}, "
          f"{1000 * each:.0f} ms a topic: {total:.0f} s for {learned} topics")  # fmt: skip
    found = [topic for topic, query in zip(topics, queries, strict=True) if edition.matcher.find(query)[0]]
    profiles = [Profile(topics=tuple(map(make_topic, found[first : first + 4]))) for first in range(0, len(found), 4)]
    matchers = (edition.matcher, edition.matcher_with_models)
    spent = [sum(costs) for costs in zip(*(_least_costs(matchers, one, edition.day) for one in profiles), strict=True)]
    for way, seconds in zip(("words", "models"), spent, strict=True):
        print(f"composing with {way}: {1e6 * seconds / len(found):.0f} us a subscriber and section")


def _least_costs(matchers: Sequence[Matcher], profile: Profile, day: date, times: int = 40) -> list[float]:
    """Return the least seconds of several runs of each, in turns.

    The first run fills the caches that subscribers share, and others may have to wait.
    """
    costs: list[list[float]] = [[] for _ in matchers]
    for _ in range(times):
        for own, matcher in zip(costs, matchers, strict=True):
            start = perf_counter()
            group(matcher, profile, frozenset(), day)
            own.append(perf_counter() - start)
    return list(map(min, costs))


def print_tables(results: Mapping[str, Sequence[Outcome]]) -> None:
    """Print the figures of all ways, for all judgments and for each half."""
    for title, halves in (("all judgments", (1, 2)), ("first half (to tune on)", (1,)), ("second half", (2,))):
        columns = {
            way: dict(Figures([one for one in those if one.judgment.half in halves]).rows())
            for way, those in results.items()
        }
        print(f"\n{title:<40}" + "".join(f"{way:>22}" for way in columns))
        for name in next(iter(columns.values())):
            print(f"{name:<40}" + "".join(f"{column[name]:>22}" for column in columns.values()))


def print_each(results: Mapping[str, Sequence[Outcome]]) -> None:
    """Print each judgment, and where each way shows its paper: its position, "near" or "-"."""
    for those in zip(*results.values(), strict=True):
        judgment = those[0].judgment
        found = [f"{one.position:.2f}/{one.size}" if one.position is not None else "near" if one.is_near else "-"
                 for one in those]  # fmt: skip
        where = " ".join(f"{place:>9}" for place in found)
        print(f"{judgment.half} {judgment.verdict:<8} {judgment.place or 'missed':<8} {where}"
              f"  {judgment.topic} | {judgment.key} {judgment.day:%d}")  # fmt: skip


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, nargs="?", default=ROOT.parent / "shared" / "data")
    parser.add_argument("--each", action="store_true", help="print each judgment")
    options = parser.parse_args()
    if not (options.data / "cases" / "ranking" / "judgments.jsonl").is_file():
        print(f"no judgments in {options.data}: nothing is measured")
        return
    judgments = read_judgments(options.data)
    papers, first = read_days(options.data, max(judgment.day for judgment in judgments))
    found = editions(papers, first, judgments)
    results = {way: outcomes(compose, found, judgments) for way, compose in WAYS.items()}
    print(f"{len(papers)} papers; {len(judgments)} judgments, "
          f"{len(next(iter(results.values())))} of recorded papers; {len(found)} days")  # fmt: skip
    if options.each:
        print_each(results)
    print_tables(results)
    print_cost(found[-1], sorted({judgment.topic for judgment in judgments}))


if __name__ == "__main__":
    main()
