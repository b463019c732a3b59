"""The words of a text, as queries and papers are compared: one way to split and to fold them, for both.

Case, accents, possessives, plurals and British spellings are folded; hyphens separate words; letters and digits are
split ("GPT4" is "gpt", "4", "YOLOv8" "yolo", "v8"); Greek letters are spelled out; "C++", "C#" and ".NET" are words;
each Chinese, Japanese or Korean character is one. The store's full-text index holds what this module returns: whoever
changes that raises `VERSION`, and stores are indexed anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from newsletter.text import fold, normalize
from newsletter.text.british import american
from newsletter.text.derivation import verb_stem
from newsletter.text.plurals import singular

#: The version of what `words` and `marks` return.
VERSION = 3

# Chinese, Japanese and Korean are written without spaces: each of their characters counts as a word.
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
# Two letters or more before a digit are a word of their own; atomic, so that no word is tried twice.
# A version is one as well: "YOLO" of "YOLOv8", "MobileNet" of "MobileNetV3", but not "TRP" of "TRPV1".
_BEFORE_VERSION = r"[A-Za-z]{3,}(?=v[0-9])|[A-Za-z]{3,}(?<=[a-z])(?=V[0-9])"
_SPLIT = rf"{_BEFORE_VERSION}|(?>[A-Za-z]{{2,}})(?=[0-9])"
_LANGUAGES = r"(?<![^\W_])(?:[A-Za-z]\#(?![A-Za-z])|[A-Za-z]+\+\+|(?<!\.)\.(?:NET|Net|net)(?![A-Za-z]))"
_WORD = re.compile(rf"{_LANGUAGES}|{_SPLIT}|[{_CJK}]|[^\W_{_CJK}]+(?:['’][^\W_{_CJK}]+)*")
# The same for ASCII text that names no programming language, in a third of the time: a table makes spaces of what
# stands between words, and the pattern sees only words with digits or apostrophes.
_BETWEEN = bytes(code if chr(code) == "'" or (code < 128 and chr(code).isalnum()) else 32 for code in range(256))
_ASCII_RUN = re.compile("[A-Za-z0-9']+")
_ASCII_WORD = re.compile(rf"{_SPLIT}|[A-Za-z0-9]+(?:'[A-Za-z0-9]+)*")
# "GPUs", "MoEs": the rules for "us" and "oes" are not for acronyms.
_ACRONYM_PLURAL = re.compile(r"([A-Za-z]+[A-Z])s")
_ACRONYM = re.compile(r"[A-Z]{2,}s?")
# The condition on what stands before comes after the first letter, so that only capitals are tried.
_ACRONYMS = re.compile(r"[A-Z](?<![A-Za-z0-9].)(?:[A-Z]+s?(?![A-Za-z])|[A-Z]{2,}(?=v[0-9]))")
# Where a word of small letters and capitals is: "LoRA", "kNN", "UNet". Few texts hold one, so it is found from within.
_MIXED = re.compile(r"[a-z][A-Z]|[A-Z]{2}(?!s(?![A-Za-z]))[a-z]")
_LATIN = re.compile(rf"{_BEFORE_VERSION}|[A-Za-z]+")
HYPHENS = "-\u2010\u2011"
_HYPHENATED = re.compile(rf"[^\W_]+(?:[{HYPHENS}][^\W_]+)+")
# A hyphenated word of which each part begins with a capital, or is a letter: "Wi-Fi", "k-NN".
_HYPHENATED_NAME = re.compile(rf"(?:[A-Z][A-Za-z]*|[a-z])(?:[{HYPHENS}](?:[A-Z][A-Za-z]*|[a-z]))+")


def words(text: str) -> list[str]:
    """Split text into words, in reading order, that are equal across case, accents, hyphens, plurals, possessives."""
    return list(map(_plain, _found(text)))


def surfaces(text: str) -> list[str]:
    """Return what `words` returns, but with plurals and possessives as they are written."""
    return list(map(_folded, _found(text)))


def located(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield what `words` returns, each word with its start and end in `text`."""
    if text.isascii() and not _may_name_language(text):
        for match in _ASCII_RUN.finditer(text):
            one, at = match[0], match.start()
            if one.isalpha():
                yield _plain(one), at, match.end()
                continue
            for word, start, end in _located_parts(one):
                yield word, at + start, at + end
    else:
        for match in _WORD.finditer(text):
            yield _plain(normalize("NFKC", match[0])), *match.span()


def marks(text: str) -> Iterator[str]:
    """Yield what `words` loses: words in capitals ("=RAG") and whole hyphenated words ("+incontext").

    A word with two capitals or more among small letters has a mark, too, hyphenated or not: "LoRA" is found by "LORA",
    "Wi-Fi" by "WIFI".
    """
    for match in _ACRONYMS.finditer(text):
        yield capitals(match[0])
    if _MIXED.search(text):
        yield from _mixed(text)
    if "-" in text or "\u2010" in text or "\u2011" in text:
        for match in _HYPHENATED.finditer(text):
            yield f"+{joined(surfaces(match[0]))}"
            if _HYPHENATED_NAME.fullmatch(match[0]) and sum(map(str.isupper, match[0])) > 1:
                yield capitals("".join(_LATIN.findall(match[0].removesuffix("s"))).upper())


def _mixed(text: str) -> Iterator[str]:
    """Yield the marks of words in small letters and two capitals or more."""
    for match in _LATIN.finditer(text):
        word = match[0].removesuffix("s")
        is_mixed = not (word.isupper() or word.islower()) and sum(map(str.isupper, word)) > 1
        if is_mixed and not text[max(0, match.start() - 1) : match.start()].isdigit():
            yield capitals(word.upper())


