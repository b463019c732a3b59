from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.publication import ARXIV, HUGGING_FACE


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "latest", "following"),
    [
        ("2026-05-08T12:00", "2026-05-08T04:05", "2026-05-11T04:05"),  # a Friday; the next list is Monday's
        ("2026-05-08T04:04", "2026-05-07T04:05", "2026-05-08T04:05"),
        ("2026-05-10T12:00", "2026-05-08T04:05", "2026-05-11T04:05"),  # a Sunday
        ("2026-01-15T12:00", "2026-01-15T05:05", "2026-01-16T05:05"),  # New York has winter time
        ("2026-11-27T12:00", "2026-11-26T05:05", "2026-11-30T05:05"),  # the day after Thanksgiving
        ("2026-12-25T12:00", "2026-12-24T05:05", "2026-12-28T05:05"),
        ("2027-01-01T12:00", "2026-12-31T05:05", "2027-01-04T05:05"),
    ],
)
def test_the_lists_of_arxiv(moment: str, latest: str, following: str) -> None:
    assert ARXIV.latest(at(moment)) == at(latest)
    assert ARXIV.following(at(moment)) == at(following)


def test_the_lists_of_hugging_face_are_for_days_of_utc() -> None:
    assert HUGGING_FACE.latest(at("2026-05-11T01:59")) == at("2026-05-08T02:00")
    assert HUGGING_FACE.following(at("2026-05-11T01:59")) == at("2026-05-11T02:00")


@given(st.datetimes(datetime.fromisoformat("2024-01-01"), datetime.fromisoformat("2030-01-01"), timezones=st.just(UTC)))
def test_lists_are_in_order(moment: datetime) -> None:
    for publication in (ARXIV, HUGGING_FACE):
        latest, following = publication.latest(moment), publication.following(moment)
        assert latest <= moment < following
        assert following - latest <= timedelta(days=6)
        assert publication.latest(following) == following
        assert publication.following(latest) == following
