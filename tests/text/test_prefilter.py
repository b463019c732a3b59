"""Tests of newsletter.text.prefilter."""

from __future__ import annotations

import re

import pytest

from newsletter.rendering import extractive, lead_ins
from newsletter.text.prefilter import Prefiltered

_STATED = [
    "We thus propose a model.", "This letter proves it.", "AND WE SHOW IT", "Here I study it.", "Our model wins.",
    "The result clearly shows it.", "It outperforms others.", "It improves and reduces.", "Evaluations reveal it.",
    "Progress is slow, yet models suffer.", "It remains limited.", "Data lack labels, but struggle.", "A challenge.",
    "However, it is.", "We take a step.", "A method is newly introduced.", "It was investigated.", "They are studied.",
    "Code is available.", "Models are open-sourced.", "Data is found here.", "Videos are hosted", "It achieves more.",
    "Weights are shared and published, released, accessible.", "We release code: https://example.org.", "Ethics: none.",
    "Trial registration number: 5.", "Keywords: one.", "Funding: none.", "Availability: none.", "Code at http://a.org",
    "Data available via request.", "These methods win.", "We use such methods.", "The above method wins.",
    "We make a model to tackle those gaps.", "It is made to address the aforementioned issues.", "Nothing.", "",
    "本文提出", "We ſhow it", "Th\u0130s paper", "K\u212aeywords",
]  # fmt: skip


@pytest.mark.parametrize(
    ("module", "name"),
    [
        *((extractive, name) for name in ("_DONE", "_RESULT", "_BACKGROUND", "_OTHERWISE_DONE", "_BESIDE_THE_POINT")),
        *((lead_ins, name) for name in ("_POINTER", "_TAIL")),
    ],
)
def test_what_is_passed_over_does_not_match(module: object, name: str) -> None:
    sought = getattr(module, name)
    expected = [sought.pattern.search(text) for text in _STATED]

    assert any(expected)
    assert [bool(sought.search(text)) for text in _STATED] == list(map(bool, expected))


def test_only_text_with_something_that_is_needed_is_searched() -> None:
    sought = Prefiltered(re.compile("[bd]ogs?", re.IGNORECASE), ("dog",))

    assert sought.search("A DOG.")
    assert sought.search("A bog.") is None
    assert sought.search("A bog of Köln.")
    assert sought.search("A dog.", 3) is None
    assert sought.search("A dog.", 0, 3) is None
