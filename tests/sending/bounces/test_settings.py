"""Which mailboxes the settings name, in their order."""

from __future__ import annotations

from pathlib import Path

from newsletter.sending.bounces.settings import BounceSettings, Mailbox


def test_the_mailboxes_are_those_of_the_table_and_then_the_further_ones() -> None:
    further = (Mailbox(maildir=Path("replies")),)
    settings = BounceSettings(maildir=Path("bounces"), imap_host="imap.example.org", further=further)

    own, account, other = settings.mailboxes
    assert own == Mailbox(maildir=Path("bounces"))
    assert account.account is settings
    assert (other,) == further


def test_without_any_there_is_none() -> None:
    assert BounceSettings().mailboxes == ()
