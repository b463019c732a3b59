"""Which transport the settings ask for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.errors import ConfigError
from newsletter.files.site import Site
from newsletter.pipeline.transport import make_transport
from newsletter.sending.maildir import MaildirTransport
from newsletter.sending.smtp.settings import SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "newsletter.toml").touch()
    return load_config(Site(tmp_path), environ={})


def test_without_a_server_messages_go_to_the_outbox(config: Config) -> None:
    assert isinstance(make_transport(config), MaildirTransport)


def test_with_a_server_they_are_sent(config: Config) -> None:
    assert isinstance(make_transport(replace(config, smtp=SmtpSettings("127.0.0.1"))), SmtpTransport)


def test_real_mail_is_not_sent_under_the_example_name(config: Config) -> None:
    with pytest.raises(ConfigError, match="still the example's"):
        make_transport(replace(config, smtp=SmtpSettings("smtp.pears.org")))
