"""The state machine of one SMTP conversation, without its socket: bytes from the server in; results and bytes out.

Commands are pipelined as far as the server allows (PIPELINING, RFC 2920): the envelope of the next message follows the
final dot of the one before, so that each message takes one round trip. With CHUNKING (RFC 3030), the content is sent
together with its envelope.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping

from newsletter.models import Message
from newsletter.sending import Result, Verdict
from newsletter.sending.smtp.replies import Reply, ReplyParser, classify_reply
from newsletter.sending.status_codes import Step

_MAX_PATH_B = 254  # RFC 5321, 4.5.3.1.3, less the brackets
_BARE_LINE_END = re.compile(rb"(?<!\r)\n|\r(?!\n)")
#: What would end an address or its command line.
_ENDS_PATH = re.compile(rb"[\x00-\x20\x7f<>]")
#: What a server refuses or defers at each step, in messages.
_SUBJECTS = {
    Step.MAIL: "the sender address",
    Step.RCPT: "the recipient address",
    Step.DATA: "DATA",
    Step.END_OF_DATA: "the message",
}


class Conversation:
    """What one connection sends next, and what the server's replies mean.

    Call `offer` with a message; once the message is `ready`, `depart` sends its content.
    """

    def __init__(self, extensions: Mapping[str, str], server: str) -> None:
        self._server = server
        self._pipelining = "pipelining" in extensions
        self._chunking = "chunking" in extensions and self._pipelining
        self._8bit = "8bitmime" in extensions
        self._utf8 = "smtputf8" in extensions
        self._size = "size" in extensions
        self._max_size = int(extensions["size"]) if extensions.get("size", "").isdecimal() else 0
        self._parser = ReplyParser()
        #: The step and message of each reply that is still to come.
        self._expected: deque[tuple[Step, Message | None]] = deque()
        #: Commands that must wait for the next reply, because the server does not offer PIPELINING.
        self._held: deque[tuple[bytes, Step, Message | None]] = deque()
        self._failed: Message | None = None
        self._must_reset = False
        #: Bytes for the server.
        self.out: list[bytes] = []
        #: The message that the server is ready to receive, and whose content has not been sent.
        self.ready: Message | None = None
        #: The message whose envelope was sent, or is about to be.
        self.envelope: Message | None = None
        #: The message whose content was sent, and whose result is unknown.
        self.leaving: Message | None = None
        #: Number of replies received.
        self.replies = 0
        #: Number of messages with a final result.
        self.settled = 0
        #: The server's 421, which ends the conversation.
        self.farewell: Reply | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in progress."""
        return not self._expected and not self._held and self.envelope is None and self.leaving is None

    @property
    def wants_message(self) -> bool:
        """Whether `offer` may be called."""
        if self.farewell or self.envelope is not None:
            return False
        return self.leaving is None or (self._pipelining and not self._chunking)

    @property
    def is_waiting(self) -> bool:
        """Whether a reply is still to come."""
        return bool(self._expected)

    def offer(self, message: Message) -> Result | None:
        """Start a message. A result means that it cannot be sent to this server, and was not started."""
        if (problem := self._problem(message)) is not None:
            return Result(message, Verdict.REFUSED, problem)
        self.envelope = message
        if self._chunking:
            self.ready = message
        else:
            self._send_envelope(message, b"DATA\r\n")
        return None

    def _problem(self, message: Message) -> str | None:
        if not message.recipient.isascii() and not self._utf8:
            return f"{self._server}: the server does not support non-ASCII addresses (SMTPUTF8)"
        if self._max_size and len(message.content) > self._max_size:
            return f"{self._server}: message too large: {len(message.content)} bytes, the limit is {self._max_size}"
        sender, recipient = message.sender.encode(), message.recipient.encode()
        if max(len(sender), len(recipient)) > _MAX_PATH_B or _ENDS_PATH.search(sender + recipient):
            return "invalid address: too long, or it contains a space, control character, < or >"
        if not message.is_clean and _BARE_LINE_END.search(message.content):
            # Servers disagree on which bytes end a line, and so on which end a message: "SMTP smuggling".
            return "invalid message: a line does not end with CRLF (RFC 5321, 2.3.8)"
        return None

    def depart(self) -> None:
        """Send the content of the message that is `ready`."""
        message = self.ready
        assert message is not None  # noqa: S101 - the caller has checked it
        self.ready, self.envelope, self.leaving = None, None, message
        if self._chunking:
            self._send_envelope(message, b"")
            self.out.append(b"BDAT %d LAST\r\n" % len(message.content))
            self.out.append(message.content)
        else:
            content = message.content
            # Dot stuffing (RFC 5321, 4.5.2)
            if not message.is_clean and (b"\r\n." in content or content.startswith(b".")):
                content = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
            self.out.append(content)
            self.out.append(b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n")
        self._expected.append((Step.END_OF_DATA, message))

    def withdraw(self) -> bool:
        """Take back the message that is `ready`; return whether the conversation can go on without it."""
        self.ready = self.envelope = None
        return self._chunking

    def quit(self) -> None:
        """Send QUIT."""
        self._send(b"QUIT\r\n", Step.OTHER, None)

    def receive(self, data: bytes) -> list[Result]:
        """Process what the server sent; return the results that became known.

        Raises:
            ValueError: The server does not speak SMTP, or sends an unexpected reply.
        """
        results: list[Result] = []
        replies = self._parser.feed(data)
        self.replies += len(replies)
        for reply in replies:
            if reply.code == 421:  # the server is closing the connection, whichever command this replies to
                self.farewell = reply
            if not self._expected:
                if self.farewell:
                    break
                raise ValueError(f"unexpected SMTP reply: {reply}")
            step, message = self._expected.popleft()
            # Most replies accept an address, and change nothing.
            is_envelope = step is Step.MAIL or step is Step.RCPT
            if message is not None and not (is_envelope and reply.code == 250 and message is not self._failed):
                self._process(step, message, reply, results)
            while self._held and not self._expected:
                command, next_step, message = self._held.popleft()
                if message is None or message is not self._failed:
                    self._write(command, next_step, message)
        return results

    def lose(self, reason: str, *, unsent: int) -> list[Result]:
        """Return the results of the messages in flight when the connection is lost.

        Args:
            reason: Why it was lost.
            unsent: How many bytes of `out` were not handed to the system: a message that was not sent whole cannot
                have been delivered.
        """
        results = []
        if self.leaving is not None and self.leaving is not self._failed:
            verdict = Verdict.UNSENT if unsent else Verdict.IN_DOUBT
            results.append(Result(self.leaving, verdict, f"{self._server}: {reason}"))
        if self.envelope is not None and self.envelope is not self._failed:
            results.append(Result(self.envelope, Verdict.UNSENT, f"{self._server}: {reason}"))
        self.leaving = self.envelope = self.ready = None
        self.out.clear()  # it would follow when the connection is closed, although it counts as unsent
        return results

    # -- replies --------------------------------------------------------------------------------------

    def _process(self, step: Step, message: Message, reply: Reply, results: list[Result]) -> None:
        failed_before = self._failed is message
        if step is Step.DATA and reply.code == 354:
            if failed_before:  # the server accepts a message for no recipient: send an empty one (RFC 2920, 3.1)
                self._expected.appendleft((Step.OTHER, None))
                self.out.append(b".\r\n")
                self._end(message)
            else:
                self.ready = message
            return
        verdict = classify_reply(step, reply)
        if step is Step.END_OF_DATA:
            self.leaving = None
            self.settled += 1
            if not failed_before:
                response = str(reply) if verdict is Verdict.SENT else self._failure(step, verdict, reply)
                results.append(Result(message, verdict or Verdict.REFUSED, response))
            self._must_reset |= self._chunking and verdict is not Verdict.SENT
            return
        if step is Step.DATA and verdict is None:
            raise ValueError(f"unexpected reply to DATA: {reply}")
        if verdict is not None and not failed_before:
            self._failed, self._must_reset = message, True
            results.append(Result(message, verdict, self._failure(step, verdict, reply)))
        if self._failed is message and (step is Step.DATA or not self._pipelining) and self.leaving is not message:
            self._end(message)

    def _end(self, message: Message) -> None:
        """Finish a message that was refused before its content was sent."""
        if self.envelope is message:
            self.envelope = None
        self.settled += 1

    def _failure(self, step: Step, verdict: Verdict | None, reply: Reply) -> str:
        verb = "deferred" if verdict in (Verdict.DEFERRED, Verdict.UNSENT) else "refused"
        return f"{self._server}: the server {verb} {_SUBJECTS[step]}: {reply}"

    # -- commands -------------------------------------------------------------------------------------

    def _send_envelope(self, message: Message, data: bytes) -> None:
        """Send MAIL and RCPT, and the command `data` behind them, if there is one."""
        if self._must_reset:
            self._must_reset = False
            self._send(b"RSET\r\n", Step.OTHER, None)
        utf8 = not message.recipient.isascii()
        options = b" SMTPUTF8 BODY=8BITMIME" if utf8 else b" BODY=8BITMIME" if self._8bit else b""
        if self._size:
            options += b" SIZE=%d" % len(message.content)
        sender, recipient = message.sender.encode(), message.recipient.encode()
        if self._pipelining:
            self.out.append(b"MAIL FROM:<%b>%b\r\nRCPT TO:<%b>\r\n%b" % (sender, options, recipient, data))
            self._expected += ((Step.MAIL, message), (Step.RCPT, message))
            if data:
                self._expected.append((Step.DATA, message))
        else:
            self._send(b"MAIL FROM:<%b>%b\r\n" % (sender, options), Step.MAIL, message)
            self._send(b"RCPT TO:<%b>\r\n" % recipient, Step.RCPT, message)
            self._send(data, Step.DATA, message)

    def _send(self, command: bytes, step: Step, message: Message | None) -> None:
        if self._pipelining or not (self._expected or self._held):
            self._write(command, step, message)
        else:
            self._held.append((command, step, message))

    def _write(self, command: bytes, step: Step, message: Message | None) -> None:
        self.out.append(command)
        self._expected.append((step, message))
