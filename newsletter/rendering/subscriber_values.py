"""The values of the slots that differ between the subscribers of one digest, encoded for each message.

The reason why somebody gets the email is a paragraph, the same for all who have the same topics and cadence but for
their address in it. It is translated, wrapped and encoded once with a stand-in as long as the address, which is then
replaced: lines break at the same places.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from newsletter.models import Subscriber
from newsletter.rendering.digest_context import subscriber_texts, why
from newsletter.rendering.fragments import ATTRIBUTE, Slot, Unfilled, encode, encode_value
from newsletter.rendering.language import Language
from newsletter.rendering.wrapping import FILTERS

#: How many paragraphs are kept.
_MAX_KEPT = 256
#: The name of the paragraph's slot.
_WHY = "why"
#: Addresses that no filter, escape or encoding changes, and that are letters and digits at both ends.
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+.-]*@[A-Za-z0-9.-]*[A-Za-z0-9]")
#: Links and tokens that are the same in HTML.
_INERT = re.compile(r"[A-Za-z0-9_@/:?%+~.-]+")
_NO_FILTERS = ((), (ATTRIBUTE,))
#: Repeated to the length of an address.
_STAND_IN = b"qzjx"

_Escape = Callable[[str], str]


class _Varying(NamedTuple):
    """What a paragraph depends on, besides the language and the slot."""

    cadence: str
    first_day: date
    topics: tuple[str, ...]
    address_length: int


@dataclass
class SubscriberValues:
    """The values for messages in one language."""

    language: Language
    _paragraphs: dict[tuple[_Varying, Slot, _Escape], bytes] = field(default_factory=dict)
    #: The paragraph that was made last, and what it depends on: a message's text and HTML have it.
    _last: tuple[_Varying, str] | None = None

    def of(
        self, fragments: Sequence[tuple[Unfilled, _Escape]], subscriber: Subscriber, links: Mapping[str, str]
    ) -> list[dict[bytes, bytes]]:
        """Return the encoded values for fragments: `links` by their names, and the subscriber's texts."""
        encoded = {name: encode(text) for name, text in links.items() if _INERT.fullmatch(text)}
        varying = _varying_of(subscriber)
        return [self._values(fragment, escape, subscriber, varying, links, encoded) for fragment, escape in fragments]

    def _values(
        self,
        fragment: Unfilled,
        escape: _Escape,
        subscriber: Subscriber,
        varying: _Varying | None,
        links: Mapping[str, str],
        encoded: Mapping[str, bytes],
    ) -> dict[bytes, bytes]:
        values: dict[bytes, bytes] = {}
        texts = links
        for called, wanted in fragment.slots.items():
            name, filters = wanted
            if name in encoded and filters in _NO_FILTERS:
                value = encoded[name]
            elif name != _WHY or varying is None or not (value := self._paragraph(wanted, subscriber, varying, escape)):
                if name not in texts:
                    texts = {**subscriber_texts(subscriber, self.language), **links}
                value = encode_value(texts[name], filters, FILTERS, escape)
            values[called] = value
        return values

    def _paragraph(self, wanted: Slot, subscriber: Subscriber, varying: _Varying, escape: _Escape) -> bytes:
        """Return the encoded paragraph, or b"" if it has to be encoded with the address in it."""
        key = varying, wanted, escape
        encoded, stand_in = self._paragraphs.get(key), _stand_in(varying.address_length)
        if encoded is None:
            if self._last is None or self._last[0] != varying:
                self._last = varying, why(subscriber, self.language, stand_in.decode())
            encoded = encode_value(self._last[1], wanted.filters, FILTERS, escape)
            if encoded.count(stand_in) != 1:  # a soft line break is within it, or a topic has the same letters
                encoded = b""
            if len(self._paragraphs) >= _MAX_KEPT:
                self._paragraphs.clear()
            self._paragraphs[key] = encoded
        return encoded.replace(stand_in, subscriber.email.encode())


def _varying_of(subscriber: Subscriber) -> _Varying | None:
    """Return what the paragraph depends on, or None if the address changes when it is encoded."""
    profile, email = subscriber.profile, subscriber.email
    if not _PLAIN_ADDRESS.fullmatch(email):
        return None
    topics = tuple([topic.name for topic in profile.topics]) if profile.topics else ()
    return _Varying(profile.cadence.value, subscriber.subscribed_at.date(), topics, len(email))


@lru_cache(maxsize=256)
def _stand_in(length: int) -> bytes:
    return (_STAND_IN * (length // len(_STAND_IN) + 1))[:length]
