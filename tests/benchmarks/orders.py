"""Whether stores are equal whatever the order in which five sources are read.

    python -m tests.benchmarks.orders [--count 24000] [--data ../shared/data]

arXiv, Hugging Face, Crossref, a feed and a copied page have the same papers, each in its way: with other identifiers,
spellings of the title, names of authors, abstracts, days and counts, or without. The papers are recorded ones of arXiv
where there are any, and invented ones otherwise. The entries are stored as they come, backwards, source by source, and
shuffled; what is compared is all that is stored of each paper but the numbers of rows and the times of pulls.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from newsletter.models import Entry, PartialDate
from newsletter.papers.cut import within_limits
from newsletter.sources.formats.values import people, plain_abstract, plain_text
from newsletter.store import open_store
from tests.benchmarks.recorded_tex import DATA, rows
from tests.stores import place_new_store

_MOMENT = datetime(2026, 5, 8, tzinfo=UTC)
_DAY = date(2026, 5, 1)
_WORDS = ("counting", "clouds", "with", "small", "language", "models", "of", "rain", "over", "deep", "graphs", "snow")


@dataclass(frozen=True)
class Known:
    """What is true of one paper."""

    title: str
    abstract: str
    authors: tuple[str, ...]
    arxiv_id: str
    doi: str
    published: date


def known_papers(count: int, chance: Random, data: Path | None = None) -> list[Known]:
    """Return recorded papers, and invented ones until there are enough. Some have the title of another."""
    found: list[Known] = []
    for row in rows(data) if data else ():
        title, abstract = plain_text(row["title"]), plain_abstract(row["summary"] or "")
        found.append(_known(len(found), title, abstract, people(row["authors"]), row["id"]))
        if len(found) == count:
            break
    while len(found) < count:
        number = len(found)
        title = " ".join(chance.choices(_WORDS, k=8)).capitalize() + f" {number}"
        authors = tuple(
            f"{chance.choice('ABC')}da Example{chance.randint(0, 999)}" for _ in range(chance.randint(1, 5))
        )
        found.append(_known(number, title, " ".join(chance.choices(_WORDS, k=60)) + ".", authors, ""))
    for number in range(0, count - 1, 97):  # namesakes: another paper of the same title, by others
        found[number + 1] = replace(found[number + 1], title=found[number].title, authors=(f"Zoe Other{number}",))
    return found


def _known(number: int, title: str, abstract: str, authors: tuple[str, ...], arxiv_id: str) -> Known:
    identity = arxiv_id or f"{2601 + number // 90_000}.{number % 90_000:05}"
    return Known(title, abstract, authors, identity, f"10.5555/c.{number}", _DAY - timedelta(days=number % 40))


def entries_of(papers: Sequence[Known], chance: Random, count: int) -> list[Entry]:
    """Return so many entries of five sources, in the order of sources; every paper has one, and most have several."""
    tell = {"arxiv": _arxiv, "huggingface": _huggingface, "crossref": _crossref, "feed": _feed, "page": _page}
    found = [_arxiv(paper, chance) for paper in papers[:count]]
    while len(found) < count:
        found.append(tell[chance.choice(list(tell))](chance.choice(papers), chance))
    return sorted(map(within_limits, found), key=lambda entry: list(tell).index(entry.source))


def _arxiv(paper: Known, chance: Random) -> Entry:
    version = chance.randint(1, 3)
    return Entry(
        source="arxiv", title=paper.title, abstract=f"{paper.abstract} Version {version}.", authors=paper.authors,
        arxiv_id=paper.arxiv_id, doi=paper.doi if chance.random() < 0.3 else None, published=paper.published,
        listed=paper.published + timedelta(days=chance.randint(0, 3)), version=version,
        categories=("cs.CL", "cs.LG")[: chance.randint(1, 2)],
    )  # fmt: skip


def _huggingface(paper: Known, chance: Random) -> Entry:
    return Entry(
        source="huggingface", title=paper.title.upper() if chance.random() < 0.1 else paper.title,
        abstract=paper.abstract[: chance.randint(40, 4000)], authors=paper.authors, arxiv_id=paper.arxiv_id,
        upvotes=chance.randint(0, 90), comments=chance.randint(0, 9), published=paper.published,
        thumbnail_url=f"https://example.org/{chance.randint(1, 3)}.png", keywords=("clouds",)[: chance.randint(0, 1)],
    )  # fmt: skip


def _crossref(paper: Known, chance: Random) -> Entry:
    published = chance.choice((paper.published, PartialDate(paper.published.year, paper.published.month)))
    initials = tuple(f"{name[:1]}. {name.rpartition(' ')[2]}" for name in paper.authors)
    return Entry(
        source="crossref", title=paper.title.replace("-", " "), abstract=chance.choice(("", paper.abstract)),
        authors=initials, doi=paper.doi, published=published, venue="Journal of Clouds",
        url=f"https://doi.org/{paper.doi}",
    )  # fmt: skip


def _feed(paper: Known, chance: Random) -> Entry:
    identity: dict[str, Any] = chance.choice(({"doi": paper.doi}, {"arxiv_id": paper.arxiv_id}, {}))
    return Entry(
        source="feed", title=f"{paper.title}.", abstract=paper.abstract[:200], authors=paper.authors[:1], **identity,
        published=chance.choice((None, paper.published)), url=f"https://clouds.example/{chance.randint(1, 3)}",
    )  # fmt: skip


def _page(paper: Known, chance: Random) -> Entry:
    return Entry(
        source="page", title=paper.title.lower(), authors=paper.authors[: chance.randint(1, 3)],
        author_count=len(paper.authors), upvotes=chance.randint(0, 90),
    )  # fmt: skip


# -- stores -------------------------------------------------------------------------------------------

#: What may differ: the numbers of rows, and when a pull came.
_OF_PULLS = frozenset({"id", "seen_at", "revised_at"})


def orders(entries: list[Entry], chance: Random) -> Iterator[tuple[str, list[Entry]]]:
    """Yield the entries in four orders, each with its name."""
    yield "by source", entries
    yield "backwards", entries[::-1]
    for name in ("shuffled", "shuffled again"):
        yield name, chance.sample(entries, len(entries))


def stored(entries: Sequence[Entry], folder: Path) -> dict[str, dict[str, Any]]:
    """Store entries in a new store; return what it has of each paper, by key, and what it finds."""
    path = folder / "newsletter.db"
    place_new_store(path)
    try:
        with open_store(path) as store:
            store.papers.add_all(entries, _MOMENT, "library.json")
            found = {paper.key: asdict(paper) for paper in store.papers.newest(10**6)}
            for facts in found.values():
                facts["mentions"] = sorted({(one.source, one.place) for one in store.papers.mentions(facts["id"])})
            assert len(found) == store.papers.count()
        return {key: {k: v for k, v in facts.items() if k not in _OF_PULLS} for key, facts in found.items()}
    finally:
        for file in folder.glob("newsletter.db*"):
            file.unlink()


def differences(one: dict[str, dict[str, Any]], other: dict[str, dict[str, Any]]) -> list[str]:
    """Return what differs between two stores: the papers that only one has, and the facts that are not equal."""
    alone = [f"{key}: in one store only" for key in sorted(one.keys() ^ other.keys())]
    facts = [
        f"{key}: {name} is {one[key][name]!r} or {other[key][name]!r}"
        for key in sorted(one.keys() & other.keys())
        for name in one[key]
        if one[key][name] != other[key][name]
    ]
    return alone + facts


def main() -> None:
    """Print a line per order, and what differs from the first; exit with 1 if anything does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=24_000)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = Random(options.seed)  # noqa: S311 - the same in every run
    papers = known_papers(options.count // 4, chance, options.data)
    entries = entries_of(papers, chance, options.count)
    first: dict[str, dict[str, Any]] | None = None
    differing: list[str] = []
    for name, ordered in orders(entries, chance):
        began = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            found = stored(ordered, Path(folder))
        first = first or found
        differing = differences(first, found)
        took = time.process_time() - began
        print(
            f"{name:16}{len(ordered):8} entries{len(found):8} papers{len(differing):8} differences{took:8.1f} s",
            flush=True,
        )
        for line in differing[:20]:
            print(f"    {line[:300]}")
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
