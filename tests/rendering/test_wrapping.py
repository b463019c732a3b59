"""Plain text is wrapped by columns, of which a Chinese or Japanese character takes two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.wrapping import columns, shorten_to, underline, wrap


def test_wrapping_indents_and_does_not_break_urls() -> None:
    address = "https://example.org/" + "x" * 80

    assert wrap("a b", 3) == "   a b"
    assert wrap(f"see {address}", 2) == f"  see\n  {address}"
    assert wrap("1. " + "word " * 20, 3, first=0).splitlines()[1].startswith("   word")
    assert [len(line) for line in wrap("ab " * 40, 5, used=5).splitlines()] == [65, 58]
    assert underline("Fruit", "=") == "Fruit\n====="


def test_a_heading_longer_than_a_line_is_wrapped() -> None:
    assert underline("word " * 20 + "end") == "word " * 13 + "word\n" + "word " * 6 + "end\n" + "-" * 72


paragraphs = st.lists(st.text("ab-/é漢。（", min_size=1, max_size=90), min_size=1, max_size=30)


@given(paragraphs, st.integers(0, 8))
def test_a_wrapped_paragraph_has_the_same_text_on_lines_of_at_most_72_columns(typed: list[str], indent: int) -> None:
    lines = wrap(" ".join(typed), indent).splitlines()

    assert "".join("".join(line.split()) for line in lines) == "".join(typed)
    assert all(line.startswith(" " * indent) for line in lines)
    unbroken = [line for line in lines if columns(line) > 72 and len(line.split()) == 1]
    assert [line for line in lines if columns(line) > 72 and line not in unbroken] == []


@given(st.text("ab’ \u00a0…", max_size=400), st.integers(0, 8), st.integers(0, 80))
def test_each_line_takes_as_many_words_as_fit(text: str, indent: int, used: int) -> None:
    words = [word for word in text.split(" ") if word]
    lines, taken = [""], used or indent
    for number, word in enumerate(words):
        room = 72 - taken
        if number and len(lines[-1]) + 1 + len(word) > room:
            lines.append(word)
            taken = indent
        else:
            lines[-1] += f" {word}" if number else word
    expected = ("\n" + " " * indent).join(lines).replace("\u00a0", " ")

    assert wrap(text, indent, used=used) == ("" if used else " " * indent) + expected


@pytest.mark.parametrize("sentence", ["本期没有与您的主题相关的新论文。", "該当する新しい論文（PDF）はありません。"])
def test_text_without_spaces_is_wrapped_by_columns(sentence: str) -> None:
    lines = wrap(sentence * 8, 3).splitlines()

    assert "".join(line.strip() for line in lines) == sentence * 8
    assert all(66 <= columns(line) <= 72 for line in lines[:-1])
    assert not [line for line in lines if line.strip()[0] in "，。、）" or line.endswith("（")]


def test_words_among_chinese_stay_whole() -> None:
    assert wrap("感谢 arXiv 提供开放获取的互操作接口" + "。" * 3) == "感谢 arXiv 提供开放获取的互操作接口。。。"
    assert "transformers" in wrap("一" * 31 + "transformers").splitlines()[1]
    assert underline("2026年5月8日") == "2026年5月8日\n" + "-" * 12


@given(st.text("ab 漢字。.", max_size=60), st.integers(2, 40))
def test_a_shortened_text_has_at_most_that_many_columns(text: str, width: int) -> None:
    shortened = shorten_to(text, width)

    assert columns(shortened) <= width
    assert text.startswith(shortened.removesuffix("…"))
    assert shortened == text or columns(text) > width
