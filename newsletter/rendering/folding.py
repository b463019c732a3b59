"""Header fields as bytes: folding and encoding (RFC 5322, 2.2.3; RFC 2047) where the standard library gets it wrong."""

from __future__ import annotations

from email import base64mime, quoprimime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from functools import lru_cache
from typing import Any

from newsletter.models.addresses import wire_address
from newsletter.text import squeeze

LINE = 78  # RFC 5322, 2.1.1
#: The length of a line with encoded words (RFC 2047, 2), and what is around the text of one.
_ENCODED_LINE, _WORD_FRAME = 76, len("=?utf-8?q??=")
#: How many octets quoted-printable takes for each character of ASCII in an encoded word.
_SIZES = {chr(octet): quoprimime.header_length(bytes([octet])) for octet in range(128)}


class _MailPolicy(EmailPolicy):
    """EmailPolicy with its own folding of headers that hold long tokens or text from outside.

    The standard folding turns a token longer than a line into an encoded word (cpython#85725), which hides the
    unsubscribe link from mail clients. It also loses and adds spaces where it breaks long text, and splits quoted
    names.
    """

    _VERBATIM = frozenset({"list-unsubscribe", "list-unsubscribe-post", "list-id", "message-id"})
    _MAILBOXES = frozenset({"from", "to", "reply-to"})

    def fold(self, name: str, value: str) -> str:
        """Fold a header field into lines."""
        return self._lines(name, value) or str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        """Fold a header field into lines, as bytes: ASCII, except for an internationalized address (SMTPUTF8)."""
        return self._lines(name, value).encode() or bytes(super().fold_binary(name, value))

    def _lines(self, name: str, value: Any) -> str:
        """Fold one of the header fields listed above; return "" for the others."""
        field = name.lower()
        if field in self._VERBATIM:
            return f"{name}: " + f",{self.linesep} ".join(str(value).split(", ")) + self.linesep
        if field == "subject":
            return self.subject(str(value), name)
        if field in self._MAILBOXES:
            (mailbox,) = value.addresses
            line = f"{name}: {mailbox}"
            if not (mailbox.display_name.isascii() and len(line) <= LINE):
                encoded = self._unstructured(mailbox.display_name, name, plain=False)
                line = f"{name}: {encoded}{self.linesep} <{mailbox.addr_spec}>"
            return line + self.linesep
        return ""

    def subject(self, text: str, name: str) -> str:
        """Fold a subject."""
        return f"{name}: {self._unstructured(text, name)}{self.linesep}"

    def _unstructured(self, text: str, name: str, *, plain: bool = True) -> str:
        """Return `text` unchanged if it is ASCII and fits on a line, else as encoded words (RFC 2047)."""
        if plain and text.isascii() and len(f"{name}: {text}") <= LINE:
            return text
        return f"{self.linesep} ".join(_encoded_words(text, _ENCODED_LINE - len(f"{name}: ")))


def _encoded_words(text: str, room: int) -> list[str]:
    """Encode a text as words that are one each on lines (RFC 2047, 2), the first of which has less room.

    They are those of `email.header.Header`, which encodes each line anew for each of its characters.
    """
    octets = text.encode()
    has_base64 = base64mime.header_length(octets) < quoprimime.header_length(octets)
    encode = base64mime.header_encode if has_base64 else quoprimime.header_encode
    words, first, taken, room = list[str](), 0, 0, room - _WORD_FRAME
    for at, character in enumerate(text):
        if has_base64:
            size = len(character.encode())
        elif (size := _SIZES.get(character, 0)) == 0:
            size = quoprimime.header_length(character.encode())
        if (-(-(taken + size) // 3) * 4 if has_base64 else taken + size) > room:
            words.append(encode(text[first:at].encode(), "utf-8"))
            first, taken, room = at, 0, _ENCODED_LINE - 1 - _WORD_FRAME
        taken += size
    return [*words, encode(text[first:].encode(), "utf-8")]


#: Lines of quoted-printable have at most 76 characters (RFC 2045, 6.7); Python breaks them at the policy's length.
POLICY = _MailPolicy(linesep="\r\n", max_line_length=76)


def fold(name: str, value: str | Address) -> bytes:
    """Return a header field as bytes with its line end; short ASCII values take a fast path."""
    if isinstance(value, str) and value.isascii() and len(name) + len(value) + 2 <= LINE:
        return f"{name}: {value}\r\n".encode()
    if name == "Subject" and isinstance(value, str) and value.isprintable() and "=?" not in value:
        return POLICY.subject(value, name).encode()  # the standard library reads it as it is
    if name == "List-Unsubscribe" and isinstance(value, str):
        return (f"{name}: " + value.replace(", ", ",\r\n ") + "\r\n").encode()
    return _fold_text(name, value) if isinstance(value, str) else _fold_by_policy(name, value)


@lru_cache(maxsize=1024)
def _fold_text(name: str, value: str) -> bytes:
    """Fold a long or non-ASCII value; cached, since all messages of a digest share their subject."""
    return _fold_by_policy(name, value)


def _fold_by_policy(name: str, value: str | Address) -> bytes:
    mail = EmailMessage(policy=POLICY)
    mail[name] = value
    return POLICY.fold_binary(name, mail[name])


def mailbox(name: str, email: str) -> Address:
    """Return a mailbox with a display name, which may be ""."""
    local, _, domain = wire_address(email).rpartition("@")
    return Address(display_name=inert(name), username=local, domain=domain)


def inert(text: str) -> str:
    """Return `text` as one line without encoded words (RFC 2047).

    Python decodes encoded words in the values that it is given, so that "=?utf-8?q?=0D=0ABcc:_a@b.c?=" would inject a
    header field.
    """
    return squeeze(text).replace("=?", "= ?")
