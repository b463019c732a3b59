from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.topics.occurrences import occurrences
from newsletter.topics.query import Term, parse


def found(text: str, query: str, *, is_title: bool = False) -> set[str]:
    term = parse(query)
    assert isinstance(term, Term)
    return {text[start:stop] for start, stop in occurrences(text, term, is_title=is_title)}


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("Speeches and a speech", "speech", {"Speeches", "speech"}),
        ("A rag and RAGs", "RAG", {"RAGs"}),
        ("Text-to-code, close to code", '"to-code"', {"to-code"}),
        ("Text-to-code, close to code", '"to code"', {"to-code", "to code"}),
        ("k-NN and kNN, in NN", "kNN", {"k-NN", "kNN"}),
        ("4-bit and 4 bits", "4bit", {"4-bit", "4 bits"}),
        ("3-D scenes, 3D scenes", '"3D scene"', {"3-D scenes", "3D scenes"}),
        ("Multiagent, multi-agent", '"multi agent"', {"Multiagent", "multi-agent"}),
        ("Transformers transform forms", "transf*", {"Transformers", "transform"}),
        ("Ein Straßenfest", "strasse*", {"Straßenfest"}),
        ("Reagents", "agent", set()),
        ("U-Nets, UNet, unet, u-net", "UNET", {"U-Nets", "UNet"}),
        ("Wi-Fi, wi-fi", "WIFI", {"Wi-Fi"}),
        ("YOLO, YOLOv8, yolov8", "YOLO", {"YOLO"}),
        ("YOLO v8, YOLO-v8, yolov8", "YOLOv8", {"YOLO v8", "YOLO-v8", "yolov8"}),
        ("TNF-α and TNFα", "TNF-alpha", {"TNF-α", "TNFα"}),
        ("An ad hoc and an ad-hoc network", '"adhoc network"', {"ad-hoc network"}),
    ],
)
def test_a_phrase_occurs_in_any_spelling(text: str, query: str, expected: set[str]) -> None:
    assert found(text, query) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Agents planning, and agents that plan", {"Agents planning"}),
        ("Agents that plan", {"Agents", "plan"}),
        ("We are planning with some agents", {"planning", "agents"}),
        ("Agents are here, far away from what others plan", {"Agents", "plan"}),
        ("Agents are here, and a long way off, far away from all that others plan", set()),
        ("Agents", set()),
    ],
)
def test_words_side_by_side_occur_as_a_phrase_or_near_each_other(text: str, expected: set[str]) -> None:
    assert found(text, "agents planning") == expected


def test_a_title_is_one_neighbourhood() -> None:
    title = "Agents are here, far away from what others plan"
    assert found(title, "agents planning", is_title=True) == {"Agents", "plan"}


@given(
    st.text("abR -.", max_size=30) | st.text(max_size=30),
    st.sampled_from(["a", "a b", '"a b"', "a-b", "RR", "ab*", '"to-a"', "RR a"]),
)
def test_occurrences_are_pieces_of_the_text_that_hold_the_term_themselves(text: str, query: str) -> None:
    term = parse(query)
    assert isinstance(term, Term)
    for start, stop in occurrences(text, term):
        assert 0 <= start < stop <= len(text)
        assert term.is_near or list(occurrences(text[start:stop], term))


@pytest.mark.parametrize(
    "term", [Term("—", is_prefix=True), Term("—", is_near=True), Term("—", is_literal=True), Term("—")], ids=repr
)
def test_a_term_without_words_is_nowhere(term: Term) -> None:
    assert list(occurrences("A speech — and more", term)) == []
