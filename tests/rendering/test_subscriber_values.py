"""Tests of `newsletter.rendering.subscriber_values`: the same bytes as without the stand-in, whatever the address."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Subscriber, Topic
from newsletter.rendering import subscriber_values
from newsletter.rendering.digest_context import subscriber_texts
from newsletter.rendering.fragments import (
    ATTRIBUTE,
    Fragment,
    Slot,
    Unfilled,
    encode_values,
    has_clean_lines,
    placeholder,
)
from newsletter.rendering.language import language
from newsletter.rendering.subscriber_values import SubscriberValues
from newsletter.rendering.wrapping import FILTERS
from tests.factories import make_profile, make_subscriber

LINKS = {"unsubscribe_url": "https://papers.example.org/unsubscribe/1.aB-_", "web_url": "", "token": "1.aB-_."}
FRAGMENT = Fragment(
    tuple([b""] * 8),
    (
        Slot("why", ("wrap 0 0 0",)), Slot("why"), Slot("why", (ATTRIBUTE,)), Slot("subscriber_email"),
        Slot("unsubscribe_url", (ATTRIBUTE,)), Slot("web_url"), Slot("token"),
    ),
)  # fmt: skip
UNFILLED = Unfilled.of(FRAGMENT.fill({wanted: placeholder(wanted) for wanted in FRAGMENT.slots}))
LANGUAGES = st.sampled_from(["en", "de", "ja", "zh"])


def escaped(text: str) -> str:
    return html.escape(text, quote=False)


def of(values: SubscriberValues, subscriber: Subscriber, escape: Callable[[str], str]) -> dict[Slot, bytes]:
    (found,) = values.of([(UNFILLED, escape)], subscriber, LINKS)
    return {UNFILLED.slots[name]: value for name, value in found.items()}


def expected(subscriber: Subscriber, code: str, escape: Callable[[str], str]) -> dict[Slot, bytes]:
    texts = subscriber_texts(subscriber, language(code)) | LINKS
    return encode_values(FRAGMENT.slots, texts, FILTERS, escape)


locals_ = st.text("abzqjx019._+-'&!", min_size=1, max_size=40)
domains = st.text("abzqjx019.-", min_size=1, max_size=40)


@given(st.builds(lambda local, domain: f"{local}@{domain}.example", locals_, domains), LANGUAGES, st.booleans())
def test_values_equal_those_encoded_one_by_one(email: str, code: str, is_html: bool) -> None:
    values, escape = SubscriberValues(language(code)), escaped if is_html else str
    subscriber = replace(
        make_subscriber(profile=make_profile(topics=(Topic("Proteins & folds", "protein"),))), email=email
    )

    for _ in range(2):  # the second time with what is known
        assert of(values, subscriber, escape) == expected(subscriber, code, escape)
    assert all(map(has_clean_lines, of(values, subscriber, escape).values()))


@pytest.mark.parametrize("topic", ["qzjxqzjxqzjxqzjxqzjxqzjxqzjx", ".dots", "=?utf-8?q?x?=", "量子 ビット " * 20])
def test_no_topic_is_taken_for_the_address(topic: str) -> None:
    values = SubscriberValues(language("en"))

    for email in ("ada@example.org", "bob@example.org"):
        subscriber = replace(make_subscriber(profile=make_profile(topics=(Topic(topic, "protein"),))), email=email)
        assert of(values, subscriber, str) == expected(subscriber, "en", str)


def test_what_is_kept_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriber_values, "_MAX_KEPT", 4)
    values = SubscriberValues(language("en"))

    for length in range(1, 20):
        of(values, make_subscriber(email=f"{'a' * length}@example.org"), str)

    assert 0 < len(values._paragraphs) <= 4
