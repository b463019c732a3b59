"""What a term asks for: the spellings of its words, and how near each other they have to be.

The index of an edition, the store's full-text index and the highlighting all ask here, so that they agree. Whether a
paper matches depends on this paper alone: an index tells only which words exist at all, to leave out the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from newsletter.text.tokenizer import HYPHENS, capitals, is_acronym, joined, split, stem, words
from newsletter.topics.query import CODES, All, Any, Boost, Node, Not, Term

#: Minimum length of a word that is also searched as two ("incontext" as "in context").
_MIN_COMPOUND = 6
#: Longer words are not searched as two.
_MAX_COMPOUND = 30
_MAX_JOINED = 3
#: Minimum length of the parts of an inflected compound.
_SHORTEST_PART = 3
#: Where letters follow digits, or digits letters.
_BEFORE_OR_AFTER_DIGITS = re.compile(r"(?<=[0-9])(?=[^\W\d_])|(?<=[^\W\d_])(?=[0-9])")
#: How many words of a phrase are joined or split at once: of one of so many words, at most so many.
_MOST_CHANGES = ((8, 3), (16, 2))
#: Words that no compound begins or ends with: "forget" is not "for get", and "to-code" is a part of "text-to-code".
_CONNECTORS = frozenset(("a", "an", "and", "as", "at", "be", "by", "for", "is", "it", "no", "not", "of", "or", "so",
                         "the", "to", "up", "us", "vs", "we", "with"))  # fmt: skip
#: Words that need not be near the others, as "of" in "theory of mind".
_UNSPOKEN = _CONNECTORS | {"are", "from", "in", "into", "on", "over", "that", "via"}
#: Words between two others that say which of these comes of the other.
_DIRECTIONS = frozenset(("from", "into", "to"))
#: For each word asked for, the words of the text among which all have to be.
_WINDOW = 3


class Vocabulary:
    """The words that exist in some texts, and the pairs of them that a word may be written as."""

    def __init__(self, is_word: Callable[[str], bool]) -> None:
        self.is_word = is_word
        #: Found once, since topics have words in common.
        self._halves: dict[tuple[str, int], list[tuple[str, str]]] = {}

    def halves(self, word: str, shortest: int = 2) -> list[tuple[str, str]]:
        """Return the pairs of words that a word may be written as; a half in the plural is not one.

        The first half has `shortest` characters or more: 1 for "k NN", which only stands for "kNN" beside other words.
        Letters and digits always part: "4bit" is "4 bit", and beside other words "3D" is "3 D". There, short words
        part, too, if neither half is one that stands everywhere: "adhoc" is "ad hoc".
        """
        known = self._halves.get((word, shortest))
        if known is None:
            known = self._halves[word, shortest] = list(self._split(word, shortest))
        return known

    def _split(self, word: str, shortest: int) -> Iterator[tuple[str, str]]:
        cuts: Iterable[int] = ()
        if not word.isalpha():
            cuts = map(re.Match.start, _BEFORE_OR_AFTER_DIGITS.finditer(word))
        elif _MIN_COMPOUND <= len(word) <= _MAX_COMPOUND:
            cuts = range(shortest, len(word) - 1)
        elif shortest == 1 and 3 <= len(word) < _MIN_COMPOUND:
            cuts = range(1, len(word) - 1)
        for cut in cuts:
            first, second = pair = word[:cut], word[cut:]
            if any(len(half) < shortest and not half.isdecimal() for half in pair):
                continue
            if (
                self.is_word(first)
                and self.is_word(second)
                and words(first) == [first]
                and (_CONNECTORS if len(word) >= _MIN_COMPOUND or cut == 1 else _UNSPOKEN).isdisjoint(pair)
            ):
                yield pair


@dataclass(frozen=True, slots=True)
class Phrase:
    """One or more words that stand side by side."""

    #: As `words` returns them.
    parts: tuple[str, ...]
    #: As `surfaces` returns them.
    surfaces: tuple[str, ...]
    #: Whether it has to be hyphenated, or written as one word: it begins or ends with a word like "to".
    is_hyphenated: bool = False
    #: The mark of a word that matches in capitals only, or "".
    mark: str = ""

    #: The mark of a hyphenated word that this is another spelling of; "" if words stand side by side.
    whole: str = ""
    #: Whether it is a single word beside others.
    is_beside: bool = False

    def spellings(self, vocabulary: Vocabulary) -> Sequence[tuple[str, ...]]:
        """Return the spellings of which all words exist: some are joined, or one is split where it may be.

        How many words of a phrase are joined or split has a limit that depends on the phrase alone: whether a paper
        matches must not depend on the words of others.
        """
        if len(self.parts) == 1:
            found = [self.parts] if vocabulary.is_word(self.parts[0]) else []
            return [*found, *vocabulary.halves(self.parts[0], self._shortest)]
        changes = next((most for length, most in _MOST_CHANGES if len(self.parts) <= length), 1)
        # From the last word to the first: for each, the spellings of it and of what follows, with their changes.
        rests: list[dict[tuple[str, ...], int]] = [{(): 0}]
        for start in reversed(range(len(self.parts))):
            rests.insert(0, self._from(start, rests, vocabulary, changes))
        return list(rests[0])

    def _from(
        self, start: int, rests: Sequence[dict[tuple[str, ...], int]], vocabulary: Vocabulary, most: int
    ) -> dict[tuple[str, ...], int]:
        """Return the spellings of the words from `start` on, with as few changes as each may have."""
        word = self.parts[start]
        ways: list[tuple[tuple[str, ...], int]] = [((word,), 1)] if vocabulary.is_word(word) else []
        ways += [(halves, 1) for halves in vocabulary.halves(word, self._shortest)]
        ways += self._with_two(start, vocabulary)
        for taken in range(2, min(_MAX_JOINED, len(self.parts) - start) + 1):
            if rests[taken - 1]:
                whole = joined_parts(self.surfaces[start : start + taken])
                if all(map(vocabulary.is_word, whole)):
                    ways.append((whole, taken))
        found: dict[tuple[str, ...], int] = {}
        for begun, taken in ways:
            for rest, changes in rests[taken - 1].items():
                total = changes + (len(begun) != taken)
                if total <= most:
                    found[*begun, *rest] = min(total, found.get((*begun, *rest), total))
        return found

    def _with_two(self, start: int, vocabulary: Vocabulary) -> Iterator[tuple[tuple[str, ...], int]]:
        """Yield "2sql" for "to SQL" behind another word, and the other way round, each with the words it takes."""
        word, following = self.parts[start], self.parts[start + 1 : start + 2]
        if start and word == "to" and following and vocabulary.is_word(f"2{following[0]}"):
            yield (f"2{following[0]}",), 2
        if start and word.startswith("2") and word[1:].isalpha() and all(map(vocabulary.is_word, ("to", word[1:]))):
            yield ("to", word[1:]), 1

    @property
    def _shortest(self) -> int:
        return 1 if self.is_beside or len(self.parts) > 1 else 2


@dataclass(frozen=True, slots=True)
class Form:
    """A compound in any inflection: some words, and then any word of a stem: "fine" and "tune" for "fine-tuned"."""

    heads: tuple[str, ...]
    stem: str


@dataclass(frozen=True, slots=True)
class Near:
    """Words as typed, without quotes: the phrase, or all of them near each other, or all in the title."""

    phrase: Phrase
    #: The words that have to be near each other; () if only the phrase counts.
    each: tuple[Phrase, ...]
    #: The stem of each, or "" if it is a compound.
    stems: tuple[str, ...]
    #: The marks of words in capitals, of each of which the field has to hold one: "=KV", or "kvcache" beside "cache".
    marks: tuple[tuple[str, ...], ...]
    #: For each of the words, what else counts as it beside the others: it is a part of a compound, or is one.
    compounds: tuple[tuple[Form, ...], ...]
    #: Phrases that hold the words and mean the opposite, as "speech to text" for "text to speech".
    reverses: tuple[Phrase, ...]

    @property
    def window(self) -> int:
        """Return the number of words of a text among which all of them have to begin."""
        return _WINDOW * len(self.each)

    @property
    def wide_window(self) -> int:
        """Return the same for the abstract of a paper whose title holds one of the words."""
        return 2 * self.window


@lru_cache(maxsize=65536)
def joined_parts(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return words as they are found when written in one: one word, or two if digits part it ("DeepSeekR", "1")."""
    whole = joined(parts)
    return (whole,) if whole.isalpha() else tuple(words(whole))


