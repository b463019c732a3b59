"""The links and the envelope by which a message names its subscriber; how it looks is in tests/rendering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from newsletter.config.model import WebhookSettings
from newsletter.models import tokens
from newsletter.pipeline.messages import PREFERENCES_LAST, MessageRenderer, make_message_id, site_context
from newsletter.pipeline.preview import sample_digest
from newsletter.rendering.cards import CardParts, Cards, Shown
from newsletter.rendering.message import Sender
from tests.factories import NOW, make_subscriber
from tests.pipeline.conftest import SendingSite

SECRET = b"secret"


@pytest.fixture
def renderer(site: SendingSite) -> MessageRenderer:
    config = replace(site.config, site_url="https://papers.example", bounce_address="bounces@papers.example")
    return MessageRenderer(config, site.environment, SECRET)


def test_the_links_hold_tokens_of_the_subscriber(renderer: MessageRenderer) -> None:
    ada = make_subscriber(id=7)
    message = renderer.write(sample_digest(ada, NOW), ada, "<1@papers.example>", NOW, delivery_id=12)
    mail = message_from_bytes(message.content, policy=default)

    one_click = str(mail["List-Unsubscribe"]).partition(">")[0].lstrip("<")
    assert tokens.read(SECRET, tokens.UNSUBSCRIBE, one_click.removeprefix("https://papers.example/unsubscribe/")) == 7
    preferences = message.text.partition("https://papers.example/preferences/")[2].split()[0]
    last = NOW.date() + PREFERENCES_LAST
    assert tokens.read_until(SECRET, tokens.PREFERENCES, preferences, last) == (7, True)
    assert tokens.read_until(SECRET, tokens.PREFERENCES, preferences, last + timedelta(days=1)) == (7, False)
    assert tokens.read_verp_address(SECRET, message.sender) == 12


def test_postmark_is_given_a_token_of_the_delivery_to_repeat(renderer: MessageRenderer) -> None:
    ada = make_subscriber(id=7)

    def header(delivery_id: int | None) -> str | None:
        message = renderer.write(sample_digest(ada, NOW), ada, "<1@papers.example>", NOW, delivery_id)
        value = message_from_bytes(message.content, policy=default)["X-PM-Metadata-delivery"]
        return None if value is None else str(value)

    assert header(12) is None
    renderer.config = replace(renderer.config, webhooks=WebhookSettings(postmark_password="sesame"))
    assert tokens.read_delivery_token(SECRET, str(header(12))) == 12
    assert header(None) is None


def test_without_pages_one_unsubscribes_by_mail(renderer: MessageRenderer) -> None:
    ada = make_subscriber(id=7)
    renderer.config = replace(renderer.config, site_url=None)
    message = renderer.write(sample_digest(ada, NOW), ada, "<1@papers.example>", NOW)
    header = str(message_from_bytes(message.content, policy=default)["List-Unsubscribe"])

    assert header.startswith("<mailto:")
    assert "/preferences/" not in message.text


def test_a_message_id_is_the_same_again_and_another_for_others() -> None:
    sender = Sender("Papers", "digest@papers.example", "digest@papers.example")
    one = make_message_id(SECRET, "daily-2026-05-08", 1, sender)
    assert one == make_message_id(SECRET, "daily-2026-05-08", 1, sender)
    assert one.endswith("@papers.example>")
    others = [
        make_message_id(SECRET, "daily-2026-05-08", 2, sender),
        make_message_id(SECRET, "daily-2026-05-09", 1, sender),
        make_message_id(b"other", "daily-2026-05-08", 1, sender),
    ]
    assert len({one, *others}) == 4


def test_templates_see_the_sites_settings(renderer: MessageRenderer) -> None:
    context = site_context(renderer.config)
    assert (context.name, context.url) == (renderer.config.site_name, "https://papers.example")


def test_the_cards_of_first_digests_are_found_once(renderer: MessageRenderer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.pipeline.messages._MAX_WELCOMING", 4)
    found, find = list[int](), Cards.find

    def counted(cards: Cards, papers: Sequence[Shown]) -> list[CardParts]:
        found.append(len(papers))
        return find(cards, papers)

    somebody = make_subscriber(id=7)
    sample = sample_digest(somebody, NOW)
    for number in range(3):  # in batches of three, of which four digests are kept
        batch = [replace(sample, considered=100 * number + n, is_first=True) for n in range(3)]
        renderer.prepare((digest, somebody) for digest in batch)
        monkeypatch.setattr(Cards, "find", counted)
        for digest in batch:
            renderer.write(digest, somebody, "<a@b.example>", NOW)
        monkeypatch.setattr(Cards, "find", find)
    assert found == []
