"""Our reader of feeds against the conformance suite of feedparser, which pip fetches once."""

from __future__ import annotations

import pytest

from tests.sources.conformance import DIFFERENCES, Score, Unavailable, difference_of, fetch_suite, scores
from tests.sources.conformance import Field as Fact


@pytest.fixture(scope="module")
def results() -> dict[Fact, Score]:
    """Return how our reading compares, by field."""
    try:
        return scores(fetch_suite())
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("field", Fact)
def test_at_least_98_percent_of_what_can_apply_is_read_as_expected(results: dict[Fact, Score], field: Fact) -> None:
    assert results[field].equal >= 12
    assert results[field].share >= 0.98


def test_every_difference_has_its_reason(results: dict[Fact, Score]) -> None:
    unexplained = [
        (expectation.file, expected, read)
        for score in results.values()
        for expectation, expected, read in score.differing
        if difference_of(expectation) is None
    ]
    assert unexplained == []


def test_every_reason_still_applies(results: dict[Fact, Score]) -> None:
    differing = [one for score in results.values() for one, _expected, _read in score.differing]
    found = {known.reason for known in map(difference_of, differing) if known}
    assert found == {known.reason for known in DIFFERENCES if not known.is_beyond_us}
