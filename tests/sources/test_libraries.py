"""Library files of each format are read as they were written, and as other readers read them."""

from __future__ import annotations

import pytest

from tests.benchmarks.libraries import FACTS, compare
from tests.sources.libraries import WRITERS


@pytest.mark.parametrize("form", WRITERS)
def test_all_facts_are_equal_to_what_was_written_and_to_what_another_parser_has(form: str) -> None:
    found = compare(form, 80, seed=3)
    assert found.differing == dict.fromkeys(FACTS, 0)
    assert all(differing == 0 for _, differing in (found.other or {}).values())
    assert (found.refused > 0) is (form == "BibTeX")  # whole volumes, from which papers inherit
