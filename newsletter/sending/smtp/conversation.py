"""One conversation in SMTP, without its connection: bytes from the server in, results and bytes for the server out.

Commands are grouped as far as the server allows (PIPELINING, RFC 2920), with the envelope of the next message riding
behind the last dot of the one before: one round trip for each message. Where the server takes CHUNKING (RFC 3030),
the message goes with its envelope.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping

from newsletter.models import Message
from newsletter.sending import Result, Verdict
from newsletter.sending.smtp.replies import Replies, Reply, classify_reply

_SENDER, _RECIPIENT, _DATA, _MESSAGE, _NOTHING = "the sender", "the recipient", "DATA", "the message", "nothing"


#: What would end an address, or the line it stands in.
_LONGEST_PATH_B = 254  # RFC 5321, 4.5.3.1.3, less the brackets
_BARE_END = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_NO_PATH = re.compile(r"[\x00-\x20\x7f<>]")


class Conversation:
    """What one connection says next, and what its server's answers mean.

    `offer` gives it a message; when it is `ready`, `depart` lets the message go.
    """

    def __init__(self, extensions: Mapping[str, str], server: str) -> None:
        self._server = server
        self._pipelining = "pipelining" in extensions
        self._chunking = "chunking" in extensions and self._pipelining
        self._8bit = "8bitmime" in extensions
        self._utf8 = "smtputf8" in extensions
        self._size = "size" in extensions
        self._largest = int(extensions["size"]) if extensions.get("size", "").isdecimal() else 0
        self._replies = Replies()
        #: What each of the replies to come answers, and for which message.
        self._awaited: deque[tuple[str, Message | None]] = deque()
        #: What may be written only after the next reply, where there is no PIPELINING.
        self._held: deque[tuple[bytes, str, Message | None]] = deque()
        self._failed: Message | None = None
        self._must_reset = False
        #: Bytes for the server.
        self.out: list[bytes] = []
        #: The message that the server waits for, and that has not left.
        self.ready: Message | None = None
        #: The message whose envelope was sent, or is about to be.
        self.envelope: Message | None = None
        #: The message that left and of which nothing is known.
        self.leaving: Message | None = None
        #: How many messages were taken from us to the end, whatever came of them.
        self.settled = 0
        #: The server's 421, which ends the conversation.
        self.farewell: Reply | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._awaited and not self._held and self.envelope is None and self.leaving is None

    @property
    def wants_message(self) -> bool:
        """Whether `offer` may be called."""
        if self.farewell or self.envelope is not None:
            return False
        return self.leaving is None or (self._pipelining and not self._chunking)

    @property
    def is_waiting(self) -> bool:
        """Whether the server has to answer something."""
        return bool(self._awaited)

    def offer(self, message: Message) -> Result | None:
        """Begin with a message; a result says at once that this server cannot have it."""
        if not message.recipient.isascii() and not self._utf8:
            words = f"{self._server} takes no addresses outside ASCII (SMTPUTF8)"
            return Result(message, Verdict.REFUSED, words)
        if self._largest and len(message.content) > self._largest:
            words = f"{self._server} takes no more than {self._largest} bytes; this has {len(message.content)}"
            return Result(message, Verdict.REFUSED, words)
        if not (_is_path(message.sender) and _is_path(message.recipient)):
            return Result(message, Verdict.REFUSED, "an address that is too long, or would end the line it stands in")
        if not message.is_clean and _BARE_END.search(message.content):
            # Where servers disagree on what ends a line, they do on what ends a message: "SMTP smuggling".
            return Result(message, Verdict.REFUSED, "a line that does not end with CRLF (RFC 5321, 2.3.8)")
        self.envelope = message
        if self._chunking:
            self.ready = message
        else:
            self._send_envelope(message)
            self._say(b"DATA\r\n", _DATA, message)
        return None

    def depart(self) -> None:
        """Let the message that is `ready` go."""
        message = self.ready
        assert message is not None  # noqa: S101 - the caller looked
        self.ready, self.envelope, self.leaving = None, None, message
        if self._chunking:
            self._send_envelope(message)
            self.out.append(b"BDAT %d LAST\r\n" % len(message.content))
            self.out.append(message.content)
        else:
            content = message.content
            # RFC 5321, 4.5.2
            if not message.is_clean and (b"\r\n." in content or content.startswith(b".")):
                content = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
            self.out.append(content)
            self.out.append(b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n")
        self._awaited.append((_MESSAGE, message))

    def withdraw(self) -> bool:
        """Take the message that is `ready` back; return whether the server can go on without."""
        self.ready = self.envelope = None
        return self._chunking

    def quit(self) -> None:
        """Say goodbye."""
        self._say(b"QUIT\r\n", _NOTHING, None)

    def receive(self, data: bytes) -> list[Result]:
        """Take what the server wrote; return what became of messages.

        Raises:
            ValueError: The server does not speak SMTP, or answers what was not asked.
        """
        results: list[Result] = []
        for reply in self._replies.read(data):
            if reply.code == 421:  # the server is closing the connection, whatever was asked
                self.farewell = reply
            if not self._awaited:
                if self.farewell:
                    break
                raise ValueError(f"an answer to nothing: {reply}")
            answers, message = self._awaited.popleft()
            if message is not None:
                self._hear(answers, message, reply, results)
            while self._held and not self._awaited:
                command, then, message = self._held.popleft()
                if message is None or message is not self._failed:
                    self._write(command, then, message)
        return results

    def lose(self, words: str, *, unsent: int) -> list[Result]:
        """Return what becomes of the messages under way when the connection is gone.

        Args:
            words: Why it is.
            unsent: How many bytes of `out` the connection never took: what is not whole cannot have been delivered.
        """
        results = []
        if self.leaving is not None and self.leaving is not self._failed:
            verdict = Verdict.UNSENT if unsent else Verdict.IN_DOUBT
            results.append(Result(self.leaving, verdict, f"{self._server}: {words}"))
        if self.envelope is not None and self.envelope is not self._failed:
            results.append(Result(self.envelope, Verdict.UNSENT, f"{self._server}: {words}"))
        self.leaving = self.envelope = self.ready = None
        return results

    # -- what is heard --------------------------------------------------------------------------------

    def _hear(self, answers: str, message: Message, reply: Reply, results: list[Result]) -> None:
        failed_before = self._failed is message
        verdict = classify_reply(answers, reply)
        if answers is _DATA and reply.code == 354:
            if failed_before:  # a server that takes messages to nobody: it gets an empty one (RFC 2920, 3.1)
                self._awaited.appendleft((_NOTHING, None))
                self.out.append(b".\r\n")
                self._end(message)
            else:
                self.ready = message
            return
        if answers is _MESSAGE:
            self.leaving = None
            self.settled += 1
            if not failed_before:
                words = str(reply) if verdict is Verdict.SENT else self._report(answers, reply)
                results.append(Result(message, verdict or Verdict.REFUSED, words))
            self._must_reset |= self._chunking and verdict is not Verdict.SENT
            return
        if answers is _DATA and verdict is None:
            raise ValueError(f"no answer to DATA: {reply}")
        if verdict is not None and not failed_before:
            self._failed, self._must_reset = message, True
            results.append(Result(message, verdict, self._report(answers, reply)))
        if self._failed is message and (answers is _DATA or not self._pipelining) and self.leaving is not message:
            self._end(message)

    def _end(self, message: Message) -> None:
        """Be done with a message that was refused before it left."""
        if self.envelope is message:
            self.envelope = None
        self.settled += 1

    def _report(self, answers: str, reply: Reply) -> str:
        return f"{self._server} on {answers}: {reply}"

    # -- what is said ---------------------------------------------------------------------------------

    def _send_envelope(self, message: Message) -> None:
        if self._must_reset:
            self._must_reset = False
            self._say(b"RSET\r\n", _NOTHING, None)
        utf8 = not message.recipient.isascii()
        options = b" SMTPUTF8 BODY=8BITMIME" if utf8 else b" BODY=8BITMIME" if self._8bit else b""
        if self._size:
            options += b" SIZE=%d" % len(message.content)
        sender, recipient = message.sender.encode(), message.recipient.encode()
        if self._pipelining:
            self.out.append(b"MAIL FROM:<%b>%b\r\nRCPT TO:<%b>\r\n" % (sender, options, recipient))
            self._awaited.append((_SENDER, message))
            self._awaited.append((_RECIPIENT, message))
        else:
            self._say(b"MAIL FROM:<%b>%b\r\n" % (sender, options), _SENDER, message)
            self._say(b"RCPT TO:<%b>\r\n" % recipient, _RECIPIENT, message)

    def _say(self, command: bytes, answers: str, message: Message | None) -> None:
        if self._pipelining or not (self._awaited or self._held):
            self._write(command, answers, message)
        else:
            self._held.append((command, answers, message))

    def _write(self, command: bytes, answers: str, message: Message | None) -> None:
        self.out.append(command)
        self._awaited.append((answers, message))


def _is_path(address: str) -> bool:
    """Whether an address can stand between angle brackets, in a line."""
    return len(address.encode()) <= _LONGEST_PATH_B and _NO_PATH.search(address) is None
