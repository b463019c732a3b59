"""The subject of a digest and the preview text beside it, rendered once for all digests that have them in common.

A template reads little of a digest: the title of the best paper and the number of papers, or the titles after that one.
Digests of which it reads the same have the same line. A template that only prints titles (`printing`) is rendered with
slots for them, which are filled for each digest; the first line of these is compared with the one that is rendered.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache
from typing import Any

from newsletter.models import Digest
from newsletter.rendering.context import SubjectContext
from newsletter.rendering.digest import Look
from newsletter.rendering.digest_context import subject_context
from newsletter.rendering.fragments import slot, split_slots
from newsletter.rendering.printing import printed_names
from newsletter.rendering.wrapping import FILTERS
from newsletter.text import squeeze

#: The most lines of a template that are kept: 100 to 200 bytes each.
_MAX_LINES = 1024
#: The most titles that are kept as lines have them, of all looks.
_MAX_TITLES = 4096

_FIELDS = tuple(one.name for one in fields(SubjectContext))


class _Read:
    """A `SubjectContext` that notes what is read of it."""

    def __init__(self, mail: SubjectContext) -> None:
        self._mail = mail
        self.reads = set[str]()

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._mail, name)
        self.reads.add(name)
        return value

    def __repr__(self) -> str:
        self.reads.update(_FIELDS)
        return repr(self._mail)


@dataclass
class _Line:
    """What one template makes of digests."""

    look: Look
    name: str
    #: What it reads, as far as it is known.
    _reads: tuple[str, ...] = ()
    #: By what it reads, the oldest first; with slots for titles if it only prints them.
    _lines: dict[tuple[object, ...], list[str]] = field(default_factory=dict)
    _computes: bool = False

    def of(self, mail: SubjectContext) -> str:
        """Return the line of a digest."""
        given = mail if self._computes or not self._prints else _with_slots(mail)
        line = self._lines.get(self._key(given))
        if line is None:
            line = split_slots(self._render(given))
            if given is not mail and _filled(line, mail) != squeeze(self.look.render(self.name, mail=mail)):
                self._computes = True
                self._lines.clear()
                return self.of(mail)
            self._keep(self._key(given), line)
        return _filled(line, mail)

    @cached_property
    def _prints(self) -> bool:
        return bool(printed_names(self.look.template(self.name)))

    def _key(self, mail: SubjectContext) -> tuple[object, ...]:
        return tuple([getattr(mail, name) for name in self._reads])

    def _render(self, mail: SubjectContext) -> str:
        context = _Read(mail)
        line = self.look.render(self.name, mail=context)
        if more := context.reads.difference(self._reads):
            self._reads = tuple(name for name in _FIELDS if name in more or name in self._reads)
            self._lines.clear()
        return line

    def _keep(self, key: tuple[object, ...], line: list[str]) -> None:
        if len(self._lines) >= _MAX_LINES:
            del self._lines[next(iter(self._lines))]
        self._lines[key] = line


def _with_slots(mail: SubjectContext) -> SubjectContext:
    titles = tuple([slot(f"next {number}") if title else "" for number, title in enumerate(mail.next)])
    return replace(mail, top=slot("top") if mail.top else "", next=titles)


def _filled(line: list[str], mail: SubjectContext) -> str:
    if len(line) == 1:
        return squeeze(line[0])
    parts = line.copy()
    for place in range(1, len(parts), 2):
        name, *calls = parts[place].split("|")
        title = mail.top if name == "top" else mail.next[int(name.removeprefix("next "))]
        parts[place] = _prepared(title, tuple(calls))
    return squeeze("".join(parts))


@lru_cache(_MAX_TITLES)
def _prepared(title: str, calls: tuple[str, ...]) -> str:
    for call in calls:
        name, *arguments = call.split(" ")
        title = FILTERS[name](title, *arguments)
    return title


@dataclass
class SubjectLines:
    """The lines of one look."""

    look: Look

    @cached_property
    def _subject(self) -> _Line:
        return _Line(self.look, "subject.txt")

    @cached_property
    def _preheader(self) -> _Line:
        return _Line(self.look, "preheader.txt")

    def of(self, digest: Digest) -> tuple[str, str]:
        """Return the subject of a digest and its preview text, each as one line.

        Raises:
            TemplateError: A template is missing or broken.
        """
        mail = subject_context(digest, self.look.language)
        return self._subject.of(mail), self._preheader.of(mail)
