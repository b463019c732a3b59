"""What is left of TeX in what arXiv sends, on the recorded days."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

from newsletter.text.tex import read

_RAW = re.compile(r"\\[A-Za-z]+|\\\S|\$[^$ ]*\$|[\^_]\{|``")


def test_tex_is_left_in_at_most_one_paper_of_two_hundred_and_what_is_read_stays(shared: Path) -> None:
    papers: dict[str, list[str]] = {}
    for path in sorted((shared / "arxiv-days").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                papers[row["id"]] = [row["title"], row["summary"] or ""]
    shown = {number: [read(text) for text in texts] for number, texts in papers.items()}
    left = [number for number, texts in shown.items() if any(map(_RAW.search, texts))]
    assert len(left) <= len(papers) / 200
    assert all(read(text) == text for texts in shown.values() for text in texts)
