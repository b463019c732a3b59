"""One connection that never blocks, and the conversation over it."""

from __future__ import annotations

import contextlib
import selectors
import ssl
import time
from collections import deque
from collections.abc import Mapping
from socket import SO_SNDBUF, SOL_SOCKET, socket

from newsletter.sending import Result
from newsletter.sending.smtp.conversation import Conversation
from newsletter.sending.smtp.handshake import SmtpSettings

# A server may take long to accept what it was given; hanging up early makes doubles (RFC 5321, 4.5.3.2.6; RFC 1047).
_PATIENCE_S = 600
#: Holds a whole message, so that handing one over is one call.
_SEND_BUFFER_B = 256 * 1024
_READ_B = 65536
_LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_BOTH = selectors.EVENT_READ | selectors.EVENT_WRITE


class Connection:
    """A socket, its conversation, and what was not sent yet."""

    def __init__(self, connected: socket, extensions: Mapping[str, str], settings: SmtpSettings) -> None:
        connected.setsockopt(SOL_SOCKET, SO_SNDBUF, _SEND_BUFFER_B)
        connected.setblocking(False)
        self.socket = connected
        self.conversation = Conversation(extensions, str(settings))
        self._settings = settings
        self._is_tls = isinstance(connected, ssl.SSLSocket)
        self._unsent: deque[bytes | memoryview] = deque()
        self._unsent_b = 0
        self._message_b = 0
        self._is_watched_for_writing = False
        self._heard_at = time.monotonic()
        #: Why the connection is gone, if it is.
        self.lost = ""

    @property
    def is_used_up(self) -> bool:
        """Whether it took as many messages as one connection may."""
        return (
            0
            < self._settings.max_messages_per_connection
            <= self.conversation.settled + (self.conversation.leaving is not None)
        )

    @property
    def unsent(self) -> int:
        """How many bytes, to the end of the message that is leaving, were not handed to the system."""
        return self._message_b

    @property
    def has_to_write(self) -> bool:
        """Whether there is something to say."""
        return bool(self.conversation.out or self._unsent)

    def is_overdue(self, now: float) -> bool:
        """Whether the server is silent for too long."""
        conversation = self.conversation
        if not (conversation.is_waiting or self._unsent):
            return False
        patience = _PATIENCE_S if conversation.leaving is not None else 0
        return now - self._heard_at > max(patience, self._settings.timeout_s)

    def mark_whole(self) -> None:
        """Note that what `out` holds ends with a message; what comes after it does not belong to it."""
        self._message_b = self._unsent_b + sum(map(len, self.conversation.out))

    def flush(self, selector: selectors.BaseSelector) -> None:
        """Hand to the system what it takes of what is to be said."""
        out = self.conversation.out
        if not self._unsent:
            self._heard_at = time.monotonic()
        self._unsent.extend(out)
        self._unsent_b += sum(map(len, out))
        out.clear()
        try:
            while self._unsent:
                self._took(self.socket.send(self._together()) if self._is_tls else self.socket.sendmsg(self._unsent))
        except _LATER:
            pass
        except OSError as error:
            self.lost = str(error)
        wants_to_write = bool(self._unsent)
        if wants_to_write is not self._is_watched_for_writing:
            self._is_watched_for_writing = wants_to_write
            selector.modify(self.socket, _BOTH if wants_to_write else selectors.EVENT_READ, self)

    def converse(self) -> list[Result]:
        """Take what the server wrote; return what became of messages."""
        results: list[Result] = []
        try:
            while data := self.socket.recv(_READ_B):
                self._heard_at = time.monotonic()
                results += self.conversation.receive(data)
                if not self._is_tls:  # TLS may hold more than the system knows of
                    break
            else:
                self.lost = "the server hung up"
        except _LATER:
            pass
        except (OSError, ValueError) as error:
            self.lost = str(error)
        if self.conversation.farewell is not None:
            self.lost = str(self.conversation.farewell)
        return results

    def close(self) -> None:
        """Say what is left to be said, if that does not take time, and hang up."""
        with contextlib.suppress(OSError, ValueError):
            if self.conversation.out and not self._unsent:
                self.socket.send(b"".join(self.conversation.out))
        with contextlib.suppress(OSError):
            self.socket.close()

    def _together(self) -> bytes | memoryview:
        if len(self._unsent) > 1:
            together = b"".join(self._unsent)
            self._unsent.clear()
            self._unsent.append(together)
        return self._unsent[0]

    def _took(self, sent: int) -> None:
        """Forget what was sent."""
        self._unsent_b -= sent
        self._message_b = max(0, self._message_b - sent)
        while sent:
            first = self._unsent[0]
            if len(first) <= sent:
                sent -= len(first)
                self._unsent.popleft()
            else:
                self._unsent[0] = memoryview(first)[sent:]
                return
