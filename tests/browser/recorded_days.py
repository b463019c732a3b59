"""Digests of recorded days. The recordings stand beside the repository, since the papers are other people's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path

from newsletter.models import Cadence, Digest, Edition, Entry, Paper, Profile
from newsletter.papers.merge import begin
from newsletter.pipeline.compose import compose
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from newsletter.sources import Document, find_source

DATA = Path(__file__).parents[3] / "shared" / "data"
#: Days of Hugging Face (about 25 to 50 papers with upvotes) and of arXiv (hundreds, without).
DAYS = (("huggingface", "huggingface/2026-0[45]-*.json"), ("file", "arxiv-days/2026-03-*.jsonl.gz"))


def recorded_days(data: Path) -> Iterator[tuple[date, list[Paper]]]:
    """Yield each recorded day with its papers."""
    for source, pattern in DAYS:
        for file in sorted(data.glob(pattern)):
            day = date.fromisoformat(file.name[:10])
            parsed = find_source(source)().parse(Document(str(file), file.read_bytes()), day)
            entries = {entry.title: entry for entry in parsed if isinstance(entry, Entry)}
            yield day, [begin(entry, number, _morning(day)) for number, entry in enumerate(entries.values(), start=1)]


def digest_of(day: date, papers: list[Paper], profile: Profile) -> Digest:
    """Return the daily digest of some papers, as for somebody who was sent none before."""
    edition = Edition(
        key=f"daily-{day}", cadence=Cadence.DAILY, day=day, since=_morning(day), created_at=_morning(day)
    )  # fmt: skip
    return compose(Matcher(PaperIndex(papers)), edition, profile, {})


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(9), tzinfo=UTC)
