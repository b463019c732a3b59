from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.config.load import check_sender, load_config
from newsletter.config.model import Config, DkimSettings, InDoubtPolicy
from newsletter.errors import ConfigError
from newsletter.files.site import Site, find_site
from newsletter.models.weights import Weights
from newsletter.sending.smtp.settings import SmtpSettings


def load(folder: Path, text: str, **environ: str) -> Config:
    (folder / "newsletter.toml").write_text(text, encoding="utf-8")
    return load_config(Site(folder), environ)


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    config = load(tmp_path, "")

    assert (config.site_name, config.site_url, config.smtp, config.sources) == ("Daily Papers", None, None, ())
    assert config.outbox == tmp_path / "outbox"
    assert (config.sender.name, config.sender.reply_to) == ("Daily Papers", "digest@newsletter.example")


def test_the_environment_takes_precedence_over_the_file(tmp_path: Path) -> None:
    config = load(
        tmp_path, '[smtp]\nhost = "a"\nport = 25\n', NEWSLETTER_SMTP_PORT="2525", NEWSLETTER_SMTP_PASSWORD="secret"
    )

    assert config.smtp == SmtpSettings("a", 2525, password="secret")
    assert "secret" not in repr(config)


@pytest.mark.parametrize(
    ("text", "complaint", "hint"),
    [
        ("[smtp]\nhots = 'a'\n", "smtp.hots: no such setting", "did you mean smtp.host?"),
        ("name = 'a'\n", "name: expected a table, as in [name]", None),
        ("[smtp]\nport = 'many'\n", "smtp.port: a whole number from 1 to 65535 is expected, not 'many'", None),
        ("[smtp]\nport = true\n", "smtp.port: a whole number from 1 to 65535 is expected, not True", None),
        ("[smtp]\nsecurity = 'maybe'\n", "smtp.security: one of starttls, tls, none is expected, not 'maybe'", None),
        ("[site]\nname = 5\n", "site.name: text is expected, not 5", None),
        ("[site]\nurl = 'papers.example.org'\n", "site.url: expected a URL", "for example https://papers.example.org"),
        ("[site]\nurl = 'https://['\n", "site.url: expected a URL", "for example https://papers.example.org"),
        ("[sender]\naddress = 'me'\n", "sender.address: 'me' is not a valid email address", None),
        ("[[relays]]\nport = 25\n", "relays: entry 1: missing host", 'for example host = "smtp.example.net"'),
        ("[[relays]]\nhots = 'a'\n", "relays: entry 1: smtp.hots: no such setting", "did you mean smtp.host?"),
        ("relays = 5\n", "relays: expected tables", "for example [[relays]]"),
        ("[dkim]\nselector = 'a'\n", "dkim.key: missing", "a signature needs a selector and a key"),
        ("[[sources]]\nkind = 'gopher'\n", "unknown source 'gopher'", "known: huggingface, "),
        ("[[sources]]\nkind = 'page'\nurl = 'x'\n", "page: url: no such setting", "known: none"),
        ("sources = 5\n", "sources: expected tables", "for example [[sources]]"),
        ("[smtp\n", "not valid TOML", "texts stand in quotes, lists in brackets, and a name is set once"),
        ("[delivery]\nin_doubt = 'forget'\n", "delivery.in_doubt: one of resend, hold is expected, not 'forget'", None),
        ("[summaries]\nbase_url = 'x'\n", "summaries.base_url: expected a URL", "for example http"),
        ("[design]\naccent = 'red-ish'\n", "design.accent: expected a colour, not 'red-ish'", "for example #"),
    ],
)
def test_the_error_names_the_file_and_the_setting(tmp_path: Path, text: str, complaint: str, hint: str | None) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, text)

    assert raised.value.message.startswith(f"{tmp_path}/newsletter.toml: {complaint}")
    assert str(raised.value.hint).startswith(str(hint))


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ('[smtp]\nhost = "smtp.example.org"\n', "sender.address"),
        (
            '[smtp]\nhost = "smtp.example.org"\n[sender]\naddress = "me@uni.edu"\n[site]\nurl = "https://newsletter.example"\n',
            "site.url",
        ),
    ],
)
def test_real_mail_is_not_sent_under_the_examples_names(tmp_path: Path, text: str, setting: str) -> None:
    with pytest.raises(ConfigError, match=f"{setting} is still the example's"):
        check_sender(load(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        '[smtp]\nhost = "smtp.example.org"\n[sender]\naddress = "me@uni.edu"\n',
        '[smtp]\nhost = "127.0.0.1"\n',
        '[smtp]\nhost = "localhost"\n',
        "",
    ],
)
def test_own_names_and_local_servers_are_accepted(tmp_path: Path, text: str) -> None:
    check_sender(load(tmp_path, text))


