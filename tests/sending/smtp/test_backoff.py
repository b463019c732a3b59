"""Backoff after lost connections, and recovery."""

from __future__ import annotations

import time

from newsletter.sending.smtp.backoff import Backoff


def test_each_loss_halves_the_connections_and_the_pauses_grow() -> None:
    backoff = Backoff(first_pause_s=1.0, connections=8)
    for longest in (1, 2, 4, 8):
        before = time.monotonic()
        backoff.lost()
        assert longest * 0.4 < backoff.not_before - before
        assert backoff.not_before - time.monotonic() <= longest
    assert backoff.allowed == 1


def test_a_server_is_given_up_after_losses_with_no_message_in_between() -> None:
    backoff = Backoff(first_pause_s=0.0, connections=4)
    for _ in range(7):
        backoff.lost()
    backoff.sent(4)
    states = []
    for _ in range(8):
        backoff.lost()
        states.append(backoff.is_exhausted)
    assert states == [False] * 7 + [True]
    backoff.reset(4)
    assert (backoff.is_exhausted, backoff.allowed, backoff.not_before) == (False, 4, 0.0)


def test_connections_are_added_slowly_up_to_the_maximum() -> None:
    backoff = Backoff(first_pause_s=0.0, connections=3)
    backoff.lost()
    allowed = []
    for _ in range(400):
        backoff.sent(3)
        allowed.append(backoff.allowed)
    assert (allowed[98], allowed[99], allowed[199], allowed[399]) == (1, 2, 3, 3)
