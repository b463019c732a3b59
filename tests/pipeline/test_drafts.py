"""An edition is queued in batches, as a draft that nobody sends: others write in between, and a crash may come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.errors import TemplateError
from newsletter.files.site import Site
from newsletter.models import EditionState, Message
from newsletter.pipeline import deliver as delivering
from newsletter.pipeline.edition_state import Action, change_state
from newsletter.pipeline.plan import Intent
from newsletter.sending import Ledger, Result, Transport, Verdict, never
from newsletter.store import Store, open_store
from newsletter.subscribers.privacy import erase
from newsletter.subscribers.subscriptions import unsubscribe
from tests.factories import NOW
from tests.pipeline.conftest import SendingSite
from tests.postgresql import emptied_store
from tests.stores import open_again, open_new_store

KEY = "daily-2026-05-08"
PEOPLE = [f"reader{number}@example.org" for number in range(9)]


class Killed(BaseException):
    """The process ends here."""


class Kept(Transport):
    """A transport that accepts every message, and keeps whose it was, and its Message-ID."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []

    def open(self, abandoned: Callable[[], bool] = never) -> None:
        pass

    def send(
        self,
        messages: Iterator[Message],
        ledger: Ledger,
        stopped: Callable[[], bool] = never,
        abandoned: Callable[[], bool] = never,
    ) -> None:
        while not stopped() and (batch := list(islice(messages, 3))):
            departed = ledger.commit([], batch)
            left = [one for one in batch if one.message_id in departed]
            self.taken += [(one.recipient, one.message_id) for one in left]
            ledger.commit([Result(one, Verdict.SENT, "250 ok") for one in left], [])

    def close(self) -> None:
        pass


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A new store: in a file, and on a server."""
    is_file = request.param == "sqlite"
    with open_new_store(tmp_path / "newsletter.db") if is_file else open_store(emptied_store()) as opened:
        yield opened


@pytest.fixture
def site(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SendingSite:
    """A site with nine subscribers, of whom two are planned at a time."""
    monkeypatch.setattr(delivering, "PLANNED_BATCH", 2)
    (tmp_path / "newsletter.toml").write_text("", encoding="utf-8")
    site = SendingSite(store, load_config(Site(tmp_path), environ={}))
    site.add_paper("Pears in Winter", 1)
    for one in PEOPLE:
        site.add_subscriber(one, "pears")
    return site


def between_batches(monkeypatch: pytest.MonkeyPatch, act: Callable[[int], None]) -> None:
    """Call a function after each batch that is queued, with the number of the batch, from 1."""
    plain, batches = delivering._queue_batch, Counter[str]()

    def watched(*arguments: object) -> None:
        plain(*arguments)  # type: ignore[arg-type]
        batches[KEY] += 1
        act(batches[KEY])

    monkeypatch.setattr(delivering, "_queue_batch", watched)


def test_who_unsubscribes_between_two_batches_is_not_mailed_and_does_not_wait(
    site: SendingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second connection writes while the edition is planned: about people who are planned, and who are not yet."""
    seen: list[object] = []

    def unsubscribe_some(batch: int) -> None:
        with open_again(site.store) as other:
            seen.append((other.editions.states(), other.deliveries.claim(site.now, after=0, limit=9)))
            if batch == 1:
                planned = {one.subscriber_id for one in other.deliveries.open()}
                first, second = (one.email for one in other.subscribers.all() if one.id in planned)
                *_, third, fourth, fifth = (one.email for one in other.subscribers.all() if one.id not in planned)
                unsubscribe(other, first, site.now)
                unsubscribe(other, third, site.now)
                other.suppressions.suppress(second, "complaint", site.now)
                other.suppressions.suppress(fourth, "complaint", site.now)
                erase(other, fifth, site.now)
                gone.update((first, second, third, fourth, fifth))

    gone: set[str] = set()
    between_batches(monkeypatch, unsubscribe_some)
    transport = Kept()
    site.send(transport)

    assert len(gone) == 5
    assert sorted(recipient for recipient, _ in transport.taken) == sorted({*PEOPLE} - gone)
    assert {*map(str, seen)} == {str(({KEY: EditionState.DRAFT}, []))}
    assert site.store.editions.states() == {}