def test_a_site_is_found_from_inside_it(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").touch()
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)

    assert find_site(deep) == Site(tmp_path)


@pytest.mark.parametrize("setting", ["address", "reply_to"])
def test_a_sender_that_needs_smtputf8_is_refused(tmp_path: Path, setting: str) -> None:
    with pytest.raises(ConfigError, match=f"sender.{setting}: 'adá@example.org' needs SMTPUTF8"):
        load(tmp_path, f'[sender]\n{setting} = "adá@example.org"\n')


def test_a_sender_may_have_an_international_domain(tmp_path: Path) -> None:
    assert load(tmp_path, '[sender]\naddress = "ada@bücher.example"\n').sender.domain == "xn--bcher-kva.example"


def test_a_site_may_set_weights(tmp_path: Path) -> None:
    assert load(tmp_path, "").weights == Weights()
    assert load(tmp_path, "[ranking]\npopularity = 0\ntitle = 4.5\n").weights == Weights(popularity=0, title=4.5)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("populairty = 1", "ranking.populairty: no such setting (did you mean ranking.popularity?)"),
        ("title = -1", "ranking.title: a number from 0 to 1000 is expected, not -1"),
        ("title = true", "ranking.title: a number from 0 to 1000 is expected, not True"),
        ('title = "3"', "ranking.title: a number from 0 to 1000 is expected, not '3'"),
        ("title = nan", "ranking.title: a number from 0 to 1000 is expected, not nan"),
        ("half_life_days = 0", "ranking.half_life_days: more than 0 is expected"),
    ],
)
def test_an_invalid_weight_is_an_error(tmp_path: Path, line: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"[ranking]\n{line}\n")
    assert str(caught.value) == f"{tmp_path}/newsletter.toml: {complaint}"


def test_relays_have_the_settings_of_smtp_and_their_own_passwords(tmp_path: Path) -> None:
    text = "[smtp]\nhost = 'a'\n[[relays]]\nhost = 'b'\nport = 25\nusername = 'me'\n"

    config = load(tmp_path, text, NEWSLETTER_RELAY_1_PASSWORD="secret", NEWSLETTER_SMTP_PORT="2525")

    assert config.smtp == SmtpSettings("a", 2525)
    assert config.relays == (SmtpSettings("b", 25, username="me", password="secret"),)


def test_dkim_keys_are_files_of_the_site(tmp_path: Path) -> None:
    config = load(tmp_path, "[dkim]\nselector = 's1'\nkey = 'dkim.pem'\n")

    assert config.dkim == DkimSettings("newsletter.example", (("s1", tmp_path / "dkim.pem"),))


def test_the_old_name_of_a_setting_of_sources_is_accepted_with_one_notice(tmp_path: Path) -> None:
    text = '[[sources]]\nkind = "arxiv"\nevery = 9\n\n[[sources]]\nkind = "pubmed"\nevery = 1\nmin_interval_hours = 2\n'
    config = load(tmp_path, text, NEWSLETTER_CROSSREF_EVERY="3")
    assert [getattr(source, "min_interval_hours", None) for source in config.sources] == [9, 2]
    assert config.obsolete == (
        "sources: every is called min_interval_hours since 0.2",
        "NEWSLETTER_CROSSREF_EVERY is called NEWSLETTER_CROSSREF_MIN_INTERVAL_HOURS since 0.2",
    )


def test_the_in_doubt_policy_is_an_enum(tmp_path: Path) -> None:
    assert load(tmp_path, "").delivery.in_doubt is InDoubtPolicy.RESEND
    assert load(tmp_path, '[delivery]\nin_doubt = "hold"\n').delivery.in_doubt is InDoubtPolicy.HOLD
