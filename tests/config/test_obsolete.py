from __future__ import annotations

import pytest

from newsletter.config.obsolete import upgrade_environment, upgrade_table


@pytest.mark.parametrize(
    ("old", "new", "notice"),
    [
        ({"returns": {"soft_limit": 3}}, {"bounces": {"soft_limit": 3}}, "[returns] is called [bounces] since 0.2"),
        ({"hooks": {"ses_topic_arn": "a"}}, {"webhooks": {"ses_topic_arn": "a"}}, "[hooks] is called [webhooks]"),
        ({"smtp": {"per_second": 5}}, {"smtp": {"max_per_second": 5}}, "smtp.per_second is called smtp.max_per_second"),
        ({"log": {"addresses": "yes"}}, {"log": {"addresses": True}}, "log.addresses is true or false since 0.2"),
    ],
)
def test_obsolete_settings_become_current_ones(old: dict[str, object], new: dict[str, object], notice: str) -> None:
    upgraded, notices = upgrade_table(old)
    assert upgraded == new
    assert [line.startswith(notice) for line in notices] == [True]
    assert upgrade_table(upgraded) == (upgraded, [])


def test_the_current_name_wins() -> None:
    assert upgrade_table({"smtp": {"max_per_hour": 2, "per_hour": 1}})[0] == {"smtp": {"max_per_hour": 2}}
    assert upgrade_table({"bounces": {"soft_limit": 2}, "returns": {"soft_limit": 1}})[0] == {
        "bounces": {"soft_limit": 2}
    }


def test_obsolete_variables_become_current_ones() -> None:
    environ = {"NEWSLETTER_RETURNS_IMAP_PASSWORD": "x", "NEWSLETTER_DESIGN_THUMBNAILS": "no", "PATH": "/bin"}
    upgraded, notices = upgrade_environment(environ)
    assert (upgraded["NEWSLETTER_BOUNCES_IMAP_PASSWORD"], upgraded["NEWSLETTER_DESIGN_THUMBNAILS"]) == ("x", "false")
    assert notices == [
        "NEWSLETTER_RETURNS_IMAP_PASSWORD is called NEWSLETTER_BOUNCES_IMAP_PASSWORD since 0.2",
        "NEWSLETTER_DESIGN_THUMBNAILS is true or false since 0.2",
    ]
