"""What is added comes back, in order and as often as it is read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsletter.cli.outcome_file import OutcomeFile
from newsletter.pipeline.outcomes import Outcome, OutcomeStatus

OUTCOMES = st.lists(
    st.builds(Outcome, st.text(), st.sampled_from(OutcomeStatus), st.text(), st.text(), st.integers(), st.integers())
)


@given(OUTCOMES)
def test_outcomes_come_back_as_they_were(outcomes: list[Outcome]) -> None:
    with OutcomeFile() as file:
        for one in outcomes:
            file.add(one)

        assert [*file.outcomes()] == [*file.outcomes()] == outcomes
        assert len([*file.lines()]) == len(outcomes)


def test_more_than_memory_is_meant_for_goes_to_a_file() -> None:
    with OutcomeFile() as file:
        for number in range(9000):
            file.add(Outcome(f"s{number}@example.org", OutcomeStatus.SENT, "x" * 100))

        assert sum(1 for _ in file.outcomes()) == 9000
