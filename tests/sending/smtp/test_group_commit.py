"""Group commits, by a clock of the tests' own."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

import pytest

from newsletter.models import Message
from newsletter.sending import Result, Verdict
from newsletter.sending.smtp.group_commit import GROUP, GROUP_S, GroupCommit
from newsletter.sending.smtp.rate_limit import RateLimiter, RateLimits
from newsletter.sending.smtp.settings import SmtpSettings
from tests.sending.messages import message


class Desk:
    """A ledger that keeps what is committed, and a clock."""

    def __init__(self, number: int = 1000) -> None:
        self.now = 100.0
        self.commits: list[tuple[list[Verdict], list[str]]] = []
        self.refused: set[str] = set()
        #: How long a transaction takes.
        self.commit_s = 0.0
        settings = SmtpSettings("mail.example.org", 25)
        self.messages = [
            replace(message(f"subscriber{at}@example.org"), message_id=f"<{at}@news.example>") for at in range(number)
        ]
        limiter = RateLimiter(iter(self.messages), settings, RateLimits([settings]))
        self.group = GroupCommit(limiter, self, lambda: self.now)

    def commit(self, results: Sequence[Result], departing: Sequence[Message]) -> AbstractSet[str]:
        self.commits.append(([one.verdict for one in results], [one.recipient for one in departing]))
        self.now += self.commit_s
        return {one.message_id for one in departing if one.recipient not in self.refused}

    def next(self) -> Message:
        found = self.group.next(self.now)
        assert found is not None
        return found

    def send(self, number: int, *, each_s: float = 0.0) -> None:
        """Send messages one after the other, each of which takes some time."""
        for _ in range(number):
            one = self.next()
            assert self.group.release([one], self.now) == {one.message_id}
            self.now += each_s
            self.group.add([Result(one, Verdict.SENT, "250 ok")])

    def speed_up(self) -> None:
        """Send so fast that forty messages depart ahead; connections take those that have."""
        self.send(400, each_s=GROUP_S / 40)
        while self.group._queue:
            self.next()
        self.group.finish()
        self.commits.clear()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_where_few_are_sent_each_departs_alone_and_its_result_is_recorded_with_the_next(desk: Desk) -> None:
    desk.send(3, each_s=GROUP_S)
    desk.group.finish()

    first, second, third = (one.recipient for one in desk.messages[:3])
    sent = [Verdict.SENT]
    assert desk.commits == [([], [first]), (sent, [second]), (sent, [third]), (sent, [])]


def test_where_few_are_sent_a_result_does_not_wait(desk: Desk) -> None:
    desk.send(1)
    desk.group.release([], desk.now)

    assert desk.commits[-1] == ([Verdict.SENT], [])


def test_where_many_are_sent_they_depart_together_and_results_wait_for_ten_milliseconds(desk: Desk) -> None:
    desk.speed_up()

    one = desk.next()
    assert len(desk.commits) == 1
    ahead = len(desk.commits[0][1])
    assert 39 <= ahead <= 40  # seconds are not exact
    assert desk.group.release([one], desk.now) == {one.message_id}
    desk.group.add([Result(one, Verdict.SENT, "250 ok")])
    desk.group.release([], desk.now + GROUP_S / 2)
    assert len(desk.commits) == 1
    assert desk.group.wait_s == pytest.approx(GROUP_S)
    desk.group.release([], desk.now + GROUP_S * 1.01)
    assert desk.commits[1][0] == [Verdict.SENT]


def test_no_more_results_wait_than_a_group(desk: Desk) -> None:
    desk.speed_up()
    desk.send(200)

    assert max(len(results) for results, _ in desk.commits) <= GROUP
    assert max(len(departing) for _, departing in desk.commits) <= GROUP
    assert len(desk.commits) <= 6


def test_the_slower_the_disk_is_the_more_messages_share_a_transaction(desk: Desk) -> None:
    desk.commit_s = 2 * GROUP_S
    desk.send(400, each_s=GROUP_S / 40)
    desk.commits.clear()
    desk.send(200, each_s=GROUP_S / 40)

    assert len(desk.commits) <= 6
    assert max(len(results) for results, _ in desk.commits) <= GROUP
    assert max(len(departing) for _, departing in desk.commits) <= GROUP


def test_a_transaction_for_results_lets_as_many_depart_as_have_left(desk: Desk) -> None:
    desk.speed_up()
    desk.send(30, each_s=GROUP_S / 40)
    desk.commits.clear()
    queued = len(desk.group._queue)
    desk.group.release([], desk.now + GROUP_S * 0.3)

    ((results, departing),) = desk.commits
    assert len(results) == 30
    assert 0 < queued < queued + len(departing) == desk.group._ahead


def test_who_must_not_be_mailed_any_more_is_offered_to_no_connection(desk: Desk) -> None:
    desk.speed_up()
    desk.refused = {one.recipient for one in desk.messages[:900]}

    assert desk.next() is desk.messages[900]


def test_after_a_pause_messages_depart_one_by_one_again(desk: Desk) -> None:
    desk.speed_up()
    desk.now += 5
    desk.send(50, each_s=GROUP_S)
    desk.commits.clear()
    desk.send(2, each_s=GROUP_S)

    assert [len(departing) for _, departing in desk.commits] == [1, 1]


def test_what_departed_ahead_and_was_not_begun_in_time_is_given_back(desk: Desk) -> None:
    desk.speed_up()
    late = desk.next()
    desk.now += 2

    assert desk.group.release([late], desk.now) == set()
    desk.next()
    desk.group.finish()
    ahead = len(desk.commits[0][1])
    assert sum(results.count(Verdict.UNSENT) for results, _ in desk.commits) == ahead >= 39


def test_a_stopped_run_gives_back_what_departed_ahead_and_lets_nothing_else_go(desk: Desk) -> None:
    desk.speed_up()
    desk.next()
    desk.group.stop()
    desk.group.finish()

    (_, ahead), (results, departing) = desk.commits
    assert (results, departing) == ([Verdict.UNSENT] * (len(ahead) - 1), [])
    assert desk.group.next(desk.now) is None
    assert desk.group.is_empty


def test_as_many_messages_are_made_ahead_as_leave_in_ten_milliseconds(desk: Desk) -> None:
    desk.send(200, each_s=GROUP_S / 10)  # too few to depart ahead
    desk.group.finish()

    desk.group.prepare()

    upcoming = next(desk.group._limiter._messages)
    assert 209 <= desk.messages.index(upcoming) <= 211  # seconds are not exact
    assert max(len(departing) for _, departing in desk.commits) == 1


def test_where_messages_leave_slowly_none_is_made_before_it_is_wanted(desk: Desk) -> None:
    desk.send(20, each_s=2 * GROUP_S)
    desk.group.finish()

    desk.group.prepare()

    assert len(list(desk.group._limiter._messages)) == len(desk.messages) - 20


def test_no_message_is_made_ahead_while_results_are_due(desk: Desk) -> None:
    desk.speed_up()
    desk.send(1)
    desk.now += GROUP_S
    upcoming = desk.group._limiter._messages
    one = next(upcoming)

    desk.group.prepare()

    assert desk.messages.index(next(upcoming)) == desk.messages.index(one) + 1
