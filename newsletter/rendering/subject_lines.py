"""The subject of a digest and the preview text beside it, rendered once for all digests that have them in common.

A template reads little of a digest: the title of the best paper and the number of papers, or the titles after that one.
Digests of which it reads the same have the same line. A template that only prints titles (`printing`) is rendered with
slots for them, which are filled for each digest; the first line of these is compared with the one that is rendered.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

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


class _Title(NamedTuple):
    """The slot of a title in a line."""

    #: 0 for the best paper's.
    place: int
    #: The filters that are applied to it, with their arguments.
    calls: tuple[str, ...]


class _Parts(NamedTuple):
    """A line, split at the slots of titles."""

    #: One more than titles.
    pieces: tuple[str, ...]
    titles: tuple[_Title, ...]


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
    #: By what it reads, the oldest first; if it only prints titles, these are slots.
    _lines: dict[tuple[object, ...], _Parts] = field(default_factory=dict)
    _computes: bool = False

    def of(self, mail: SubjectContext) -> str:
        """Return the line of a digest."""
        has_slots = self._prints and not self._computes
        key = tuple([_shape(mail, name) if has_slots else getattr(mail, name) for name in self._reads])
        line = self._lines.get(key)
        return self._made(mail, has_slots=has_slots) if line is None else _filled(line, mail)

    def _made(self, mail: SubjectContext, *, has_slots: bool) -> str:
        """Render a line, and keep it."""
        parts = split_slots(self._render(_with_slots(mail) if has_slots else mail))
        line = _Parts(tuple(parts[::2]), tuple(map(_title_of, parts[1::2])))
        if has_slots and _filled(line, mail) != squeeze(self.look.render(self.name, mail=mail)):
            self._computes = True
            self._lines.clear()
            return self.of(mail)
        if len(self._lines) >= _MAX_LINES:
            del self._lines[next(iter(self._lines))]
        self._lines[tuple([_shape(mail, name) if has_slots else getattr(mail, name) for name in self._reads])] = line
        return _filled(line, mail)

    @cached_property
    def _prints(self) -> bool:
        return bool(printed_names(self.look.template(self.name)))

    def _render(self, mail: SubjectContext) -> str:
        context = _Read(mail)
        line = self.look.render(self.name, mail=context)
        if more := context.reads.difference(self._reads):
            self._reads = tuple(name for name in _FIELDS if name in more or name in self._reads)
            self._lines.clear()
        return line


def _shape(mail: SubjectContext, name: str) -> object:
    """Return what a line with slots depends on: of titles, which are empty."""
    if name == "top":
        return bool(mail.top)
    return tuple(map(bool, mail.next)) if name == "next" else getattr(mail, name)


def _with_slots(mail: SubjectContext) -> SubjectContext:
    titles = tuple([slot(str(place)) if title else "" for place, title in enumerate((mail.top, *mail.next))])
    return replace(mail, top=titles[0], next=titles[1:])


def _title_of(name: str) -> _Title:
    place, *calls = name.split("|")
    return _Title(int(place), tuple(calls))


def _filled(line: _Parts, mail: SubjectContext) -> str:
    if not line.titles:
        return squeeze(line.pieces[0])
    given, parts = (mail.top, *mail.next), [line.pieces[0]]
    for (place, calls), piece in zip(line.titles, line.pieces[1:], strict=True):
        parts += (_prepared(given[place], calls), piece)
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
