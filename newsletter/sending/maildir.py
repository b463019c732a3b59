"""The outbox: a Maildir (https://cr.yp.to/proto/maildir.html), which any mail program can open."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from newsletter.errors import TransportError
from newsletter.files.private_files import make_private, make_private_folder
from newsletter.models import Message
from newsletter.sending import Ledger, NoLimits, Permits, Result, Verdict, never


class MaildirTransport:
    """Writes each message to a Maildir, which is created if needed, for its owner only.

    File names are derived from the Message-ID, so that a message sent twice is stored once.
    """

    def __init__(self, root: Path, permits: Permits | None = None) -> None:
        self.root = root
        self.permits = permits or NoLimits()

    def divide(self, number: int, /) -> Sequence[Callable[[Permits], MaildirTransport]]:
        """Return what makes `number` transports to the same outbox; see `Transport.divide`."""
        return [partial(MaildirTransport, self.root)] * number

    def open(self, abandoned: Callable[[], bool] = never) -> None:
        """Create the folders; see `Transport.open`."""
        try:
            for folder in ("tmp", "new", "cur"):
                make_private_folder(self.root / folder)
        except OSError as error:
            raise self._error(error) from error

    def send(
        self,
        messages: Iterator[Message],
        ledger: Ledger,
        stopped: Callable[[], bool] = never,
        abandoned: Callable[[], bool] = never,
    ) -> None:
        """Write messages; see `Transport.send`."""
        results: list[Result] = []
        try:
            for message in messages:
                allowed = ledger.commit(results, [message])
                results = []
                if message.message_id in allowed:
                    results = [Result(message, Verdict.UNSENT, "cannot write to the outbox")]
                    results = [Result(message, Verdict.SENT, self._put(message))]
                if stopped():
                    break
        finally:
            if results:
                ledger.commit(results, [])

    def _put(self, message: Message) -> str:
        """Write one message; return a text that says where it is stored.

        Raises:
            TransportError: It cannot be written.
        """
        self.open()
        name = hashlib.sha256(message.message_id.encode()).hexdigest()[:32] + ".newsletter"
        try:
            if seen := next((self.root / "cur").glob(f"{name}*"), None):
                return f"already stored in {seen}"
            draft = self.root / "tmp" / name
            with open(draft, "wb", opener=make_private) as file:
                # A Maildir uses local line ends.
                file.write(message.content.replace(b"\r\n", b"\n"))
                file.flush()
                os.fsync(file.fileno())
            delivered = draft.replace(self.root / "new" / name)
        except OSError as error:
            raise self._error(error) from error
        return f"stored in {delivered}"

    def _error(self, error: OSError) -> TransportError:
        reason = error.strerror or str(error)
        return TransportError(f"cannot write to the outbox {self.root}: {reason}", hint="check its permissions")

    def close(self) -> None:
        """Do nothing, since nothing is held open; see `Transport.close`."""
