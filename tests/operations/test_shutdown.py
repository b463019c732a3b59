from __future__ import annotations

import os
import signal

import pytest

from newsletter.operations.shutdown import handle_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_requests_a_shutdown(number: signal.Signals) -> None:
    with handle_signals() as shutdown:
        assert (shutdown(), shutdown.exit_code) == (False, 0)
        os.kill(os.getpid(), number)
        shutdown.wait()
        assert (shutdown(), shutdown.exit_code) == (True, 128 + number)


@pytest.mark.usefixtures("usual_sigint")
def test_a_second_signal_acts_as_usual() -> None:
    with handle_signals():
        # Raised in this thread, so that the first one is handled before the second comes: two that wait are one.
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_the_handlers_are_restored() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with handle_signals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