@lru_cache(maxsize=65536)
def phrase_of(text: str) -> Phrase:
    """Return the words of a text as a phrase."""
    parts, written = split(text)
    hyphenated = len(parts) > 1 and " " not in text and any(hyphen in text for hyphen in HYPHENS)
    return Phrase(
        tuple(parts),
        tuple(written),
        hyphenated and (parts[0] in _CONNECTORS or parts[-1] in _CONNECTORS),
        capitals(text) if is_acronym(text) else "",
        f"+{joined(written)}" if len(parts) == 1 or hyphenated else "",
    )


@lru_cache(maxsize=65536)
def near_of(text: str) -> Near:
    """Return what words side by side, without quotes, ask for."""
    typed = [one for one in map(phrase_of, text.split()) if one.parts]
    typed = [replace(one, is_beside=True) if len(typed) > 1 else one for one in typed]
    spoken = [one for one in typed if len(one.parts) > 1 or one.mark or one.parts[0] not in _UNSPOKEN]
    each = {(stem(one.parts[0]) if len(one.parts) == 1 else " ".join(one.parts)): one for one in spoken}
    is_shouted = all(one.mark for one in typed)
    joins = list(_joins(typed))
    return Near(
        phrase_of(" ".join(text.split())),
        tuple(each.values()) if len(each) > 1 else (),
        tuple(name if len(one.parts) == 1 else "" for name, one in each.items()) if len(each) > 1 else (),
        () if is_shouted else tuple((one.mark, *_joined_marks(one, joins)) for one in typed if one.mark),
        tuple(tuple(dict.fromkeys(_forms_of(one, joins))) for one in each.values()) if len(each) > 1 else (),
        tuple(_reverses(text.split())),
    )


