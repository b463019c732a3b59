"""How fast messages are assembled, compared with the plain way: rendered as a whole by Jinja, inlined by premailer.

    python -m tests.benchmarks.assembling [--messages 20000]

The papers are copies of the samples. An assembled message is complete, with its headers; it is measured for subscribers
who share a digest, and for subscribers with topics of their own: no two have a card, a section or a page in common.
"""

from __future__ import annotations

import argparse
import gc
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.models import (
    Cadence,
    Digest,
    Edition,
    Item,
    Paper,
    Profile,
    Reason,
    ReasonKind,
    Section,
    Style,
    Subscriber,
)
from newsletter.pipeline.messages import MessageRenderer
from newsletter.pipeline.preview import sample_digest
from newsletter.rendering.environment import make_environment
from tests.benchmarks.matching import NOW

EDITION = Edition(key="daily-2026-05-08", cadence=Cadence.DAILY, day=NOW.date(), since=NOW, created_at=NOW)


def make_papers(number: int) -> list[Paper]:
    """Return `number` sample papers."""
    anybody = Subscriber(id=0, email="x@example.org", profile=Profile(max_papers=100), subscribed_at=NOW, status_at=NOW)
    samples = [item.paper for item in sample_digest(anybody, NOW).items]
    return [replace(samples[n % len(samples)], id=n, arxiv_id=f"2605.{n:05}") for n in range(1, number + 1)]


def digest_of(papers: list[Paper], considered: int = 100) -> Digest:
    """Return a digest of these papers in four sections."""
    size = max(1, len(papers) // 4)
    groups = [papers[start : start + size] for start in range(0, len(papers), size)]
    sections = tuple(
        Section(
            f"Topic {n}", tuple(Item(paper, 2.0, (Reason(ReasonKind.TITLE, "model"),)) for paper in group), size + 3
        )
        for n, group in enumerate(groups, start=1)
    )
    return Digest(edition=EDITION, sections=sections, considered=considered)


def own_of(digest: Digest, number: int) -> Digest:
    """Return a digest of the same papers by topics of one's own: other names, reasons and numbers."""
    reasons = (Reason(ReasonKind.KEYWORDS, f"word {number}"), Reason(ReasonKind.ABSTRACT, "language model"))
    sections = (
        replace(
            section,
            topic=f"Topic {number}-{n}",
            items=tuple(replace(item, reasons=reasons, also=(f"Other {number}",)) for item in section.items),
        )
        for n, section in enumerate(digest.sections)
    )
    return replace(digest, sections=tuple(sections), considered=number)


#: Templates are compiled once per process.
ENVIRONMENT = make_environment()


def make_renderer() -> MessageRenderer:
    """Return a new renderer for a site with pages."""
    root = Path(tempfile.mkdtemp())
    (root / "newsletter.toml").write_text('[site]\nurl = "https://papers.example.org"\n', encoding="utf-8")
    return MessageRenderer(load_config(Site(root), environ={}), ENVIRONMENT, b"secret")


def subscriber(number: int, style: Style = Style.CARDS) -> Subscriber:
    """Return a subscriber with their own address."""
    return Subscriber(
        id=number,
        email=f"subscriber{number}@example.org",
        profile=Profile(style=style),
        subscribed_at=NOW,
        status_at=NOW,
    )


#: So often is measured; the best counts.
_ROUNDS = 3


def seconds(work: Callable[[], object], times: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the seconds per call over `times` calls, the best of three rounds."""
    best = float("inf")
    for _ in range(_ROUNDS):
        begin = clock()
        for _ in range(times):
            work()
        best = min(best, (clock() - begin) / times)
    return best


def cpu_seconds(work: Callable[[], object], times: int) -> float:
    """Return the seconds of CPU per call, the best of three rounds: what else the machine does counts less."""
    return seconds(work, times, time.process_time)


def compare(style: Style, times: int) -> None:
    """Print the time per message of one style, assembled and plain."""
    messages, papers, numbers = make_renderer(), make_papers(20), count(1)
    digest = digest_of(papers)
    size = len(messages.write(digest, subscriber(1, style), "<a@x.example>", NOW).content)
    plain = cpu_seconds(
        lambda: messages.write_plain(digest, subscriber(next(numbers), style), "<a@x.example>", NOW), min(5, times)
    )
    shared = cpu_seconds(
        lambda: messages.write(digest, subscriber(next(numbers), style), "<a@x.example>", NOW), min(2000, times)
    )
    each = min(500, times)
    others = iter([(own_of(digest, n), subscriber(n, style)) for n in islice(numbers, _ROUNDS * each)])
    own = cpu_seconds(lambda: messages.write(*next(others), "<a@x.example>", NOW), each)
    print(f"{style}: a digest of 20 papers, {size / 1024:.0f} KB")
    print(f"  plain                            {plain * 1e6:10.0f} µs")
    print(f"  assembled, digest shared         {shared * 1e6:10.1f} µs   plain is slower by {plain / shared:.0f}")
    print(f"  assembled, own digest            {own * 1e6:10.1f} µs   plain is slower by {plain / own:.0f}")


def build_an_edition(times: int) -> None:
    """Print the time to render the fragments of 100 papers, relative to plain digests of 20."""
    papers = make_papers(100)
    parts = [digest_of(papers[start : start + 20]) for start in range(0, 100, 20)]
    warm = make_renderer()
    warm.write(parts[0], subscriber(1), "<a@x.example>", NOW)
    plain = cpu_seconds(lambda: warm.write_plain(parts[0], subscriber(1), "<a@x.example>", NOW), min(5, times))
    built = cpu_seconds(lambda: make_renderer().prepare((part, subscriber(1)) for part in parts), 1)
    print(f"an edition of 100 papers: {built * 1e3:.0f} ms, as long as {built / plain:.1f} plain digests of 20")


def memory(messages: int) -> None:
    """Print the memory that `messages` messages take, beyond the first thousand, or as many."""
    renderer, digest = make_renderer(), digest_of(make_papers(20))
    for number in range(first := min(1000, messages)):
        renderer.write(digest, subscriber(number), "<a@x.example>", NOW)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(messages):
        renderer.write(own_of(digest, number), subscriber(number), "<a@x.example>", NOW)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    more = (after - before) / 1024
    print(f"memory: {more:.1f} MB more after {messages} messages than after {first}, of {after // 1024} MB")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=20_000)
    options = parser.parse_args()
    for style in Style:
        compare(style, options.messages)
    build_an_edition(options.messages)
    memory(options.messages)


if __name__ == "__main__":
    main()
