"""Emails that pages cause (confirmations, links, test emails): no page waits for a mail server.

    a page → the store (`store.confirmations`) → wake → one thread per process → the mail server

The thread starts with the first email, sends what waits, and tries again later what was deferred. What is left when the
process ends is sent by the next one, or by `newsletter run`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Condition, Thread

from newsletter.errors import NewsletterError
from newsletter.pipeline.ports import Ports
from newsletter.pipeline.run import send_notices
from newsletter.pipeline.transport import make_transport
from newsletter.sending import Transport, never
from newsletter.web.site_pages import SitePages

_logger = logging.getLogger(__name__)

#: Emails that were deferred are tried again after this time.
_RETRY_S = 300.0
#: Seconds that a test email may take.
_JOB_S = 60.0
#: How long the end of the process waits for the thread.
_CLOSE_S = 1.0

#: Something to send that is in no store, such as a test email. It returns what became of it, and gives up when the
#: function that it is given returns True.
Job = Callable[[Transport, Callable[[], bool]], str]


class Outgoing:
    """The one sender of a process: a thread that sends the notices of a site, and a test email."""

    def __init__(
        self,
        pages: SitePages,
        open_transport: Callable[[], Transport] | None = None,
        is_shutting_down: Callable[[], bool] = never,
    ) -> None:
        self.pages = pages
        self.is_shutting_down = is_shutting_down
        self.open_transport = open_transport or (lambda: make_transport(pages.config))
        #: What became of the last test email, for the operator's page.
        self.job_result = ""
        self._changed = Condition()
        self._thread: Thread | None = None
        self._job: Job | None = None
        self._is_woken = False
        self._is_busy = False
        self._is_closed = False

    def wake(self) -> None:
        """Have the waiting notices sent; returns at once."""
        with self._changed:
            self._is_woken = True
            self._start()

    def submit(self, job: Job) -> bool:
        """Have a test email sent; return False if there is one already that was not sent yet."""
        with self._changed:
            if self._job is not None:
                return False
            self._job, self.job_result = job, "Test email: not sent yet."
            self._start()
            return True

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until all that was woken or submitted has been tried; return whether it was."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._is_busy or self._is_woken or self._job), seconds)

    def close(self) -> None:
        """Give up what is in flight; it waits in the store. Returns when the thread has ended, or soon."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(_CLOSE_S)

    # -- the thread -----------------------------------------------------------------------------------

    def _start(self) -> None:
        if self._thread is None and not self._is_closed:
            self._thread = Thread(target=self._run, name="outgoing", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        has_to_retry = False
        while True:
            with self._changed:
                self._is_busy = False
                self._changed.notify_all()
                self._changed.wait_for(
                    lambda: self._is_woken or self._job or self._is_closed, _RETRY_S if has_to_retry else None
                )
                if self._is_closed:  # what was not begun is given up, so nobody waits for it
                    self._job, self._is_woken = None, False
                    self._changed.notify_all()
                    return
                job, self._is_busy, self._is_woken = self._job, True, False
            if job is not None:
                self._do(job)
            has_to_retry = not self._send_waiting()

    def _is_ending(self) -> bool:
        return self._is_closed or self.is_shutting_down()

    def _do(self, job: Job) -> None:
        try:
            transport = self.open_transport()
            try:
                deadline = time.monotonic() + _JOB_S
                self.job_result = job(transport, lambda: self._is_ending() or time.monotonic() > deadline)
            finally:
                transport.close()
        except NewsletterError as error:
            self.job_result = f"Test email not sent: {error}"
        except Exception:  # a bug must not end the thread that all emails depend on
            _logger.exception("test email")
            self.job_result = "Test email not sent: internal error."
        with self._changed:
            self._job = None

    def _send_waiting(self) -> bool:
        """Send all waiting notices; return whether none is left."""
        pages = self.pages
        ports = Ports(
            open_store=pages.store,
            open_transport=self.open_transport,
            make_environment=lambda: pages.environment,
            clock=pages.clock,
            is_shutting_down=self._is_ending,
            is_grace_over=self._is_ending,
        )
        try:
            send_notices(pages.config, ports)
            with pages.store() as store:
                return not store.confirmations.waiting(1)
        except NewsletterError as error:
            _logger.warning("confirmation emails deferred: %s", error)
        except Exception:
            _logger.exception("confirmation emails deferred")
        return False
