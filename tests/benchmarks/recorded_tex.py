"""What is left of TeX in the papers that arXiv sent, by kind: how many papers have it, and an example.

    python -m tests.benchmarks.recorded_tex [--data ../shared/data] [--sample 200]

With `--sample`, as many readings of texts with TeX are printed instead, to be looked at: what was sent, what is read.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from newsletter.text.tex import read
from tests.benchmarks.delivering import ROOT

DATA = ROOT.parent / "shared" / "data"
#: What looks like TeX: commands, escapes, formulas in dollars, scripts, quotation marks.
RAW = re.compile(r"\\[A-Za-z]+|\\\S|\$[^$ ]*\$|[\^_]\{|``")


def rows(data: Path) -> Iterator[dict[str, Any]]:
    """Yield each recorded paper of arXiv once, as it was listed."""
    seen: set[str] = set()
    for path in sorted((data / "arxiv-days").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                if row["id"] not in seen:
                    seen.add(row["id"])
                    yield row


def papers(data: Path) -> Iterator[tuple[str, str, str]]:
    """Yield number, title and abstract of each recorded paper, as sent."""
    for row in rows(data):
        yield row["id"], row["title"], row["summary"] or ""


def kind_of(match: re.Match[str]) -> str:
    """Return what is left: the name of a command, or what a formula or mark is."""
    found = match[0]
    if found.startswith("\\"):
        return found
    return {"$": "$...$", "^": "^{", "_": "_{"}.get(found[0], "``")


def left(shown: str) -> dict[str, str]:
    """Return the kinds of TeX in a text that was read, each with its surroundings."""
    found: dict[str, str] = {}
    for match in RAW.finditer(shown):
        around = shown[max(0, match.start() - 30) : match.end() + 30]
        found.setdefault(kind_of(match), around)
    return found


def _print_kinds(data: Path) -> None:
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    total = concerned = with_tex = changing = 0
    for number, title, abstract in papers(data):
        total += 1
        shown = [read(title), read(abstract)]
        with_tex += shown != [title, abstract]
        changing += any(read(text) != text for text in shown)
        kinds = left(shown[0]) | left(shown[1])
        concerned += bool(kinds)
        counts.update(kinds.keys())
        for kind, example in kinds.items():
            examples.setdefault(kind, f"{number}: {example}")
    print(f"{total} papers, of which {with_tex} are changed by reading; read again, {changing} change")
    print(f"TeX left in {concerned} papers: {concerned / total:.3%}")
    for kind, count in counts.most_common():
        print(f"{count:6}  {kind:20} {examples[kind]}")


def _print_sample(data: Path, size: int, seed: int) -> None:
    changed = [(sent, shown) for _, *texts in papers(data) for sent in texts if (shown := read(sent)) != sent]
    for sent, shown in random.Random(seed).sample(changed, min(size, len(changed))):  # noqa: S311 - nothing secret
        print(f"- {sent}\n+ {shown}\n")


def main() -> None:
    """Print the kinds, or a sample."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if not (options.data / "arxiv-days").is_dir():
        sys.exit(f"{options.data} has no recorded days")
    if options.sample:
        _print_sample(options.data, options.sample, options.seed)
    else:
        _print_kinds(options.data)


if __name__ == "__main__":
    main()
