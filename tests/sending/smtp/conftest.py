from __future__ import annotations

from collections.abc import Iterator

import pytest

from newsletter.sending.smtp.transport import SmtpTransport
from tests.sending.messages import transport_to
from tests.smtpd import Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server()) as running:
        yield running


@pytest.fixture
def transport(server: Server) -> Iterator[SmtpTransport]:
    opened = transport_to(server)
    yield opened
    opened.close()
