"""The rarer words of a text, by which similar papers are found."""

from __future__ import annotations

import pytest

from newsletter.store import Store, rare_words
from tests.factories import NOW, make_entry


@pytest.fixture
def filled(store: Store) -> Store:
    """A store in which all papers hold "cloud", half of them "sand", and one "kettle"."""
    titles = [f"Cloud {number}" + (" of sand" if number % 2 else "") for number in range(20)]
    for number, title in enumerate([*titles, "Cloud in a kettle"]):
        store.papers.add(make_entry(title=title, abstract="", arxiv_id=f"2605.{number:05}"), NOW)
    return store


def test_all_words_count_while_that_is_little_work(filled: Store) -> None:
    assert rare_words.rare_words(filled._db, ["cloud", "sand", "kettle"]) == ["cloud", "sand", "kettle"]
    assert filled.archive.sharing_words("kettle of clouds")[0].title == "Cloud in a kettle"


def test_of_too_many_papers_the_rarer_words_find_some(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rare_words, "_MOST_READ", 12)
    monkeypatch.setattr(rare_words, "_COUNTED", 5)
    assert rare_words.rare_words(filled._db, ["cloud", "sand", "kettle"]) == ["sand", "kettle"]
    found = [paper.title for paper in filled.archive.sharing_words("clouds of sand", limit=30)]
    assert found[:10] == [f"Cloud {number} of sand" for number in range(1, 20, 2)]
    assert filled.archive.sharing_words("kettle of clouds", limit=3)[0].title == "Cloud in a kettle"
    assert rare_words.rare_words(filled._db, ["cloud"]) == ["cloud"]
    monkeypatch.setattr(rare_words, "_MOST_OF_ONE", 12)
    assert rare_words.rare_words(filled._db, ["cloud"]) == []
    assert len(filled.archive.sharing_words("clouds and clouds")) == 0
