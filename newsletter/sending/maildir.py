"""The outbox: a Maildir (https://cr.yp.to/proto/maildir.html) that any mail program opens."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from newsletter.errors import TransportError
from newsletter.models import Message
from newsletter.sending import Ledger, Result, Verdict


class MaildirTransport:
    """Puts each message into a Maildir, made where there is none.

    The file is named after the Message-ID, so that a message handed over twice is there once.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def open(self) -> None:
        """Make the folders; see `Transport.open`."""
        try:
            for folder in ("tmp", "new", "cur"):
                (self.root / folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TransportError(f"outbox {self.root}: {error.strerror or error}") from error

    def carry(self, messages: Iterator[Message], ledger: Ledger, stopped: Callable[[], bool] = lambda: False) -> None:
        """Write messages; see `Transport.carry`."""
        results: list[Result] = []
        try:
            for message in messages:
                may_go = ledger.commit(results, [message])
                results = []
                if message.message_id in may_go:
                    results = [Result(message, Verdict.UNSENT, "the outbox cannot be written")]
                    results = [Result(message, Verdict.SENT, self._put(message))]
                if stopped():
                    break
        finally:
            if results:
                ledger.commit(results, [])

    def _put(self, message: Message) -> str:
        """Write one message; return where it is.

        Raises:
            TransportError: It cannot be written.
        """
        self.open()
        name = hashlib.sha256(message.message_id.encode()).hexdigest()[:32] + ".newsletter"
        try:
            if seen := next((self.root / "cur").glob(f"{name}*"), None):
                return f"already in {seen}"
            draft = self.root / "tmp" / name
            with draft.open("wb") as file:
                # A Maildir holds local line ends.
                file.write(message.content.replace(b"\r\n", b"\n"))
                file.flush()
                os.fsync(file.fileno())
            delivered = draft.replace(self.root / "new" / name)
        except OSError as error:
            raise TransportError(f"outbox {self.root}: {error.strerror or error}") from error
        return f"in {delivered}"

    def close(self) -> None:
        """Nothing is held open; see `Transport.close`."""
