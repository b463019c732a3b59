from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import tokens

SECRET = b"a secret of thirty-two bytes ...."
IDS = st.integers(min_value=0, max_value=2**53)
MOMENTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(st.binary(), ANY_TEXT.filter(lambda text: text.isprintable()), IDS)
def test_a_token_is_read_as_the_subscriber_it_was_signed_for(secret: bytes, purpose: str, number: int) -> None:
    assert tokens.read(secret, purpose, tokens.sign(secret, purpose, number)) == number


@given(IDS, st.data())
def test_a_token_with_one_changed_character_is_invalid(number: int, data: st.DataObject) -> None:
    token = tokens.sign(SECRET, tokens.UNSUBSCRIBE, number)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(exclude_characters=token[place], exclude_categories=()))
    assert tokens.read(SECRET, tokens.UNSUBSCRIBE, token[:place] + other + token[place + 1 :]) is None


@given(ANY_TEXT)
def test_any_other_text_is_invalid(text: str) -> None:
    assert tokens.read(SECRET, tokens.UNSUBSCRIBE, text) is None
    assert tokens.read(SECRET, tokens.UNSUBSCRIBE, f"1.{text}") is None


@pytest.mark.parametrize(
    "token",
    ["", ".", "1", "1.", ".1", "-1.x", "+1.x", "1.0.x", "١.x", "²", "1.\udcff", "9" * 5_000 + ".x", "ada@example.org"],
)
def test_malformed_tokens_are_invalid(token: str) -> None:
    assert tokens.read(SECRET, tokens.UNSUBSCRIBE, token) is None


def test_a_token_is_invalid_for_another_purpose() -> None:
    assert tokens.read(SECRET, "read", tokens.sign(SECRET, tokens.UNSUBSCRIBE, 1)) is None


def test_a_token_of_another_site_is_invalid() -> None:
    assert tokens.read(b"another secret", tokens.UNSUBSCRIBE, tokens.sign(SECRET, tokens.UNSUBSCRIBE, 1)) is None


def test_the_signature_of_another_subscriber_is_invalid() -> None:
    _, signature = tokens.sign(SECRET, tokens.UNSUBSCRIBE, 1).split(".")
    assert tokens.read(SECRET, tokens.UNSUBSCRIBE, f"2.{signature}") is None


def test_a_token_is_the_same_every_time() -> None:
    assert tokens.sign(SECRET, tokens.UNSUBSCRIBE, 7) == tokens.sign(SECRET, tokens.UNSUBSCRIBE, 7)


@given(IDS)
def test_a_token_is_short_and_needs_no_escaping(number: int) -> None:
    token = tokens.sign(SECRET, tokens.UNSUBSCRIBE, number)
    assert len(token) == len(str(number)) + 21
    assert token.isascii()
    assert token.replace("-", "").replace("_", "").replace(".", "").isalnum()


@given(IDS, MOMENTS, st.integers(-3, 3))
def test_a_token_of_a_minute_is_valid_until_its_end(number: int, until: datetime, minutes: int) -> None:
    token = tokens.sign_until_minute(SECRET, tokens.SESSION, number, until)
    read = tokens.read_until_minute(SECRET, tokens.SESSION, token, until + timedelta(minutes=minutes))
    assert read == (number if minutes <= 0 else None)
    assert tokens.read_until_minute(SECRET, tokens.OPEN_PREFERENCES, token, until) is None
    assert tokens.read_until(SECRET, tokens.PREFERENCES, token, until.date()) is None


@given(IDS, IDS, st.booleans())
def test_a_feedback_token_is_read_as_subscriber_paper_and_liked(subscriber: int, paper: int, liked: bool) -> None:
    token = tokens.feedback_prefix(paper, liked=liked) + tokens.sign(SECRET, tokens.FEEDBACK, subscriber)
    assert tokens.read_feedback(SECRET, token) == (subscriber, paper, liked)
    assert tokens.read_feedback(b"another", token) is None
    assert tokens.read(SECRET, tokens.UNSUBSCRIBE, token.split(".", 2)[2]) is None


@given(IDS, IDS, st.booleans(), st.data())
def test_a_changed_feedback_token_is_invalid(subscriber: int, paper: int, liked: bool, data: st.DataObject) -> None:
    token = tokens.feedback_prefix(paper, liked=liked) + tokens.sign(SECRET, tokens.FEEDBACK, subscriber)
    place = data.draw(st.integers(len(tokens.feedback_prefix(paper, liked=liked)), len(token) - 1))
    other = data.draw(st.characters(exclude_characters=token[place], exclude_categories=()))
    assert tokens.read_feedback(SECRET, token[:place] + other + token[place + 1 :]) is None
    assert tokens.read_feedback(SECRET, tokens.sign(SECRET, tokens.UNSUBSCRIBE, subscriber)) is None


@given(ANY_TEXT)
def test_any_other_text_is_an_invalid_feedback_token(text: str) -> None:
    assert tokens.read_feedback(SECRET, text) is None
    assert tokens.read_feedback(SECRET, f"1.1.{text}") is None


def test_the_unsubscribe_link_of_an_older_message_works() -> None:
    # Made by version 0.1, whose purpose was "leave", with the secret b"secret" for subscriber 12.
    old = f"12.{base64.urlsafe_b64encode(hmac.digest(b'secret', b'leave|12', 'sha256')[:15]).decode()}"
    assert tokens.read(b"secret", tokens.UNSUBSCRIBE, old) == 12
    assert tokens.read(b"secret", tokens.FEEDBACK, old) is None
    assert tokens.sign(b"secret", tokens.UNSUBSCRIBE, 12) != old


@given(st.binary(min_size=1, max_size=200), st.integers(1, 10**12))
def test_the_signature_is_the_hmac_of_the_standard_library(secret: bytes, subscriber_id: int) -> None:
    mac = hmac.digest(secret, f"{tokens.UNSUBSCRIBE}|{subscriber_id}".encode(), "sha256")
    signature = tokens.sign(secret, tokens.UNSUBSCRIBE, subscriber_id).partition(".")[2]
    assert base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)) == mac[: len(signature) * 3 // 4]
