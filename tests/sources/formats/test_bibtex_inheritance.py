from __future__ import annotations

from newsletter.sources.formats.bibtex_inheritance import Inheritance
from newsletter.sources.formats.tables import Raw


def test_a_child_has_the_venue_of_its_parent_but_not_its_doi() -> None:
    family = Inheritance()
    assert family.add("inproceedings", "a", Raw(1, {"title": "Clouds", "crossref": "P"}))
    assert not family.add("proceedings", "p", Raw(2, {"title": "On Clouds", "doi": "10.1000/p", "year": "2026"}))
    (child,) = family.children()
    assert child.record == {"title": "Clouds", "crossref": "P", "booktitle": "On Clouds", "year": "2026"}


def test_a_circle_ends() -> None:
    family = Inheritance()
    family.add("book", "a", Raw(1, {"title": "A", "crossref": "b"}))
    family.add("book", "b", Raw(2, {"title": "B", "crossref": "a"}))
    assert [one.record["title"] for one in family.children()] == ["A", "B"]
