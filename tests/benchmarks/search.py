"""Known-item search: how high a paper stands when its own one-line summary, or its title, is searched for.

    python -m tests.benchmarks.search [DATA] [--papers N] [--collection FOLDER or URL]

DATA is a folder with recorded days of arXiv and Hugging Face. The archive is their latest papers; the queries are the
summaries of those that have one, and all titles. The figure is the mean reciprocal rank among the first ten results:
1 if each paper stands first. A result with the same title is the same paper. Each is measured by words alone, and with
the embedding that fills a page with what is close.

Of a public test collection of sentences, CACM unless another one is named, the figure is the mean average precision. It
is downloaded from its home; where that cannot be reached, the reason is printed and nothing is measured of it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from newsletter.errors import QueryError
from newsletter.errors.installation import has_scikit_learn
from newsletter.models import Entry, Paper
from newsletter.pipeline.archive_search import search_archive
from newsletter.pipeline.archive_space import ArchiveSpace
from newsletter.pipeline.compose import ARCHIVE
from newsletter.ranking.embedding import make_embedding
from newsletter.store import Store, open_store
from tests.benchmarks.smart_collection import CACM, TestCollection, read_collection
from tests.benchmarks.topics import recorded_entries

#: Results below this are not looked at.
DEPTH = 10
#: So many results of a query of a test collection are looked at, as is usual.
_DEEP = 1000
_NOW = datetime(2026, 6, 1, tzinfo=UTC)


def found_for(store: Store, query: str, limit: int, space: ArchiveSpace | None = None) -> list[Paper]:
    """Return the papers that are found for a query, the best first."""
    results = search_archive(store, query, limit=limit, space=space)
    return [hit.paper for hit in (*results.found.hits, *results.others)]


def reciprocal_rank(store: Store, query: str, title: str, space: ArchiveSpace | None = None) -> float:
    """Return 1 over the position of the paper with this title, or 0 if it is not among the first results."""
    try:
        titles = [paper.title for paper in found_for(store, query, DEPTH, space)]
    except QueryError:  # it holds an operator by chance, and is refused with a hint
        return 0.0
    return 1 / (titles.index(title) + 1) if title in titles else 0.0


def mean_reciprocal_rank(store: Store, queries: Iterable[tuple[str, str]], space: ArchiveSpace | None = None) -> float:
    """Return the mean reciprocal rank of queries, each with the title of the paper that it is after."""
    ranks = [reciprocal_rank(store, query, title, space) for query, title in queries]
    return sum(ranks) / len(ranks)


def average_precision(found: Sequence[int], relevant: frozenset[int]) -> float:
    """Return the mean, over the relevant ones, of the share of relevant ones down to each; 0 for what is not found."""
    hits = [place for place, number in enumerate(found, 1) if number in relevant]
    return sum(count / place for count, place in enumerate(hits, 1)) / len(relevant)


def mean_average_precision(store: Store, collection: TestCollection, space: ArchiveSpace | None = None) -> float:
    """Return the mean average precision of the queries with relevant documents, which are added to the store."""
    numbers = {}
    with store.transaction():
        for number, (title, abstract) in collection.documents.items():
            entry = Entry(source="file", title=title, abstract=abstract, arxiv_id=f"2601.{number:05}")
            store.papers.add(entry, _NOW)
            numbers[f"arxiv:{entry.arxiv_id}"] = number
    precisions = []
    for query, relevant in collection.relevant.items():
        found = found_for(store, collection.queries[query], _DEEP, space)
        precisions.append(average_precision([numbers[paper.key] for paper in found], relevant))
    return sum(precisions) / len(precisions)


def learn_space(store: Store, number: int) -> ArchiveSpace | None:
    """Store the embedding of the newest papers; None where there are too few, or no scikit-learn."""
    embedding = make_embedding(store.papers.newest(number)) if has_scikit_learn() else None
    if embedding is None:
        return None
    with store.transaction():
        store.taste_models.put_embedding(embedding.pack(), _NOW, number)
    return ArchiveSpace()


def summaries(papers: Sequence[Paper]) -> list[tuple[str, str]]:
    """Return the summaries of papers as queries."""
    return [(paper.summary, paper.title) for paper in papers if paper.summary]


def titles(papers: Sequence[Paper]) -> list[tuple[str, str]]:
    """Return the titles of papers as queries."""
    return [(paper.title, paper.title) for paper in papers]


def print_known_items(entries: Sequence[Entry], number: int) -> None:
    """Print the figures of an archive of these papers, for about so many queries of each kind."""
    with TemporaryDirectory() as folder, open_store(Path(folder) / "newsletter.db") as store:
        with store.transaction():
            for entry in entries:
                store.papers.add(entry, _NOW)
        papers = store.papers.newest(len(entries))
        spaces = {"by words": None, "and by closeness": learn_space(store, ARCHIVE)}
        for name, queries in (("summaries", summaries(papers)), ("titles", titles(papers))):
            asked = queries[:: max(1, len(queries) // number)]
            for way, space in spaces.items() if asked else ():
                begun = perf_counter()
                figure = mean_reciprocal_rank(store, asked, space)
                each = (perf_counter() - begun) / len(asked) * 1000
                of = f"{len(asked)} queries among {len(papers)} papers"
                print(f"{name} {way}: MRR@{DEPTH} {figure:.3f} of {of}, {each:.0f} ms each", flush=True)


def print_collection(place: str) -> None:
    """Print the figure of a test collection, or why there is none."""
    try:
        collection = read_collection(place)
    except OSError as error:
        print(f"no test collection: {error}: nothing is measured of sentences")
        return
    with TemporaryDirectory() as folder, open_store(Path(folder) / "newsletter.db") as store:
        figure = mean_average_precision(store, collection)
        print(f"sentences: MAP {figure:.3f} of {len(collection.relevant)} queries among {len(collection.documents)}")


def main() -> None:
    """Print the figures of an archive of recorded papers, and of a test collection."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", default=Path("data"))
    parser.add_argument("--papers", type=int, default=4000)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--collection", default=CACM, help="a folder, or the URL of an archive, in the format of SMART")
    options = parser.parse_args()
    entries = [entry for _, entry in recorded_entries(options.data, date.max)][-options.papers :]
    if entries:
        print_known_items(entries, options.queries)
    else:
        print(f"{options.data} has no recorded days: nothing is measured")
    print_collection(options.collection)


if __name__ == "__main__":
    main()
