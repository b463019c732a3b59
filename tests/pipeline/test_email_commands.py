"""Unsubscribing and feedback by email."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Status, tokens
from newsletter.pipeline.email_commands import Command, EmailCommand, process_reply
from newsletter.store import Store
from tests.factories import NOW, make_entry, make_profile

ADA = "ada@reader.example"
INVALID = (f"unsubscribe {ADA}", "unsubscribe 1.abc", "unsubscribe", "feedback 1.1.1.x")


@pytest.fixture
def ada(store: Store) -> Store:
    store.subscribers.add(ADA, "", make_profile(), "cli", NOW)
    store.papers.add(make_entry(), NOW)
    return store


def mail(subject: str) -> bytes:
    return f"From: anybody@elsewhere.example\r\nSubject: {subject}\r\n\r\n".encode()


def test_an_unsubscribe_token_unsubscribes(ada: Store) -> None:
    token = tokens.sign(ada.secret(), tokens.UNSUBSCRIBE, 1)
    assert process_reply(ada, mail(f"Re:  unsubscribe\r\n {token}"), NOW) == EmailCommand(Command.UNSUBSCRIBE, ADA)
    assert ada.subscribers.get(ADA).status is Status.UNSUBSCRIBED
    assert ada.suppressions.why_suppressed(ADA) == "unsubscribed"


def test_a_feedback_token_records_feedback(ada: Store) -> None:
    token = tokens.feedback_prefix(1, liked=False) + tokens.sign(ada.secret(), tokens.FEEDBACK, 1)
    done = process_reply(ada, mail(f"feedback {token}"), NOW)
    assert done == EmailCommand(Command.LESS_LIKE_THIS, ADA, make_entry().title)
    assert ada.feedback.of(1) == {1: False}


@given(subject=st.text(max_size=60) | st.sampled_from(INVALID))
def test_any_other_subject_is_ignored(ada: Store, subject: str) -> None:
    assert process_reply(ada, mail(subject), NOW) is None
    assert ada.subscribers.get(ADA).status is Status.ACTIVE
