"""Reading reports from a real IMAP server: each message is flagged as seen only once it was processed."""

from __future__ import annotations

import gc
import socket
import ssl
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import trustme

from newsletter.errors import StoreError
from newsletter.mailboxes import MailboxError
from newsletter.mailboxes.imap import each_in_imap
from newsletter.sending.bounces.settings import BounceSettings
from tests.imap import DOVECOT, Mailbox, mailbox

needs_dovecot = pytest.mark.skipif(DOVECOT is None, reason="Debian's dovecot-imapd is not installed")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def box(authority: trustme.CA) -> Iterator[Mailbox]:
    with mailbox(authority.issue_cert("localhost")) as found:
        for number in range(3):
            (found.maildir / "new" / f"{number}.mx").write_bytes(b"Subject: %d\r\n\r\nreport\r\n" % number)
        yield found


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def settings_of(box: Mailbox) -> BounceSettings:
    return BounceSettings(
        imap_host="localhost", imap_port=box.port, imap_username=box.username, imap_password=box.password
    )


@needs_dovecot
def test_each_message_is_read_once(box: Mailbox, trusting: ssl.SSLContext) -> None:
    processed: list[bytes] = []

    assert each_in_imap(settings_of(box), processed.append, trusting).read == 3
    assert sorted(raw.split(b"\r\n")[0] for raw in processed) == [b"Subject: 0", b"Subject: 1", b"Subject: 2"]
    assert each_in_imap(settings_of(box), processed.append, trusting).read == 0


@needs_dovecot
def test_a_message_that_could_not_be_processed_is_read_again(box: Mailbox, trusting: ssl.SSLContext) -> None:
    def full(_raw: bytes) -> None:
        raise StoreError("disk full")

    with pytest.raises(StoreError, match="disk full"):
        each_in_imap(settings_of(box), full, trusting)
    processed: list[bytes] = []
    assert each_in_imap(settings_of(box), processed.append, trusting).read == 3


@needs_dovecot
def test_untrusted_certificates_and_wrong_logins_are_errors(box: Mailbox, trusting: ssl.SSLContext) -> None:
    settings = settings_of(box)
    with pytest.raises(MailboxError, match="certificate verification failed: "):
        each_in_imap(settings, lambda _raw: None)
    with pytest.raises(MailboxError) as raised:
        each_in_imap(replace(settings, imap_password="wrong"), lambda _raw: None, trusting)
    assert "wrong" not in str(raised.value)
    assert "\n" not in str(raised.value)
    with pytest.raises(MailboxError):
        each_in_imap(replace(settings, imap_folder="Nowhere"), lambda _raw: None, trusting)


def test_connection_refused_is_an_error_in_one_line() -> None:
    with pytest.raises(MailboxError, match=r"IMAP mailbox at 127\.0\.0\.1:1: connection refused"):
        each_in_imap(BounceSettings(imap_host="127.0.0.1", imap_port=1), lambda _raw: None)


def test_a_server_that_hangs_up_leaves_no_open_connection(authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    def hang_up_at_the_login() -> None:
        with context.wrap_socket(listening.accept()[0], server_side=True) as connection:
            connection.sendall(b"* OK hello\r\n")
            tag = connection.recv(100).split()[0]
            connection.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
            connection.recv(100)

    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor() as server:
        served = server.submit(hang_up_at_the_login)
        settings = BounceSettings(imap_host="localhost", imap_port=listening.getsockname()[1])
        gc.collect()  # what other tests left
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ResourceWarning)
            with pytest.raises(MailboxError):
                each_in_imap(settings, lambda _raw: None, trusting)
            served.result()
            gc.collect()

    assert [str(one.message) for one in caught] == []
