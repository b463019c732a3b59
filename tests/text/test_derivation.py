"""Nouns and the stems of their verbs."""

from __future__ import annotations

import pytest

from newsletter.text.derivation import NOUNS, beginning, verb_stem


@pytest.mark.parametrize(
    ("noun", "stem"),
    [
        ("detection", "detect"),
        ("detector", "detect"),
        ("segmentation", "segment"),
        ("alignment", "align"),
        ("retrieval", "retriev"),
        ("retriever", "retriev"),
        ("classifier", "classify"),
        ("tokenization", "tokeniz"),
        ("tokenizer", "tokeniz"),
        ("generator", "generat"),
        # other subjects than their verbs
        ("transformer", "transformer"),
        ("demonstration", "demonstration"),
        ("organization", "organization"),
        ("nation", "nation"),
        ("", ""),
    ],
)
def test_a_noun_has_the_stem_of_its_verb(noun: str, stem: str) -> None:
    assert verb_stem(noun) == stem


def test_a_foundation_is_not_found() -> None:
    assert verb_stem("foundation") not in (verb_stem("found"), verb_stem("founder"))


def test_nouns_of_a_stem_begin_alike() -> None:
    assert all(noun.startswith(beginning(stem)) and stem.startswith(beginning(stem)) for noun, stem in NOUNS.items())