def _joins(typed: Sequence[Phrase]) -> Iterator[tuple[tuple[Phrase, ...], Form]]:
    """Yield words side by side that may be written as one, each with its form: "KVCache", "text2SQL"."""
    single = [one if len(one.parts) == 1 else None for one in typed]
    for before, after in pairwise(single):
        if before and after and _UNSPOKEN.isdisjoint((*before.parts, *after.parts)):
            whole = joined((*before.surfaces, *after.surfaces))
            if whole.isalpha() and len(whole) >= _MIN_COMPOUND:
                yield (before, after), Form((), stem(whole))
    for before, word, after in zip(single, single[1:], single[2:], strict=False):
        if before and word and after and word.parts == ("to",):
            yield (before, after), Form(before.parts, f"2{after.parts[0]}")


def _forms_of(one: Phrase, joins: Iterable[tuple[tuple[Phrase, ...], Form]]) -> Iterator[Form]:
    """Yield the compounds that count as a word, or as a part of one."""
    yield from (form for parts, form in joins if one in parts)
    if len(one.parts) > 1:
        if one.is_hyphenated or not "".join(one.parts).isalpha():
            return
        yield Form(one.parts[:-1], stem(one.parts[-1]))
        yield Form((), stem(joined(one.surfaces)))
    elif one.parts[0].isalpha() and not one.mark and _MIN_COMPOUND <= len(one.parts[0]) <= _MAX_COMPOUND:
        for cut in range(_SHORTEST_PART, len(one.parts[0]) - _SHORTEST_PART + 1):
            head, last = one.parts[0][:cut], one.parts[0][cut:]
            if _UNSPOKEN.isdisjoint((head, last)):
                yield Form((head,), stem(last))


def _joined_marks(one: Phrase, joins: Iterable[tuple[tuple[Phrase, ...], Form]]) -> Iterator[str]:
    """Yield the words that a word in capitals is a part of, in place of its mark."""
    for parts, form in joins:
        if one in parts:
            yield form.stem if form.heads else joined([surface for part in parts for surface in part.surfaces])


def _reverses(typed: Sequence[str]) -> Iterator[Phrase]:
    """Yield the phrases that go the other way between two of some words."""
    for before, word, after in zip(typed, typed[1:], typed[2:], strict=False):
        if word.casefold() in _DIRECTIONS:
            yield phrase_of(f"{after} {word} {before}")


def literal(node: Node) -> Node:
    """Return what is excluded by "-" before a node: a plural means itself, so "-title:speeches" keeps "speech"."""
    match node:
        case Term():
            phrase = phrase_of(node.text)
            is_whole = node.is_prefix or node.is_near or bool(phrase.mark) or node.field in CODES
            return node if is_whole or phrase.parts == phrase.surfaces else node._replace(is_literal=True)
        case All() | Any():
            return replace(node, parts=tuple(map(literal, node.parts)))
        case Boost():
            return replace(node, part=literal(node.part))
        case Not():
            return node
