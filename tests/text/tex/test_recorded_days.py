"""What is left of TeX in what arXiv sends, on the recorded days."""

from __future__ import annotations

from pathlib import Path

from newsletter.text.tex import read
from tests.benchmarks.recorded_tex import left, papers


def test_tex_is_left_in_at_most_one_paper_of_two_hundred_and_what_is_read_stays(shared: Path) -> None:
    shown = [[read(text) for text in texts] for _, *texts in papers(shared)]
    with_tex = [texts for texts in shown if any(map(left, texts))]
    assert len(with_tex) <= len(shown) / 200
    assert all(read(text) == text for texts in shown for text in texts)
