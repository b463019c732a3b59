"""Names of authors and organizations that a misspelt one, or one in another order, resembles."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, product

from newsletter.errors import all_near
from newsletter.text.tokenizer import words

#: A part of a name is compared with so many that begin with the same letter, the most frequent ones.
_COMPARED = 2000
_SIMILAR = 0.75
#: How many parts may stand for one, and how many names are tried.
_LIKELY, _TRIED = 4, 64


class KnownNames:
    """The names that papers have, and their parts."""

    def __init__(self, names: Iterable[str]) -> None:
        #: The parts of names in lower case → as most names write them.
        self._written: dict[str, str] = {}
        self._begun: dict[str, list[str]] = defaultdict(list)
        self._in_order: dict[tuple[str, ...], str] = {}
        counts = Counter(names)
        parts = Counter[tuple[str, str]]()
        for name, papers in counts.most_common():
            self._in_order.setdefault(tuple(sorted(words(name))), name)
            for part in name.replace(",", " ").split():
                for found in words(part)[:1]:
                    parts[found, part] += papers
        for (found, part), _ in parts.most_common():
            if found not in self._written:
                self._written[found] = part
                self._begun[found[0]].append(found)

    def meant(self, name: str, is_found: Callable[[str], bool]) -> str | None:
        """Return the name that was probably meant, of those for which papers are found; None if there is none."""
        typed = words(name)
        if (other := self._in_order.get(tuple(sorted(typed)))) and is_found(other):
            return other
        for likely in islice(product(*map(self._like, typed)), _TRIED):
            if list(likely) != typed and is_found(meant := " ".join(self._written.get(part, part) for part in likely)):
                return meant
        return None

    def _like(self, part: str) -> list[str]:
        """Return what a part of a name may be: itself, and others that resemble it, the likeliest first."""
        near = list(dict.fromkeys(self._near(part)))
        return [part, *near] if part in self._written or not near else near

    def _near(self, part: str) -> Iterator[str]:
        known = self._begun.get(part[:1], [])[:_COMPARED]
        characters = sorted(part)
        yield from islice((one for one in known if len(one) == len(part) and sorted(one) == characters), _LIKELY)
        yield from all_near(part, known, _LIKELY, _SIMILAR)
