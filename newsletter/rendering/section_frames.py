"""The frames of an edition's sections: rendered and inlined once with slots, and filled for each section.

A frame is what is around the papers of a section: its heading, and the line below that says how many more there are.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from markupsafe import Markup

from newsletter.models import Section, SectionKind, Style
from newsletter.rendering.context import SectionContext
from newsletter.rendering.digest import Look
from newsletter.rendering.digest_context import more_url, section_context
from newsletter.rendering.fragments import Fragment, Slot, encode_value, slot, split_html, split_text
from newsletter.rendering.wrapping import FILTERS

#: The most filled frames of a look that are kept: each takes about 2 KB.
_MAX_FILLED = 512
#: The most values that are kept encoded, of all looks: topics, numbers and days, which digests have in common.
_MAX_VALUES = 4096

#: The slot of a section's papers in its frame.
_PAPERS = "papers"
#: The slots whose texts differ between subscribers of the same digest; they are filled last.
SUBSCRIBER_SLOTS = frozenset(
    {"token", "subscriber_name", "subscriber_email", "why", "unsubscribe_url", "preferences_url", "web_url"}
)


#: Pieces to be joined, before, between and after the papers.
AroundPapers = Sequence[Sequence[bytes]]


class FilledFrames(NamedTuple):
    """What is around the papers of a section."""

    text: AroundPapers
    #: Of the titles at the top of the text.
    text_glance: AroundPapers
    #: Empty without HTML.
    html: AroundPapers = ((),)
    glance: AroundPapers = ((),)


class _Frame(NamedTuple):
    """A frame with slots; that of the papers is called "papers"."""

    fragment: Fragment
    #: Where what is around the papers is among the pieces and values.
    around: Sequence[slice]

    @classmethod
    def of(cls, fragment: Fragment) -> _Frame:
        """Return the frame of this text."""
        papers = [2 * place + 1 for place, wanted in enumerate(fragment.slots) if wanted.name == _PAPERS]
        ends = [*papers, 2 * len(fragment.slots) + 1]
        return cls(
            fragment, [slice(start, end) for start, end in zip([0, *(n + 1 for n in papers)], ends, strict=True)]
        )


@dataclass(frozen=True, slots=True)
class _Frames:
    """Frames in which texts are escaped alike."""

    frames: Sequence[_Frame]
    escape: Callable[[str], str]
    #: All slots of them, each once.
    slots: Iterable[Slot]

    @classmethod
    def of(cls, fragments: Iterable[Fragment], escape: Callable[[str], str]) -> _Frames:
        """Return the frames of these texts."""
        frames = [_Frame.of(shared(fragment)) for fragment in fragments]
        return cls(frames, escape, dict.fromkeys(wanted for frame in frames for wanted in frame.fragment.slots))

    def filled(self, own: Mapping[str, str]) -> Iterator[AroundPapers]:
        """Yield each frame with its slots filled."""
        values = {wanted: value(own[wanted.name], wanted.filters, self.escape) for wanted in self.slots}
        for fragment, around in self.frames:
            pieces = fragment.filled(values)
            yield [pieces[part] for part in around]


@dataclass
class SectionFrames:
    """The frames of the sections of one look."""

    look: Look
    #: Inlines the styles of fragments.
    inline: Callable[[Sequence[str]], list[str]]
    #: By whether more papers matched than are shown.
    _frames: dict[bool, tuple[_Frames, _Frames]] = field(default_factory=dict)
    #: By number, topic, kind, and how many papers are shown and matched; the oldest first.
    _filled: dict[tuple[int, str, SectionKind, int, int], FilledFrames] = field(default_factory=dict)

    def of(self, section: Section, number: int) -> FilledFrames:
        """Return the frames of a section; only the slots for texts of subscribers are left, as placeholders.

        Raises:
            TemplateError: A template is missing or broken.
        """
        key = number, section.topic, section.kind, len(section.items), section.matched
        filled = self._filled.get(key)
        if filled is None:
            if len(self._filled) >= _MAX_FILLED:
                del self._filled[next(iter(self._filled))]
            filled = self._filled[key] = self._fill(
                section_context(section, number, self.look.site, self.look.language)
            )
        return filled

    def _fill(self, context: SectionContext) -> FilledFrames:
        own = {
            "number": context.number, "title": context.title, "shown": context.shown, "more": context.more,
            _PAPERS: "",
        }  # fmt: skip
        texts, pages = self._frame(bool(context.more))
        return FilledFrames(*texts.filled(own), *pages.filled(own))

    def _frame(self, has_more: bool) -> tuple[_Frames, _Frames]:
        """Return the frames of the text, and of the page if there is one."""
        if has_more not in self._frames:
            context = SectionContext(
                number=slot("number"), title=slot("title"), shown=slot("shown"),
                more=slot("more") if has_more else "",
                web_url=more_url(slot("web_url"), slot("number"), slot("shown")) if self.look.site.url else "",
            )  # fmt: skip
            papers = slot(_PAPERS)
            texts = [
                self.look.render("section.txt", section=context, cards=papers),
                self.look.render("glance.txt", section=context, lines=papers),
            ]
            pages = []
            if self.look.style is not Style.PLAIN:
                markup = Markup(papers)  # noqa: S704 - letters and digits
                pages = [
                    self.look.render("section.html", section=context, cards=markup),
                    self.look.render("glance.html", section=context, lines=markup),
                ]
            self._frames[has_more] = (
                _Frames.of(map(split_text, texts), str),
                _Frames.of(map(split_html, self.inline(pages)), escaped),
            )
        return self._frames[has_more]


def shared(frame: Fragment) -> Fragment:
    """Return a frame with placeholders for the texts of subscribers, which are filled last."""
    return frame.with_placeholders(SUBSCRIBER_SLOTS)


@lru_cache(_MAX_VALUES)
def value(text: str, calls: tuple[str, ...], escape: Callable[[str], str]) -> bytes:
    """Filter, escape and encode a text, which several digests may have."""
    return encode_value(text, calls, FILTERS, escape)


def escaped(text: str) -> str:
    """Escape a text as lxml serializes it, which leaves quotes as they are."""
    return html.escape(text, quote=False)
