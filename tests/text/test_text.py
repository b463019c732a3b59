from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.text import sentences, shorten, squeeze, title_hash, title_key, whole_sentences

ANY_TEXT = st.text(st.characters(exclude_categories=()))


# -- storing ------------------------------------------------------------------------------------------


@given(ANY_TEXT)
def test_squeezed_text_is_one_clean_line(text: str) -> None:
    squeezed = squeeze(text)
    assert squeeze(squeezed) == squeezed
    assert unicodedata.is_normalized("NFC", squeezed)
    assert squeezed.split(" ") == (squeezed.split() or [""])
    assert not {unicodedata.category(char) for char in squeezed} & {"Cc", "Cs", "Zl", "Zp"}
    squeezed.encode()


@pytest.mark.parametrize(
    ("text", "squeezed"),
    [
        ("", ""),
        ("  two\n  lines \r\n", "two lines"),
        ("no\u00a0break\u2003here\u3000", "no break here"),
        ("e\u0301", "é"),
        ("soft\u00adhyphen zero\u200bwidth \ufeffmark word\u2060joiner", "softhyphen zerowidth mark wordjoiner"),
        ("safe\u202etxt.exe\u202c \u2066x\u2069", "safetxt.exe x"),
        ("nul\x00 bell\x07 next\x85line", "nul bell next line"),
        ("line\u2028para\u2029end", "line para end"),
        ("half \ud83d pair", "half \ufffd pair"),
        ("\U0001f469\u200d\U0001f52c", "\U0001f469\u200d\U0001f52c"),  # a joined emoji stays
        ("می\u200cخواهم", "می\u200cخواهم"),  # so does Persian's half space
        ("Subject\r\nBcc: x", "Subject Bcc: x"),
    ],
)
def test_squeezing(text: str, squeezed: str) -> None:
    assert squeeze(text) == squeezed


@pytest.mark.parametrize(
    "other",
    [
        "counting clouds: a small-model study",
        "Counting Clouds — A Small Model Study",
        "Counting Clouds: A Small\n  Model Study",
        "Counting $Clouds$: A Small--Model Study.",
        "COUNTING CLOUDS A SMALLMODEL STUDY",
        "Ｃounting Clouds: A Small‑Model Study",
    ],
)
def test_spellings_of_one_title_share_its_key(other: str) -> None:
    title = "Counting Clouds: A Small-Model Study"
    assert (title_key(other), title_hash(other)) == (title_key(title), title_hash(title))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Research & Development", "Research and development"),
        ("R&D", "R and D"),
        ("R＆D of Ｗ™", "R and D of WTM"),
        ("Naïve Bayes in Łódź", "Naive Bayes in Lodz"),
        ("Cœur, Ærø, Straße", "Coeur, Aero, Strasse"),
        ("Nguyễn’s Problem", "Nguyen's problem"),
        ("И\u0306од", "Йод"),
        ("Ångström e\u0301tude", "Angstrom étude"),
    ],
)
def test_ampersands_and_accents_make_no_other_title(one: str, other: str) -> None:
    assert title_key(one) == title_key(other)


def test_letters_that_are_no_accents_stay_apart() -> None:
    assert title_key("カラス") != title_key("ガラス")
    assert title_key("Sand") != title_key("S&")[:1]
    assert title_key("&") == title_key("and")


@pytest.mark.parametrize("other", ["Counting Clouds 2", "Counting Cloud", "計数雲", "?!", "???", ""])
def test_other_titles_have_other_keys(other: str) -> None:
    assert title_key(other) != title_key("Counting Clouds")
    assert title_hash(other) != title_hash("Counting Clouds")


def test_titles_without_a_letter_have_keys_of_their_own() -> None:
    assert len({title_key("?!"), title_key("???"), title_key("...")}) == 3


@given(ANY_TEXT)
def test_a_titles_hash_is_16_digits(title: str) -> None:
    assert len(title_hash(title)) == 16
    assert int(title_hash(title), 16) >= 0


# -- reading ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("", 5, ""),
        ("short", 5, "short"),
        ("One sentence. Another one that is long.", 20, "One sentence."),
        ("Is it? Yes! And then some more words.", 12, "Is it? Yes!"),
        ("We use e.g. kettles and spoons and forks.", 20, "We use e.g. kettles…"),
        ("As A. Example says, clouds are hard.", 14, "As A. Example…"),
        ("Version 2.5 is out and it is much better.", 15, "Version 2.5 is…"),
        ("A. And then a very long sentence without end", 20, "A. And then a very…"),
        ("several words, and more", 15, "several words…"),
        ("Donaudampfschifffahrtsgesellschaft", 10, "Donaudamp…"),
        ("一句话。另一句话很长很长。", 6, "一句话。"),
        ('He said "Stop." Then he went on and on.', 17, 'He said "Stop."'),
        ("ab", 1, "…"),
    ],
)
def test_shortening(text: str, limit: int, expected: str) -> None:
    assert shorten(text, limit) == expected


@given(ANY_TEXT | st.text("ab .!?,。"), st.integers(1, 60))
def test_shortened_text_is_never_longer_than_the_limit(text: str, limit: int) -> None:
    shortened = shorten(text, limit)
    assert len(shortened) <= limit
    assert text.startswith(shortened.removesuffix("…"))
    assert shortened == text or len(text) > limit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("See e.g. Pear et al. (2020), cf. Fig. 2 vs. Eq. 3. We do.", None),
        ("We bound it w.r.t. N for i.i.d. Gaussians, a.k.a. noise. We do.", None),
        ("Codes of Pear (Phys. Rev. A 1996) and Apple (Proc. R. Soc. A 2). We do.", None),
        ("It takes long (avg. 32.1 steps, max. 65) and more (see J. Doe. 2020). We do.", None),
        ("We ate fruit, etc. and more. We do.", None),
        ("We ate for 5.2 yrs. and slept at the Univ. of Pear. We do.", None),
        ("Does it ask (\"Are you sure?\") and answer. We do.", None),
        ("J. A. Doe and M. J. Roe dig. We do.", None),
        ("It was warm: 85 °C. We do.", None),
        ("It runs on RISC-V. To dig.", None),
        ("We fix vitamin D. The rest is C. We do.", ["We fix vitamin D.", "The rest is C.", "We do."]),
        ("We ate pears, etc. We do.", None),
        ("We study genes. mRNA is one. p53 another. k-means too.",
         ["We study genes.", "mRNA is one.", "p53 another.", "k-means too."]),
        ("An (open parenthesis. We do.", None),
        ("大模型很好。我们提出新方法。", ["大模型很好。", "我们提出新方法。"]),
        ("", []),
    ],
)  # fmt: skip
def test_abbreviations_and_parentheses_end_no_sentence(text: str, expected: list[str] | None) -> None:
    before, _, last = text.rpartition(". ")
    assert sentences(text) == ([f"{before}.", last] if expected is None else expected)


@given(st.text("a.B (?)C,1", max_size=60) | ANY_TEXT)
def test_sentences_are_the_text(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_whole_sentences_may_exceed_the_limit_by_half() -> None:
    short, long = "We count. ", "We count every cloud over the orchard from morning until the evening comes. "
    assert whole_sentences(short * 3, 100) == short * 3
    assert whole_sentences(short * 30, 40) == (short * 4).strip()
    assert whole_sentences(short + long * 3, 60) == (short + long).strip()
    assert whole_sentences("word " * 100, 50) == shorten("word " * 100, 50)
