"""How fast topics are matched, compared with two plain ways.

    python -m tests.benchmarks.matching [--topics 10000] [--papers 1000]

The plain ways are one FTS5 query per topic, and one regular expression per topic (measured on a part of the topics
and multiplied, since it takes minutes). Topics are phrases of one to three words joined by OR, of frequent words
(dense: about a quarter of the papers match) or rare ones (sparse: about one in fifty). The numbers of hits are
printed, to show that they agree. Queries are parsed beforehand for all three.
"""

from __future__ import annotations

import argparse
import random
import re
import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from newsletter.models import Entry, Paper
from newsletter.papers.merge import begin
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from newsletter.topics.query import Node, parse, query_of, wanted_terms

NOW = datetime(2026, 5, 8, tzinfo=UTC)
_WORDS_EACH = 190


def make_words(number: int) -> list[str]:
    """Invent words that no stemmer changes."""
    chance = random.Random(4)  # noqa: S311 - the same words in every run
    return list(dict.fromkeys("".join(chance.choices("bdfgklmnprtvz", k=6)) + "o" for _ in range(number)))


def make_papers(words: Sequence[str], number: int) -> list[Paper]:
    """Invent papers whose words are as frequent as words are (Zipf)."""
    chance = random.Random(8)  # noqa: S311
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    papers = []
    for identity in range(number):
        text = chance.choices(words, weights, k=_WORDS_EACH)
        entry = Entry(
            source="x", title=" ".join(text[:10]), abstract=" ".join(text[10:]), arxiv_id=f"2605.{identity:05}"
        )
        papers.append(begin(entry, identity, NOW))
    return papers


def make_topics(words: Sequence[str], number: int) -> list[str]:
    """Invent queries of two keywords each, every third keyword a phrase."""
    chance = random.Random(15)  # noqa: S311
    return [
        query_of([" ".join(chance.sample(words, chance.choice([1, 1, 2]))) for _ in range(2)]) for _ in range(number)
    ]


def ours(papers: Sequence[Paper], topics: Sequence[Node]) -> tuple[float, int]:
    """Return the seconds that it takes to index the papers and answer the topics, and how many hits there are."""
    begin_at = time.perf_counter()
    matcher = Matcher(PaperIndex(papers))
    hits = sum(matcher.find(topic)[0].bit_count() for topic in topics)
    return time.perf_counter() - begin_at, hits


def fts5(papers: Sequence[Paper], topics: Sequence[str]) -> tuple[float, int]:
    """Do the same with one FTS5 query per topic, weighed by bm25 as a ranking needs it."""
    begin_at = time.perf_counter()
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE f USING fts5(title, abstract, tokenize='porter unicode61')")
    db.executemany(
        "INSERT INTO f(rowid, title, abstract) VALUES (?, ?, ?)", [(p.id, p.title, p.abstract) for p in papers]
    )
    sql = "SELECT rowid, bm25(f, 3, 1) FROM f WHERE f MATCH ?"
    hits = sum(len(db.execute(sql, [topic]).fetchall()) for topic in topics)
    return time.perf_counter() - begin_at, hits


def regexes(papers: Sequence[Paper], topics: Sequence[str]) -> tuple[float, int]:
    """Do the same with one regular expression per topic."""
    begin_at = time.perf_counter()
    texts = [f"{paper.title}\n{paper.abstract}" for paper in papers]
    searches = (re.compile(topic, re.IGNORECASE).search for topic in topics)
    hits = sum(search(text) is not None for search in searches for text in texts)
    return time.perf_counter() - begin_at, hits


def compare(name: str, papers: Sequence[Paper], topics: Sequence[str]) -> None:
    """Print how long each way takes, and how much faster ours is."""
    words = [[term.text for term in wanted_terms(parse(topic))] for topic in topics]
    seconds, hits = ours(papers, list(map(parse, topics)))
    query_seconds, query_hits = fts5(papers, [" OR ".join(f'"{word}"' for word in each) for each in words])
    patterns = [rf"\b(?:{'|'.join(map(re.escape, each))})\b" for each in words]
    some = patterns[: max(1, len(topics) // 100)]
    pattern_seconds = regexes(papers, some)[0] * len(topics) / len(some)
    share = hits / len(papers) / len(topics)
    print(f"{name}: {len(topics)} topics × {len(papers)} papers, {share:.1%} match; hits {hits} (FTS5: {query_hits})")
    print(f"  this package                {seconds:8.2f} s   1.0")
    print(f"  one FTS5 query per topic    {query_seconds:8.2f} s   {query_seconds / seconds:.1f}")
    print(f"  one pattern per topic       {pattern_seconds:8.2f} s   {pattern_seconds / seconds:.1f}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--topics", type=int, default=10_000)
    parser.add_argument("--papers", type=int, default=1_000)
    options = parser.parse_args()
    words = make_words(20_000)
    papers = make_papers(words, options.papers)
    kinds = {"dense": words[20:260], "sparse": words[300:3000]}
    for name, chosen in kinds.items():
        compare(name, papers, make_topics(chosen, options.topics))
    print("growth, sparse: seconds")
    for topics, number in ((1, 4), (2, 4), (4, 4), (4, 1), (4, 2), (4, 4)):
        asked_for = list(map(parse, make_topics(kinds["sparse"], options.topics * topics // 4)))
        seconds, _ = ours(papers[: options.papers * number // 4], asked_for)
        print(f"  {options.topics * topics // 4:6} topics × {options.papers * number // 4:5} papers  {seconds:.2f}")


if __name__ == "__main__":
    main()
