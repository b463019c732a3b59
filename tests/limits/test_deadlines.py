"""Calls that may block for ever have a deadline."""

from __future__ import annotations

import socket
import ssl
from threading import Event

import pytest

from newsletter.limits.deadlines import Abandoned, call_within, cut_after
from tests.silent_server import Hang, silent_server


def test_the_result_or_the_error_of_a_call_is_its_own() -> None:
    assert call_within(30, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        call_within(30, lambda: 1 / 0, is_abandoned=lambda: False)


def test_a_call_is_abandoned_and_its_late_result_discarded() -> None:
    go_on, discarded = Event(), Event()
    with pytest.raises(Abandoned):
        call_within(30, go_on.wait, is_abandoned=lambda: True, discard=lambda _late: discarded.set())
    go_on.set()
    assert discarded.wait(60)


def test_a_call_has_a_deadline() -> None:
    go_on = Event()
    with pytest.raises(TimeoutError, match=r"no response within 0\.05 s"):
        call_within(0.05, go_on.wait)
    go_on.set()


def test_a_server_that_sends_a_byte_at_a_time_is_cut_off() -> None:
    def receive() -> None:
        with cut_after(0.5, connected):
            while connected.recv(1):
                pass
            raise ConnectionError

    with (
        silent_server(Hang.DRIP) as server,
        socket.create_connection(("127.0.0.1", server.port), 5) as connected,
        pytest.raises(TimeoutError, match=r"no response within 0\.5 s"),
    ):
        receive()


def test_so_is_a_tls_handshake() -> None:
    with silent_server(Hang.SILENT) as server:
        connected = socket.create_connection(("127.0.0.1", server.port), 5)
        with pytest.raises(TimeoutError), cut_after(0.3, connected):
            ssl.create_default_context().wrap_socket(connected, server_hostname="x.example")
        connected.close()


def test_what_ends_in_time_is_not_cut() -> None:
    first, second = socket.socketpair()
    with first, second:
        with cut_after(60, first):
            pass
        second.sendall(b"x")
        assert first.recv(1) == b"x"
