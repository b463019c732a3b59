"""Known-item search: how high a paper stands when its own one-line summary, or its title, is searched for.

    python -m tests.benchmarks.search [DATA] [--papers N]

DATA is a folder with recorded days of arXiv and Hugging Face. The archive is their latest papers; the queries are the
summaries of those that have one, and all titles. The figure is the mean reciprocal rank among the first ten results:
1 if each paper stands first. A result with the same title is the same paper.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from newsletter.models import Paper
from newsletter.pipeline.archive_search import search_archive
from newsletter.store import Store, open_store
from tests.benchmarks.topics import recorded_entries

#: Results below this are not looked at.
DEPTH = 10


def reciprocal_rank(store: Store, query: str, title: str) -> float:
    """Return 1 over the position of the paper with this title, or 0 if it is not among the first results."""
    results = search_archive(store, query, limit=DEPTH)
    titles = [hit.paper.title for hit in (*results.found.hits, *results.others)]
    return 1 / (titles.index(title) + 1) if title in titles else 0.0


def mean_reciprocal_rank(store: Store, queries: Iterable[tuple[str, str]]) -> float:
    """Return the mean reciprocal rank of queries, each with the title of the paper that it is after."""
    ranks = [reciprocal_rank(store, query, title) for query, title in queries]
    return sum(ranks) / len(ranks)


def summaries(papers: Sequence[Paper]) -> list[tuple[str, str]]:
    """Return the summaries of papers as queries."""
    return [(paper.summary, paper.title) for paper in papers if paper.summary]


def titles(papers: Sequence[Paper]) -> list[tuple[str, str]]:
    """Return the titles of papers as queries."""
    return [(paper.title, paper.title) for paper in papers]


def main() -> None:
    """Print the figures of an archive of recorded papers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", default=Path("data"))
    parser.add_argument("--papers", type=int, default=4000)
    parser.add_argument("--queries", type=int, default=500)
    options = parser.parse_args()
    entries = list(recorded_entries(options.data, date.max))[-options.papers :]
    if not entries:
        print(f"{options.data} has no recorded days: nothing is measured")
        return
    with TemporaryDirectory() as folder, open_store(Path(folder) / "newsletter.db") as store:
        with store.transaction():
            for _, entry in entries:
                store.papers.add(entry, datetime(2026, 6, 1, tzinfo=UTC))
        papers = store.papers.newest(options.papers)
        for name, queries in (("summaries", summaries(papers)), ("titles", titles(papers))):
            asked = queries[:: max(1, len(queries) // options.queries)]
            if not asked:
                continue
            begun = perf_counter()
            figure = mean_reciprocal_rank(store, asked)
            each = (perf_counter() - begun) / len(asked) * 1000
            of = f"{len(asked)} queries among {len(papers)} papers"
            print(f"{name}: MRR@{DEPTH} {figure:.3f} of {of}, {each:.0f} ms each", flush=True)


if __name__ == "__main__":
    main()
