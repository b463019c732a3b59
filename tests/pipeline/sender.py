"""A process that sends what is due, to be killed; it starts as a copy of one that has imported the program already.

Importing it and compiling templates take most of the time of so small an edition, and the crash tests start such a
process dozens of times.
"""

from __future__ import annotations

import sys
from datetime import datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.pipeline import senders
from newsletter.pipeline.deliver import deliver
from newsletter.rendering.environment import make_environment
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from newsletter.store import open_store
from tests.program import PROCESSES, start


def start_sender(root: Path, port: int, now: datetime, connections: int = 1) -> ForkServerProcess:
    """Start a process that exits with 0 if its run is clean; a killed one has the exit code -9."""
    process = PROCESSES.Process(target=_send, args=(root, port, now, connections))
    start(process)
    return process


def exit_code(process: ForkServerProcess) -> int:
    """Wait until the process has ended."""
    process.join(120)
    assert process.exitcode is not None
    return process.exitcode


def _send(root: Path, port: int, now: datetime, connections: int) -> None:
    senders.MIN_FOR_SENDERS = 1  # as if this edition were a large one, if the site has several senders
    site = Site(root)
    transport = SmtpTransport(SmtpSettings("127.0.0.1", port, security=Security.NONE, connections=connections))
    with open_store(site.store) as store:
        report = deliver(store, transport, load_config(site, environ={}), make_environment(), lambda: now)
    transport.close()
    sys.exit(0 if report.is_clean else 1)
