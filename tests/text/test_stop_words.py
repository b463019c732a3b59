"""Stop words are written as texts are compared."""

from __future__ import annotations

from newsletter.text.stop_words import STOP_WORDS


def test_stop_words_are_in_lower_case_and_name_no_subject() -> None:
    assert all(word.isalpha() and word.islower() for word in STOP_WORDS)
    assert {"the", "of", "with"} <= STOP_WORDS
    assert not {"model", "learning", "agent"} & STOP_WORDS
