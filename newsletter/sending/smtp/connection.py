"""One non-blocking connection, and the SMTP conversation over it."""

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
from newsletter.sending.smtp.settings import SmtpSettings

# A server may need long to accept a message; hanging up early causes duplicates (RFC 5321, 4.5.3.2.6; RFC 1047).
_END_OF_DATA_TIMEOUT_S = 600
#: Large enough for a whole message, so that one system call hands it over.
_SEND_BUFFER_B = 256 * 1024
_READ_B = 65536
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_READ_AND_WRITE = selectors.EVENT_READ | selectors.EVENT_WRITE


class Connection:
    """A socket, its conversation, and the bytes not sent yet."""

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
        #: When the server last made progress: a whole reply, since one that sends a byte a second makes none.
        self._progress_at = time.monotonic()
        #: Why the connection was lost, or "".
        self.lost = ""
        self.is_closed = False

    @property
    def is_used_up(self) -> bool:
        """Whether it has reached the maximum number of messages per connection."""
        limit = self._settings.max_messages_per_connection
        return 0 < limit <= self.conversation.settled + (self.conversation.leaving is not None)

    @property
    def unsent(self) -> int:
        """How many bytes, up to the end of the message that is leaving, were not handed to the system."""
        return self._message_b

    @property
    def has_to_write(self) -> bool:
        """Whether there are bytes to send."""
        return bool(self.conversation.out or self._unsent)

    @property
    def timeout_s(self) -> int:
        """Seconds to wait for the server: longer while it has a whole message to accept."""
        timeout_s = self._settings.timeout_s
        return timeout_s if self.conversation.leaving is None else max(_END_OF_DATA_TIMEOUT_S, timeout_s)

    def is_overdue(self, now: float) -> bool:
        """Whether the server sent no whole reply within the timeout; `now` is a monotonic time."""
        if not (self.conversation.is_waiting or self._unsent):
            return False
        return now - self._progress_at > self.timeout_s

    def mark_end_of_message(self) -> None:
        """Note that `out` ends with a whole message; bytes added later do not belong to it."""
        self._message_b = self._unsent_b + sum(map(len, self.conversation.out))

    def flush(self, selector: selectors.BaseSelector) -> None:
        """Hand as many of the bytes to send to the system as it accepts."""
        out = self.conversation.out
        if not self._unsent:
            self._progress_at = time.monotonic()
        self._unsent.extend(out)
        self._unsent_b += sum(map(len, out))
        out.clear()
        try:
            while self._unsent:
                sent = self.socket.send(self._joined()) if self._is_tls else self.socket.sendmsg(self._unsent)
                self._drop_sent(sent)
        except _WOULD_BLOCK:
            pass
        except OSError as error:
            self.lost = str(error)
        wants_to_write = bool(self._unsent)
        if wants_to_write is not self._is_watched_for_writing:
            self._is_watched_for_writing = wants_to_write
            selector.modify(self.socket, _READ_AND_WRITE if wants_to_write else selectors.EVENT_READ, self)

    def receive(self) -> list[Result]:
        """Read what the server sent; return the results that became known."""
        conversation, results = self.conversation, list[Result]()
        try:
            while data := self.socket.recv(_READ_B):
                before = conversation.replies
                results += conversation.receive(data)
                if conversation.replies != before:
                    self._progress_at = time.monotonic()
                if not self._is_tls:  # TLS may buffer data that the selector does not see
                    break
            else:
                self.lost = "closed by the server"
        except _WOULD_BLOCK:
            pass
        except (OSError, ValueError) as error:
            self.lost = str(error)
        if conversation.farewell is not None:
            self.lost = str(conversation.farewell)
        return results

    def close(self) -> None:
        """Send what is left, such as QUIT, if that does not block; then close the socket."""
        self.is_closed = True
        with contextlib.suppress(OSError, ValueError):
            if self.conversation.out and not self._unsent:
                self.socket.send(b"".join(self.conversation.out))
        with contextlib.suppress(OSError):
            self.socket.close()

    def _joined(self) -> bytes | memoryview:
        if len(self._unsent) > 1:
            joined = b"".join(self._unsent)
            self._unsent.clear()
            self._unsent.append(joined)
        return self._unsent[0]

    def _drop_sent(self, sent: int) -> None:
        if sent == self._unsent_b:
            self._unsent.clear()
            self._unsent_b = self._message_b = 0
            return
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