def test_a_kill_in_any_gap_misses_nobody_and_mails_nobody_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends before its first transaction, before its second, and so on."""
    gaps = 0
    while _sends_all_after_a_kill(tmp_path / str(gaps), gaps, monkeypatch):
        gaps += 1
    assert gaps > 2 + len(PEOPLE) / 2


def _sends_all_after_a_kill(folder: Path, gap: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Plan and be killed before a transaction; return False if there was no such transaction."""
    folder.mkdir()
    (folder / "newsletter.toml").write_text("", encoding="utf-8")
    monkeypatch.setattr(delivering, "PLANNED_BATCH", 2)
    with open_new_store(folder / "newsletter.db") as store:
        site = SendingSite(store, load_config(Site(folder), environ={}))
        site.add_paper("Pears in Winter", 1)
        for one in PEOPLE:
            site.add_subscriber(one, "pears")
        store.secret()
        was_killed = False
        with monkeypatch.context() as patched:
            patched.setattr(type(store._db), "transaction", _killed_after(gap, type(store._db).transaction))
            try:
                site.send(Kept(), is_shared=True)
            except Killed:
                was_killed = True
    with open_store(folder / "newsletter.db") as store:
        site = SendingSite(store, load_config(Site(folder), environ={}), now=NOW + timedelta(minutes=1))
        planned = {one.subscriber_id: one.message_id for one in store.deliveries.open()}
        transport = Kept()
        site.send(transport)
        assert Counter(recipient for recipient, _ in transport.taken) == Counter(PEOPLE)
        assert {*planned.values()} <= {message_id for _, message_id in transport.taken}
        assert store.deliveries.counts() == {"sent": len(PEOPLE)}
        assert store.editions.states() == {}
    return was_killed


def _killed_after(number: int, plain: Callable[..., object]) -> Callable[..., object]:
    begun = Counter[str]()

    @contextmanager
    def transaction(database: object) -> Iterator[None]:
        if not database.is_in_transaction:  # type: ignore[attr-defined]
            if begun["transactions"] == number:
                raise Killed
            begun["transactions"] += 1
        with plain(database):  # type: ignore[attr-defined]
            yield

    return transaction


def test_two_planners_plan_nobody_twice(site: SendingSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks keep a second planner away; if one comes all the same, the ledger does."""

    def plan_too(batch: int) -> None:
        if batch == 2:
            with open_again(site.store) as other:
                SendingSite(other, site.config, site.now).send(Kept(), is_shared=True)

    between_batches(monkeypatch, plan_too)
    site.send(Kept(), is_shared=True)

    assert site.store.deliveries.counts() == {"queued": len(PEOPLE)}
    transport = Kept()
    site.send(transport)
    assert Counter(recipient for recipient, _ in transport.taken) == Counter(PEOPLE)


def test_a_draft_is_not_shared(site: SendingSite, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(batch: int) -> None:
        if batch == 2:
            raise Killed

    with monkeypatch.context() as patched:
        between_batches(patched, end)
        with pytest.raises(Killed):
            site.send(Kept(), is_shared=True)
    assert len(site.store.deliveries.open()) == 4
    assert site.store.shards.divide_rest(site.now, 2) == 0
    assert site.store.deliveries.depart_special(1, site.now) is False
    site.send(Kept(), is_shared=True)
    assert site.store.shards.divide_rest(site.now, 2) == 5


@pytest.mark.parametrize("action", [Action.PAUSE, Action.CANCEL])
def test_what_is_paused_or_cancelled_while_it_is_planned_is_not_sent(
    site: SendingSite, monkeypatch: pytest.MonkeyPatch, action: Action
) -> None:
    def act(batch: int) -> None:
        if batch == 2:
            with open_again(site.store) as other:
                change_state(other, KEY, action, site.now)

    transport = Kept()
    between_batches(monkeypatch, act)
    site.send(transport)
    site.send(transport)
    assert transport.taken == []
    waiting = len(site.store.deliveries.open())
    assert waiting == (0 if action is Action.CANCEL else len(PEOPLE))
    if action is Action.PAUSE:
        change_state(site.store, KEY, Action.RESUME, site.now)
        site.send(transport)
        assert Counter(recipient for recipient, _ in transport.taken) == Counter(PEOPLE)


def test_a_template_that_breaks_a_later_batch_keeps_all_from_being_sent(
    site: SendingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_run: object, intent: Intent) -> None:
        if intent.subscriber.email == PEOPLE[-1]:
            raise TemplateError("broken")

    transport = Kept()
    with monkeypatch.context() as patched:
        patched.setattr(delivering, "_check_templates", broken)
        for _ in range(2):
            with pytest.raises(TemplateError):
                site.send(transport)
    assert (transport.taken, site.store.editions.states()) == ([], {KEY: EditionState.DRAFT})
    site.send(transport)
    assert Counter(recipient for recipient, _ in transport.taken) == Counter(PEOPLE)
