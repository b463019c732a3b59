"""Settings of older releases: an old newsletter.toml loads, and each old name is named once."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.config.obsolete import BOOLEANS, RENAMED, upgrade_environment, upgrade_table
from newsletter.config.schema import SETTINGS
from newsletter.errors import ConfigError
from newsletter.files.site import CONFIG_NAME, Site
from newsletter.sending.bounces.settings import BounceSettings
from newsletter.sending.smtp.settings import SmtpSettings

#: A site of newsletter 0.1; its README says how it was made.
OLD_SITE = Path(__file__).parents[1] / "store" / "old"


def test_an_old_newsletter_toml_loads_with_every_value_and_a_notice_on_each_old_name() -> None:
    config = load_config(Site(OLD_SITE), environ={})

    assert config.smtp == SmtpSettings(
        "smtp.example.org", 587, username="digest@example.org", connections=2, max_messages_per_connection=100,
        max_per_second=5, max_per_hour=1000, max_per_second_per_domain=2,
    )  # fmt: skip
    assert [(relay.host, relay.max_per_second) for relay in config.relays] == [("smtp.example.net", 3)]
    assert config.bounce_address == "bounces@example.org"
    assert config.bounces == BounceSettings(
        soft_limit=4, imap_host="imap.example.org", imap_username="bounces@example.org"
    )
    assert config.webhooks.ses_topic_arn == "arn:aws:sns:eu-west-1:123456789012:returns"
    assert config.webhooks.postmark_username == "postman"
    assert (config.design.thumbnails, config.log_addresses) == (True, False)
    assert (config.delivery.in_doubt, config.delivery.max_age_hours, config.weights.popularity) == ("hold", 48, 0.5)
    assert config.obsolete == (
        "design.thumbnails is true or false since 0.2",
        "smtp.per_connection is called smtp.max_messages_per_connection since 0.2",
        "smtp.per_second is called smtp.max_per_second since 0.2",
        "smtp.per_hour is called smtp.max_per_hour since 0.2",
        "smtp.per_domain is called smtp.max_per_second_per_domain since 0.2",
        "[returns] is called [bounces] since 0.2",
        "[hooks] is called [webhooks] since 0.2",
        "log.addresses is true or false since 0.2",
        "relays: per_second is called max_per_second since 0.2",
    )


def test_old_environment_variables_are_read_with_a_notice() -> None:
    environ = {
        "NEWSLETTER_RETURNS_IMAP_PASSWORD": "secret",
        "NEWSLETTER_HOOKS_POSTMARK_PASSWORD": "secret, too",
        "NEWSLETTER_DESIGN_THUMBNAILS": "no",
    }

    config = load_config(Site(OLD_SITE), environ)

    assert (config.bounces.imap_password, config.webhooks.postmark_password) == ("secret", "secret, too")
    assert config.design.thumbnails is False
    assert config.obsolete[-3:] == (
        "NEWSLETTER_HOOKS_POSTMARK_PASSWORD is called NEWSLETTER_WEBHOOKS_POSTMARK_PASSWORD since 0.2",
        "NEWSLETTER_RETURNS_IMAP_PASSWORD is called NEWSLETTER_BOUNCES_IMAP_PASSWORD since 0.2",
        "NEWSLETTER_DESIGN_THUMBNAILS is true or false since 0.2",
    )


def test_the_number_of_senders_is_read_under_its_former_name() -> None:
    upgraded, notices = upgrade_table({"delivery": {"workers": 4}})

    assert upgraded == {"delivery": {"senders": 4}}
    assert notices == ["delivery.workers is called delivery.senders since 0.2"]


def test_present_names_and_booleans_give_no_notice() -> None:
    table = {"bounces": {"soft_limit": 3}, "smtp": {"max_per_second": 5}, "design": {"thumbnails": True}}
    assert upgrade_table(table) == (table, [])
    environ = {"NEWSLETTER_BOUNCES_SOFT_LIMIT": "3", "NEWSLETTER_DESIGN_THUMBNAILS": "true", "HOME": "/home/ada"}
    assert upgrade_environment(environ) == (environ, [])


def test_a_present_name_wins_over_an_old_one_in_any_order() -> None:
    for table in (
        {"smtp": {"per_second": 1, "max_per_second": 2}, "returns": {"soft_limit": 1}, "bounces": {"soft_limit": 2}},
        {"bounces": {"soft_limit": 2}, "returns": {"soft_limit": 1}, "smtp": {"max_per_second": 2, "per_second": 1}},
    ):
        upgraded, notices = upgrade_table(table)
        assert upgraded == {"smtp": {"max_per_second": 2}, "bounces": {"soft_limit": 2}}
        assert len(notices) == 2
    environ = {"NEWSLETTER_SMTP_PER_SECOND": "1", "NEWSLETTER_SMTP_MAX_PER_SECOND": "2"}
    assert upgrade_environment(environ)[0]["NEWSLETTER_SMTP_MAX_PER_SECOND"] == "2"


def test_a_wrong_value_under_an_old_name_is_an_error_under_the_present_one(tmp_path: Path) -> None:
    (tmp_path / CONFIG_NAME).write_text("[returns]\nsoft_limit = 'many'\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bounces\.soft_limit"):
        load_config(Site(tmp_path), environ={})


def test_every_name_that_old_ones_become_is_a_setting() -> None:
    names = {setting.name for setting in SETTINGS}
    groups = {name.partition(".")[0] for name in names}
    assert {new for new in RENAMED.values() if "." in new} | set(BOOLEANS) <= names
    assert {new for new in RENAMED.values() if "." not in new} <= groups
    assert not set(RENAMED) & (names | groups)


def test_the_old_name_of_a_setting_of_sources_is_accepted_with_one_notice(tmp_path: Path) -> None:
    text = '[[sources]]\nkind = "arxiv"\nevery = 9\n\n[[sources]]\nkind = "pubmed"\nevery = 1\nmin_interval_hours = 2\n'
    (tmp_path / CONFIG_NAME).write_text(text)
    config = load_config(Site(tmp_path), {"NEWSLETTER_CROSSREF_EVERY": "3"})
    assert [getattr(source, "min_interval_hours", None) for source in config.sources] == [9, 2]
    assert config.obsolete == (
        "sources: every is called min_interval_hours since 0.2",
        "NEWSLETTER_CROSSREF_EVERY is called NEWSLETTER_CROSSREF_MIN_INTERVAL_HOURS since 0.2",
    )
