"""The benchmark of searches, on invented papers; the recorded ones take minutes."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.store import Store
from tests.benchmarks.search import (
    average_precision,
    main,
    mean_average_precision,
    mean_reciprocal_rank,
    reciprocal_rank,
    summaries,
    titles,
)
from tests.benchmarks.smart_collection import read_collection
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
    empty = str(tmp_path_factory.mktemp("empty"))
    monkeypatch.setattr("sys.argv", ["search", empty, "--collection", empty])
    main()
    has_no_days, has_no_collection = capsys.readouterr().out.splitlines()
    assert "nothing is measured" in has_no_days
    assert "no test collection" in has_no_collection
    assert "cacm.all" in has_no_collection


COLLECTION = {
    "cacm.all": """.I 1
.T
Pruning of roses
.W
Shears cut stems of
roses in spring.
.B
CACM March, 1958
.I 2
.T
Kettles that boil
.X
1\t5\t1
""",
    "query.text": """.I 1
.W
 How are the stems of roses cut, and with which shears?
.N
 1. A gardener
.I 2
.W
 Prieve, B.
""",
    "qrels.text": "01 0001  0 0\n",
}


def test_a_test_collection_in_the_format_of_smart(store: Store, tmp_path: Path) -> None:
    for name, content in COLLECTION.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    collection = read_collection(str(tmp_path))
    roses = ("Pruning of roses", "Shears cut stems of roses in spring.")
    assert collection.documents == {1: roses, 2: ("Kettles that boil", "")}
    assert collection.relevant == {1: {1}}
    assert mean_average_precision(store, collection) == 1


def test_average_precision_counts_what_is_not_found_as_nothing() -> None:
    assert average_precision([3, 1, 4, 2], frozenset({1, 2, 9})) == pytest.approx((1 / 2 + 2 / 4) / 3)
    assert average_precision([], frozenset({1})) == 0
