"""Texts are joined and marked as each language does."""

from __future__ import annotations

import pytest

from newsletter.models.languages import LANGUAGES
from newsletter.rendering.language import language
from newsletter.rendering.typography import TYPOGRAPHY


def test_every_language_has_its_marks() -> None:
    assert set(TYPOGRAPHY) == set(LANGUAGES)


@pytest.mark.parametrize(
    ("code", "labelled", "listed", "nested", "sentences", "quoted"),
    [
        ("en", "title: x", "a, b", "a; b", "One. Two.", "“x”"),
        ("de", "title: x", "a, b", "a; b", "One. Two.", "„x“"),
        ("fr", "title\u00a0: x", "a, b", "a\u00a0; b", "One. Two.", "«\u00a0x\u00a0»"),
        ("es", "title: x", "a, b", "a; b", "One. Two.", "«x»"),
        ("zh", "title：x", "a, b", "a；b", "One.Two.", "“x”"),
        ("ja", "title：x", "a, b", "a；b", "One.Two.", "「x」"),
        ("pt", "title: x", "a, b", "a; b", "One. Two.", "“x”"),
    ],
)
def test_texts_are_joined_as_the_language_does(
    code: str, labelled: str, listed: str, nested: str, sentences: str, quoted: str
) -> None:
    chosen = language(code)
    assert chosen.labelled("title", "x") == labelled
    assert chosen.labelled("title", "") == labelled.removesuffix("x").rstrip()
    assert (chosen.listed(["a", "", "b"]), chosen.listed(["a", "b"], with_commas=True)) == (listed, nested)
    assert (chosen.sentences(["One.", "Two."]), chosen.quoted("x")) == (sentences, quoted)


def test_lists_of_chinese_have_chinese_commas() -> None:
    assert language("zh").listed(["6 个赞", "1 条评论"]) == "6 个赞、1 条评论"
