"""Bounce and complaint reports: a corpus of many servers' formats, and arbitrary input."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sending.bounces.reports import read_bounce_report
from newsletter.sending.status_codes import Kind
from tests.sending.bounces.samples import CASES, OURS, Case

#: What mail reports; that somebody unsubscribed, only a provider does.
IN_MAIL = set(Kind) - {Kind.UNSUBSCRIBE}


def kinds_in(raw: bytes) -> dict[str, Kind]:
    return {one.email: one.kind for one in read_bounce_report(raw)}


def test_the_corpus_has_sixty_samples_of_all_kinds() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)
    assert {kind for case in CASES for kind in case.expected.values()} == IN_MAIL
    assert sum(not case.expected for case in CASES) >= 10


def test_precision_and_recall(record_property: Callable[[str, object], None]) -> None:
    found = [(case.name, address, kind) for case in CASES for address, kind in kinds_in(case.raw).items()]
    true = [(case.name, address, kind) for case in CASES for address, kind in case.expected.items()]
    for kind in IN_MAIL:
        ours, right = ({one for one in both if one[2] is kind} for both in (found, true))
        precision, recall = len(ours & right) / len(ours), len(ours & right) / len(right)
        record_property(f"{kind}", f"precision {precision:.2f}, recall {recall:.2f}")
        print(f"{kind:10} {len(right):3} true: precision {precision:.2f}, recall {recall:.2f}")  # noqa: T201 - the figures
        # A hard bounce or complaint suppresses the address, so none may be reported by mistake.
        assert precision == 1.0 or kind is Kind.SOFT
        assert recall >= 0.9


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_sample_is_read_correctly(case: Case) -> None:
    assert kinds_in(case.raw) == case.expected


def test_a_report_has_the_message_id_of_the_original() -> None:
    message_ids = [
        one.message_id for case in CASES for one in read_bounce_report(case.raw) if case.name.startswith("postfix")
    ]
    assert set(message_ids) == {OURS}


def test_fingerprints_identify_reports() -> None:
    fingerprints = [one.fingerprint for case in CASES for one in read_bounce_report(case.raw)]
    assert len(set(fingerprints)) == len(fingerprints)
    assert fingerprints == [one.fingerprint for case in CASES for one in read_bounce_report(case.raw)]


@given(st.binary(max_size=2000))
def test_arbitrary_inserteddo_not_raise(raw: bytes) -> None:
    read_bounce_report(raw)


@given(st.sampled_from(CASES), st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=8)), max_size=5))
def test_damaged_reports_do_not_raise(case: Case, changes: list[tuple[int, bytes]]) -> None:
    raw = case.raw
    for place, inserted in changes:
        raw = raw[:place] + inserted + raw[place + len(inserted) :]
    for one in read_bounce_report(raw):
        assert "\n" not in one.response
        assert len(one.response) <= 500
