"""The values of the slots that differ between the subscribers of one digest, encoded for each message.

The reason why somebody gets the email is a paragraph, the same for all who have the same topics and cadence but for
their address in it. It is translated, wrapped and encoded once with a stand-in as long as the address, which is then
replaced: lines break at the same places.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from newsletter.models import Cadence, Subscriber
from newsletter.rendering.digest_context import subscriber_texts
from newsletter.rendering.fragments import ATTRIBUTE, Fragment, Slot, encode, encode_value
from newsletter.rendering.language import Language
from newsletter.rendering.wrapping import FILTERS

#: How many paragraphs are kept.
_MAX_KEPT = 256
#: The name of the paragraph's slot.
_WHY = "why"
#: Addresses that no filter, escape or encoding changes, and that are letters and digits at both ends.
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+.-]*@[A-Za-z0-9.-]*[A-Za-z0-9]")
#: What is not the same in HTML.
_NEEDS_ESCAPE = re.compile("[&<>\"']")
_NO_FILTERS = ((), (ATTRIBUTE,))
#: Repeated to the length of an address.
_STAND_IN = "qzjx"

_Escape = Callable[[str], str]
#: What a paragraph depends on: cadence, first day and topics, and the length of the address; and its slot.
_Facts = tuple[Cadence, date, tuple[str, ...], int]
_Known = tuple[_Facts, Slot, _Escape]


@dataclass
class SubscriberValues:
    """The values for messages in one language."""

    language: Language
    _paragraphs: dict[_Known, bytes] = field(default_factory=dict)
    #: The paragraph that was made last, and what it depends on: a message's text and HTML have it.
    _last: tuple[_Facts, str] | None = None

    def of(
        self, fragments: Sequence[tuple[Fragment, _Escape]], subscriber: Subscriber, links: Mapping[str, str]
    ) -> list[dict[Slot, bytes]]:
        """Return the encoded values of the slots of fragments: `links` by their names, and the subscriber's texts."""
        encoded = {name: encode(text) for name, text in links.items() if not _NEEDS_ESCAPE.search(text)}
        return [self._values(fragment, escape, subscriber, links, encoded) for fragment, escape in fragments]

    def _values(
        self,
        fragment: Fragment,
        escape: _Escape,
        subscriber: Subscriber,
        links: Mapping[str, str],
        encoded: Mapping[str, bytes],
    ) -> dict[Slot, bytes]:
        values: dict[Slot, bytes] = {}
        texts = links
        for wanted in fragment.places:
            name, filters = wanted
            if filters in _NO_FILTERS and name in encoded:
                values[wanted] = encoded[name]
            elif name == _WHY and (value := self._paragraph(wanted, subscriber, escape)):
                values[wanted] = value
            else:
                if name not in texts:
                    texts = {**subscriber_texts(subscriber, self.language), **links}
                values[wanted] = encode_value(texts[name], filters, FILTERS, escape)
        return values

    def _paragraph(self, wanted: Slot, subscriber: Subscriber, escape: _Escape) -> bytes:
        """Return the encoded paragraph, or b"" if it has to be encoded with the address in it."""
        profile, email = subscriber.profile, subscriber.email
        if not _PLAIN_ADDRESS.fullmatch(email):
            return b""
        topics = tuple([topic.name for topic in profile.topics])
        facts = profile.cadence, subscriber.subscribed_at.date(), topics, len(email)
        key = facts, wanted, escape
        stand_in = _stand_in(len(email))
        encoded = self._paragraphs.get(key)
        if encoded is None:
            if self._last is None or self._last[0] != facts:
                text = subscriber_texts(replace(subscriber, email=stand_in), self.language)[_WHY]
                self._last = facts, text
            encoded = encode_value(self._last[1], wanted.filters, FILTERS, escape)
            if encoded.count(stand_in.encode()) != 1:  # a soft line break is within it, or a topic has the same letters
                encoded = b""
            if len(self._paragraphs) >= _MAX_KEPT:
                self._paragraphs.clear()
            self._paragraphs[key] = encoded
        return encoded.replace(stand_in.encode(), email.encode())


def _stand_in(length: int) -> str:
    return (_STAND_IN * (length // len(_STAND_IN) + 1))[:length]
