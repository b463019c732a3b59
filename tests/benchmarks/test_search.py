"""The benchmark of searches, on invented papers; the recorded ones take minutes."""

from __future__ import annotations

import pytest

from newsletter.store import Store
from tests.benchmarks.search import main, mean_reciprocal_rank, reciprocal_rank, summaries, titles
from tests.factories import NOW, make_entry

PAPERS = (
    ("Pruning of roses", "Shears cut stems of roses in spring.", "A guide to cutting rose stems with shears."),
    ("Pruning networks", "Weights near zero are removed from neural networks.", "Small weights can be removed."),
    ("Kettles that boil", "Water boils in kettles of copper.", "The paper measures copper kettles and boiling water."),
)


def test_a_known_paper_is_found_by_its_summary_and_its_title(store: Store) -> None:
    for number, (title, abstract, summary) in enumerate(PAPERS):
        entry = make_entry(title=title, abstract=abstract, summary=summary, arxiv_id=f"2605.{number:05}", keywords=())
        store.papers.add(entry, NOW)
    papers = store.papers.newest(10)
    assert mean_reciprocal_rank(store, summaries(papers)) >= 0.9
    assert mean_reciprocal_rank(store, titles(papers)) == 1
    assert reciprocal_rank(store, "pruning", "Kettles that boil") == 0


def test_without_recorded_days_nothing_is_measured(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["search", str(tmp_path_factory.mktemp("empty"))])
    main()
    assert "nothing is measured" in capsys.readouterr().out
