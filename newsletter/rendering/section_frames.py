"""The frames of an edition's sections: rendered and inlined once with slots, and filled for each section.

A frame is what is around the papers of a section: its heading, and the line below that says how many more there are.
"""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from newsletter.models import Section, Style
from newsletter.rendering.context import SectionContext
from newsletter.rendering.digest import Look
from newsletter.rendering.digest_context import more_url, section_texts
from newsletter.rendering.fragments import Fragment, Slot, encode_value, slot, split_html, split_text
from newsletter.rendering.wrapping import FILTERS

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper

#: The most texts of a look that are kept encoded: topics, numbers and days, about 1 KB each.
_MAX_TEXTS = 512
#: The most values that are kept encoded, of all looks.
_MAX_VALUES = 4096

#: The slot of a section's papers in its frame.
_PAPERS = "papers"
#: The slots whose texts differ between subscribers of the same digest; they are filled last.
SUBSCRIBER_SLOTS = frozenset(
    {"token", "subscriber_name", "subscriber_email", "why", "unsubscribe_url", "preferences_url", "web_url"}
)


#: What is before, between and after the papers.
AroundPapers = Sequence[bytes]
_Escape = Callable[[str], str]


class FilledFrames(NamedTuple):
    """What is around the papers of a section."""

    text: AroundPapers
    #: Of the titles at the top of the text.
    text_glance: AroundPapers
    #: Empty without HTML.
    html: AroundPapers = (b"",)
    glance: AroundPapers = (b"",)


@dataclass
class SectionFrames:
    """The frames of the sections of one look."""

    look: Look
    #: Inlines the styles of fragments.
    inline: Callable[[Sequence[str]], list[str]]
    #: By whether more papers matched than are shown: frames as formats (`bytes.__mod__`) of their values.
    _formats: dict[bool, list[AroundPapers]] = field(default_factory=dict)
    #: The slots of each text in all of these, how it is escaped there, and the name of the value in formats.
    _places: dict[str, dict[tuple[Slot, _Escape], bytes]] = field(default_factory=lambda: defaultdict(dict))

    def of(self, section: Section, number: int) -> FilledFrames:
        """Return the frames of a section; only the slots for texts of subscribers are left, as placeholders.

        Raises:
            TemplateError: A template is missing or broken.
        """
        texts = section_texts(section, number, self.look.site, self.look.language)
        has_more = bool(texts["more"])
        formats = self._formats.get(has_more) or self._make(has_more)
        values: dict[bytes, bytes] = {}
        for named in texts.items():
            values.update(self._values(*named))
        return FilledFrames(*[[piece % values for piece in frame] for frame in formats])

    @cached_property
    def _values(self) -> _lru_cache_wrapper[dict[bytes, bytes]]:
        """The values of a text's slots by its name and the text; topics of one subscriber do not drive out others."""
        return lru_cache(_MAX_TEXTS)(self._encode)

    def _encode(self, name: str, text: str) -> dict[bytes, bytes]:
        """Encode a text for each of its slots."""
        return {called: value(text, wanted.filters, escape) for (wanted, escape), called in self._places[name].items()}

    def _make(self, has_more: bool) -> list[AroundPapers]:
        """Make the frames of the text, and of the page if there is one."""
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
        self._values.cache_clear()  # which lack the slots of these
        made = [self._format(split_text(text), str) for text in texts]
        made += [self._format(split_html(page), escaped) for page in self.inline(pages)]
        self._formats[has_more] = made
        return made

    def _format(self, frame: Fragment, escape: _Escape) -> AroundPapers:
        """Return a frame as formats of its values, split where the papers are."""
        frame, around = shared(frame), [b""]
        for wanted, piece in zip((None, *frame.slots), frame.pieces, strict=True):
            if wanted is not None and wanted.name == _PAPERS:
                around.append(b"")
            elif wanted is not None:
                places = self._places[wanted.name]
                name = places.setdefault((wanted, escape), f"{wanted.name}{len(places)}".encode())
                around[-1] += b"%%(%b)b" % name
            around[-1] += piece.replace(b"%", b"%%")
        return around


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
