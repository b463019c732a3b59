"""What a mail server says (RFC 5321, 4.2), and what it means for a message (RFC 3463)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from newsletter.sending import Verdict

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\b")
#: What is told of a reply at most.
_LONGEST = 500


class Reply(NamedTuple):
    """One reply: its code, and its lines as one."""

    code: int
    words: str

    @property
    def enhanced(self) -> str:
        """The code of RFC 3463, as in "5.1.1", or ""."""
        match = _ENHANCED.match(self.words)
        return match[1] if match else ""

    def __str__(self) -> str:
        return f"{self.code} {self.words}"


class Replies:
    """Cuts what a server writes into replies."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[str] = []

    def read(self, data: bytes) -> list[Reply]:
        """Return the replies that are complete with this.

        Raises:
            ValueError: The server does not speak SMTP.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        replies = []
        for line in lines:
            code, is_last, words = _read_line(line)
            if is_last and not self._lines:
                replies.append(Reply(code, words[:_LONGEST]))
                continue
            if len(self._lines) < 100:
                self._lines.append(words)
            if is_last:
                replies.append(Reply(code, " ".join(self._lines).strip()[:_LONGEST]))
                self._lines = []
        if len(self._rest) > 65536:
            raise ValueError("no reply of SMTP: a line without end")
        return replies


@lru_cache(maxsize=64)
def _read_line(line: bytes) -> tuple[int, bool, str]:
    """Return a line's code, whether its reply ends with it, and its words; servers say the same again and again."""
    if not line[:3].isdigit() or line[3:4] not in (b" ", b"-", b"\r", b""):
        raise ValueError(f"no reply of SMTP: {_readable(line[:80])!r}")
    return int(line[:3]), line[3:4] != b"-", _readable(line[4:])


def classify_reply(command: str, reply: Reply) -> Verdict | None:
    """Return what a reply to MAIL, RCPT, DATA or the message itself means, or None if all is well."""
    if reply.code in (250, 251, 252, 354):
        return Verdict.SENT if command == "the message" and reply.code != 354 else None
    if reply.code == 421:
        return Verdict.UNSENT
    if 400 <= reply.code < 500:
        return Verdict.DEFERRED
    return _refusal(command, reply)


def _refusal(command: str, reply: Reply) -> Verdict:
    enhanced = reply.enhanced
    if reply.code == 552 or enhanced in ("5.3.4", "5.2.3"):  # too big for the server or the mailbox
        return Verdict.REFUSED
    if enhanced == "5.6.7" or (reply.code in (550, 553) and "SMTPUTF8" in reply.words):
        return Verdict.REFUSED
    # A sender that is not wanted, or a policy against us, is not the reader's fault.
    if command == "the sender" or enhanced.startswith("5.7.") or reply.code in (530, 535):
        return Verdict.POLICY
    if command == "the recipient" and enhanced.startswith("5.1."):
        return Verdict.BOUNCED
    return Verdict.REFUSED


def _readable(line: bytes) -> str:
    text = line.decode("utf-8", "replace").strip()
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " for char in text).strip()
