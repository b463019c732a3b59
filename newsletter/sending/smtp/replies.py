"""SMTP replies (RFC 5321, 4.2): parsing them, and what they mean for a message (RFC 3463)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from newsletter.limits import REPLY, REPLY_LINE_BYTES, REPLY_LINES
from newsletter.sending import Verdict
from newsletter.sending.status_codes import Cause, Step, classify

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\b")


class Reply(NamedTuple):
    """One reply: its code, and the text of its lines joined by spaces."""

    code: int
    text: str

    @property
    def enhanced(self) -> str:
        """The enhanced status code (RFC 3463), as in "5.1.1", or ""."""
        match = _ENHANCED.match(self.text)
        return match[1] if match else ""

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class ReplyParser:
    """Splits the bytes from a server into replies."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[str] = []

    def feed(self, data: bytes) -> list[Reply]:
        """Return the replies that are complete with this data.

        Raises:
            ValueError: The server does not speak SMTP.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        replies = []
        for line in lines:
            reply, is_last, text = _parse_line(line)
            if is_last and not self._lines:
                replies.append(reply)
                continue
            if len(self._lines) < REPLY_LINES:
                self._lines.append(text)
            if is_last:
                replies.append(Reply(reply.code, " ".join(self._lines).strip()[:REPLY]))
                self._lines = []
        if len(self._rest) > REPLY_LINE_BYTES:
            raise ValueError("invalid SMTP reply: the line is too long")
        return replies


@lru_cache(maxsize=64)
def _parse_line(line: bytes) -> tuple[Reply, bool, str]:
    """Return a line as a reply, whether it is its last, and its whole text. Servers repeat the same few lines."""
    if not line[:3].isdigit() or line[3:4] not in (b" ", b"-", b"\r", b""):
        raise ValueError(f"invalid SMTP reply: {_printable(line[:80])!r}")
    text = _printable(line[4:])
    return Reply(int(line[:3]), text[:REPLY]), line[3:4] != b"-", text


def classify_reply(step: Step, reply: Reply) -> Verdict | None:
    """Return what a reply means for the message, or None if the conversation goes on to the next step."""
    if reply.code in (250, 251, 252, 354):
        return Verdict.SENT if step is Step.END_OF_DATA and reply.code != 354 else None
    if reply.code == 421:
        return Verdict.UNSENT
    if 400 <= reply.code < 500:
        return Verdict.DEFERRED
    cause = classify(step, reply.code, reply.enhanced, reply.text)
    if step is Step.MAIL and cause is Cause.POLICY:  # no recipient was named yet: it is about us
        return Verdict.POLICY
    return _VERDICTS[cause]


#: What a permanent refusal for a cause means for the message.
_VERDICTS = {
    Cause.SENDER: Verdict.POLICY,
    Cause.POLICY: Verdict.REJECTED,
    Cause.RECIPIENT_GONE: Verdict.BOUNCED,
    Cause.MAILBOX_UNAVAILABLE: Verdict.REFUSED,
    Cause.MESSAGE: Verdict.REFUSED,
    Cause.RATE_LIMIT: Verdict.REFUSED,
    Cause.UNKNOWN: Verdict.REFUSED,
}


def _printable(line: bytes) -> str:
    text = line.decode("utf-8", "replace").strip()
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " for char in text).strip()
