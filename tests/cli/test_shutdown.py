"""Ctrl-C and SIGTERM in the middle of an edition, in a real process."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from newsletter.models import Profile
from newsletter.store import open_store
from tests.cli.conftest import Newsletter, without_sources
from tests.factories import NOW
from tests.program import Program
from tests.sink import Sink, sinking

SUBSCRIBERS = 200


@pytest.fixture
def many(newsletter: Newsletter, page: Path, tmp_path: Path) -> Newsletter:
    """A site with papers and subscribers."""
    newsletter("pull", "page", str(page))
    with open_store(tmp_path / "newsletter.db") as store, store.transaction():
        for number in range(SUBSCRIBERS):
            store.subscribers.add(f"subscriber{number:03}@example.org", "", Profile(hour=0, trending=5), "cli", NOW)
    return newsletter


def send(folder: Path, sink: Sink) -> Program:
    path = folder / "newsletter.toml"
    if "[smtp]\nhost" not in path.read_text(encoding="utf-8"):
        server = f'[smtp]\nhost = "127.0.0.1"\nport = {sink.port}\nsecurity = "none"\n'
        path.write_text(path.read_text(encoding="utf-8") + server, encoding="utf-8")
    return Program("send", folder=folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_messages_in_flight_and_the_next_run_continues(
    many: Newsletter, tmp_path: Path, number: signal.Signals
) -> None:
    with sinking(tmp_path / "taken.log", "--pause", "0.02") as sink:
        first = send(tmp_path, sink)
        while len(sink.taken) < 10:
            assert first.returncode is None
            time.sleep(0.005)
        first.send_signal(number)
        stdout, stderr = first.communicate()
        taken = len(sink.taken)

        (edition,) = json.loads(many("deliveries", "--json").stdout)
        assert first.returncode == 128 + number
        assert (edition["sent"], edition["waiting"], edition["state"]) == (taken, SUBSCRIBERS - taken, "sending")
        assert 10 <= taken < SUBSCRIBERS
        assert f"shutdown: {SUBSCRIBERS - taken} messages waiting" in stderr
        assert f"{taken} sent" in stdout

        last = send(tmp_path, sink)
        last.communicate()

    assert last.returncode == 0
    assert len(sink.taken) == len({recipient for recipient, _ in sink.taken}) == SUBSCRIBERS


@pytest.mark.usefixtures("newsletter")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_with_0_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    without_sources(tmp_path)
    with Program("serve", "--web", "0", folder=tmp_path) as serving:
        assert serving.stdout.readline().startswith("pages at")
        assert serving.stdout.readline().startswith("next run at")
        serving.send_signal(number)
        _, stderr = serving.communicate()

    assert (serving.returncode, stderr) == (0, "")