def is_acronym(word: str) -> bool:
    """Return whether a word is in capitals, or their plural ("RAG", "LLMs")."""
    return bool(_ACRONYM.fullmatch(word))


def capitals(acronym: str) -> str:
    """Return the mark of a word in capitals: "=RAG"."""
    return f"={acronym.removesuffix('s')}"


def split(text: str) -> tuple[list[str], list[str]]:
    """Return what `words` and what `surfaces` return."""
    found = _found(text)
    return list(map(_plain, found)), list(map(_folded, found))


#: What may follow the beginning of a word, to see how its British forms are written here.
_CONTINUATIONS = ("e", "ed", "er", "ing", "ation", "tion", "ion", "on", "n", "r", "re", "ue")


@lru_cache(maxsize=4096)
def prefixes(prefix: str) -> tuple[str, ...]:
    """Return the beginnings that words have as `words` returns them: "optimisa" is "optimiza", too, "colou" "color"."""
    found = [prefix]
    for ending in _CONTINUATIONS:
        british = prefix + ending
        word = american(british)
        if word != british:
            found.append(word.removesuffix(ending) if len(word) == len(british) else word)
    return tuple(one for one in dict.fromkeys(found) if not any(one != x and one.startswith(x) for x in found))


def joined(parts: Sequence[str]) -> str:
    """Return words as they are written in one, in the singular ("news", "letters": "newsletter")."""
    return american(singular("".join(parts)))


def _may_name_language(text: str) -> bool:
    return "#" in text or "++" in text or ".n" in text or ".N" in text


def _found(text: str) -> list[str]:
    if not text.isascii():
        return _WORD.findall(normalize("NFKC", text))
    if _may_name_language(text):
        return _WORD.findall(text)
    found = _spaced(text).split()
    if "".join(found).isalpha():
        return found
    return [word for one in found for word in ((one,) if one.isalpha() else _parts(one))]


def _spaced(text: str) -> str:
    """Return ASCII text with a space for each character that stands between words."""
    return text.encode().translate(_BETWEEN).decode()


@lru_cache(maxsize=16384)
def _parts(one: str) -> tuple[str, ...]:
    """Return the words of ASCII letters, digits and apostrophes that nothing separates."""
    return tuple(_ASCII_WORD.findall(one))


@lru_cache(maxsize=16384)
def _located_parts(one: str) -> tuple[tuple[str, int, int], ...]:
    """Return the same words as `words` does, each with its start and end."""
    return tuple((_plain(match[0]), *match.span()) for match in _ASCII_WORD.finditer(one))


@lru_cache(maxsize=131072)
def _plain(word: str) -> str:
    """Return a word in the singular, in lower case and without accents."""
    acronym = _ACRONYM_PLURAL.fullmatch(word)
    return singular(_folded(acronym[1] if acronym else word))


def _folded(word: str) -> str:
    """Return a word in lower case, without accents, and as it is written in American English."""
    return american(fold(word) if word.isascii() else _latin(fold(word)))


_GREEK = dict(zip(
    map(ord, "αβγδεζηθικλμνξοπρστυφχψω"),
    ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
     "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
    strict=True,
))  # fmt: skip
_GREEK_WORD = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]{2,}")


def _latin(word: str) -> str:
    """Return a Greek letter, or a word with Greek letters and others, with these spelled out: "TNFα" is "tnfalpha"."""
    return word if _GREEK_WORD.fullmatch(word) else word.translate(_GREEK)


# -- inflection -----------------------------------------------------------------------------------

_VOWEL = re.compile(r"[aeiou]|(?<=[^aeiou])y")
_SHORT = re.compile(r"[^aeiou][aeiouy][^aeiouwxy]$")
_RUN = re.compile(r"[aeiouy][^aeiouy]")


@lru_cache(maxsize=131072)
def stem(word: str) -> str:
    """Return what the forms of a word have in common: "plan" of "planning", "code" of "coding".

    Steps 1b and 5 of Porter, "An algorithm for suffix stripping", Program 14(3), 1980, until nothing changes; nouns of
    what is done have the stem of their verb, and "use" is not "us". All words of a stem begin with its
    `derivation.beginning`, but for a final "e" or "y".
    """
    word = verb_stem(word)
    while word.isalpha() and (shorter := _stripped(word)) != word:
        word = shorter
    return word


def _stripped(word: str) -> str:
    """Return a word without one ending."""
    if word.endswith("ied") and len(word) > 4:
        return word[:-3] + "y"
    for suffix in ("eed", "ed", "ing"):
        root = word.removesuffix(suffix)
        if root == word:
            continue
        if suffix == "eed":
            return f"{root}ee" if _RUN.search(root) else word
        return _completed(root) if len(root) > 1 and _VOWEL.search(root) else word
    runs = len(_RUN.findall(word[:-1]))
    if word.endswith("e") and word != "use" and (runs > 1 or (runs == 1 and not _SHORT.search(word[:-1]))):
        return word[:-1]
    return word[:-1] if word.endswith("ll") and len(_RUN.findall(word)) > 1 else word


def _completed(root: str) -> str:
    """Return what is left of "-ed" and "-ing" as a word: "code" for "cod", "plan" for "plann"."""
    if root.endswith(("at", "bl", "iz")) or root == "us" or (len(_RUN.findall(root)) == 1 and _SHORT.search(root)):
        return root + "e"
    is_double = len(root) > 2 and root[-1] == root[-2] and root[-1] not in "aeioulsz"
    return root[:-1] if is_double else root
