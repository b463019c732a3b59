"""The values of the slots that differ between the subscribers of one digest, encoded for each message.

The reason why somebody gets the email is a paragraph, the same for all who have the same topics and cadence but for
their address in it. It is translated, wrapped and encoded once with a stand-in as long as the address, which is then
replaced: lines break at the same places.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from newsletter.models import Cadence, Subscriber
from newsletter.rendering.digest_context import subscriber_texts
from newsletter.rendering.fragments import ATTRIBUTE, Fragment, Slot, encode_value
from newsletter.rendering.language import Language
from newsletter.rendering.wrapping import FILTERS

#: How many paragraphs are kept.
_MAX_KEPT = 1024
#: The name of the paragraph's slot.
_WHY = "why"
#: Addresses that no filter, escape or encoding changes, and that are letters and digits at both ends.
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+.-]*@[A-Za-z0-9.-]*[A-Za-z0-9]")
#: Links and tokens that no escape or encoding changes, and that fit on a line with their soft line break.
_PLAIN_LINK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_@/:?%+~.-]{0,74}")
_NO_FILTERS = ((), (ATTRIBUTE,))
#: Repeated to the length of an address.
_STAND_IN = "qzjx"

_Escape = Callable[[str], str]
#: What a paragraph depends on: its reader's cadence, first day and topics, the length of their address, and the slot.
_Known = tuple[Cadence, date, tuple[str, ...], int, Slot, _Escape]


@dataclass
class SubscriberValues:
    """The values for messages in one language."""

    language: Language
    _paragraphs: dict[_Known, bytes] = field(default_factory=dict)

    def of(
        self, fragment: Fragment, subscriber: Subscriber, links: Mapping[str, str], escape: _Escape
    ) -> dict[Slot, bytes]:
        """Return the encoded values of a fragment's slots: `links` by their names, and the subscriber's texts."""
        values: dict[Slot, bytes] = {}
        texts = links
        for wanted in fragment.places:
            name, filters = wanted
            if name == _WHY and (value := self._paragraph(wanted, subscriber, escape)):
                values[wanted] = value
                continue
            if name not in texts:
                texts = {**subscriber_texts(subscriber, self.language), **links}
            text = texts[name]
            if filters in _NO_FILTERS and _PLAIN_LINK.fullmatch(text):
                values[wanted] = text.encode() + b"=\r\n"
            else:
                values[wanted] = encode_value(text, filters, FILTERS, escape)
        return values

    def _paragraph(self, wanted: Slot, subscriber: Subscriber, escape: _Escape) -> bytes:
        """Return the encoded paragraph, or b"" if it has to be encoded with the address in it."""
        profile, email = subscriber.profile, subscriber.email
        if not _PLAIN_ADDRESS.fullmatch(email):
            return b""
        topics = tuple([topic.name for topic in profile.topics])
        key = profile.cadence, subscriber.subscribed_at.date(), topics, len(email), wanted, escape
        stand_in = _stand_in(len(email))
        encoded = self._paragraphs.get(key)
        if encoded is None:
            text = subscriber_texts(replace(subscriber, email=stand_in), self.language)[_WHY]
            encoded = encode_value(text, wanted.filters, FILTERS, escape)
            if encoded.count(stand_in.encode()) != 1:  # a soft line break is within it, or a topic has the same letters
                encoded = b""
            if len(self._paragraphs) >= _MAX_KEPT:
                self._paragraphs.clear()
            self._paragraphs[key] = encoded
        return encoded.replace(stand_in.encode(), email.encode())


def _stand_in(length: int) -> str:
    return (_STAND_IN * (length // len(_STAND_IN) + 1))[:length]
