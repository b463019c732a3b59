from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.config.load import check_sender, load_config
from newsletter.config.model import Config, DkimSettings
from newsletter.config.schema import SETTINGS, new_config
from newsletter.errors import ConfigError
from newsletter.ranking.weights import Weights
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.site import Site, find_site
from newsletter.sources.huggingface import HuggingFace


def load(folder: Path, text: str, **environ: str) -> Config:
    (folder / "newsletter.toml").write_text(text, encoding="utf-8")
    return load_config(Site(folder), environ)


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    config = load(tmp_path, "")

    assert (config.site_name, config.site_url, config.smtp, config.sources) == ("Daily Papers", None, None, ())
    assert config.outbox == tmp_path / "outbox"
    assert (config.sender.name, config.sender.reply_to) == ("Daily Papers", "digest@newsletter.example")


def test_the_file_of_a_new_site_shows_every_setting_and_loads(tmp_path: Path) -> None:
    config = load(tmp_path, new_config())

    assert (config.site_url, config.sources, config.smtp) == ("https://newsletter.example", (HuggingFace(),), None)
    for setting in SETTINGS:
        assert f"{setting.name.split('.')[1]} = " in new_config()


def test_what_is_commented_out_in_it_may_be_taken_in(tmp_path: Path) -> None:
    uncommented = "\n".join(
        line.removeprefix("# ") if " = " in line or "[" in line else line for line in new_config().split("\n")
    )
    lines = [line for line in uncommented.split("\n") if line.startswith("[") or " = " in line]

    config = load(tmp_path, "\n".join(line for line in lines if not line.startswith("An ")))

    assert config.smtp == SmtpSettings("smtp.example.org", 587, Security.STARTTLS, "digest@example.org", timeout_s=60)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    config = load(
        tmp_path, '[smtp]\nhost = "a"\nport = 25\n', NEWSLETTER_SMTP_PORT="2525", NEWSLETTER_SMTP_PASSWORD="secret"
    )

    assert config.smtp == SmtpSettings("a", 2525, password="secret")
    assert "secret" not in repr(config)


@pytest.mark.parametrize(
    ("text", "complaint", "hint"),
    [
        ("[smtp]\nhots = 'a'\n", "smtp.hots: no such setting", "did you mean smtp.host?"),
        ("name = 'a'\n", "name: a table is expected, as in [name]", None),
        ("[smtp]\nport = 'many'\n", "smtp.port: a whole number from 1 to 65535 is expected, not 'many'", None),
        ("[smtp]\nport = true\n", "smtp.port: a whole number from 1 to 65535 is expected, not True", None),
        ("[smtp]\nsecurity = 'maybe'\n", "smtp.security: one of starttls, tls, none is expected, not 'maybe'", None),
        ("[site]\nname = 5\n", "site.name: text is expected, not 5", None),
        ("[site]\nurl = 'papers.example.org'\n", "site.url: an address is expected", None),
        ("[site]\nurl = 'https://['\n", "site.url: an address is expected", None),
        ("[sender]\naddress = 'me'\n", "sender.address: 'me' is not a valid email address", None),
        ("[[relays]]\nport = 25\n", "relays: number 1 has no host", 'as in host = "smtp.example.net"'),
        ("[[relays]]\nhots = 'a'\n", "smtp.hots: no such setting", "did you mean smtp.host?"),
        ("relays = 5\n", "relays: tables are expected", None),
        ("[dkim]\nselector = 'a'\n", "dkim.key: missing", "a signature needs a selector and a key"),
        ("[[sources]]\nkind = 'gopher'\n", "unknown source 'gopher'", "known: huggingface, "),
        ("[[sources]]\nkind = 'page'\nurl = 'x'\n", "page: url: no such setting", "known: none"),
        ("sources = 5\n", "sources: tables are expected", None),
        ("[smtp\n", "not valid TOML", None),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path, text: str, complaint: str, hint: str | None) -> None:
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
def test_real_mail_does_not_go_out_under_the_examples_names(tmp_path: Path, text: str, setting: str) -> None:
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
def test_ones_own_names_and_ones_own_machine_are_fine(tmp_path: Path, text: str) -> None:
    check_sender(load(tmp_path, text))


def test_a_site_is_found_from_inside_it(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").touch()
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)

    assert find_site(deep) == Site(tmp_path)


@pytest.mark.parametrize("setting", ["address", "reply_to"])
def test_an_address_of_ones_own_that_few_servers_take_is_refused(tmp_path: Path, setting: str) -> None:
    with pytest.raises(ConfigError, match=f"sender.{setting}: 'adá@example.org': .* SMTPUTF8"):
        load(tmp_path, f'[sender]\n{setting} = "adá@example.org"\n')


def test_an_international_domain_of_ones_own_is_fine(tmp_path: Path) -> None:
    assert load(tmp_path, '[sender]\naddress = "ada@bücher.example"\n').sender.domain == "xn--bcher-kva.example"


def test_a_site_may_weigh_otherwise(tmp_path: Path) -> None:
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
def test_a_weight_that_is_none_is_one_line(tmp_path: Path, line: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"[ranking]\n{line}\n")
    assert str(caught.value) == f"{tmp_path}/newsletter.toml: {complaint}"


def test_further_servers_have_the_settings_of_the_first_and_passwords_of_their_own(tmp_path: Path) -> None:
    text = "[smtp]\nhost = 'a'\n[[relays]]\nhost = 'b'\nport = 25\nusername = 'me'\n"

    config = load(tmp_path, text, NEWSLETTER_RELAY_1_PASSWORD="secret", NEWSLETTER_SMTP_PORT="2525")

    assert config.smtp == SmtpSettings("a", 2525)
    assert config.relays == (SmtpSettings("b", 25, username="me", password="secret"),)


def test_keys_to_sign_with_are_files_of_the_site_under_the_senders_domain(tmp_path: Path) -> None:
    config = load(tmp_path, "[dkim]\nselector = 's1'\nkey = 'dkim.pem'\n")

    assert config.dkim == DkimSettings("newsletter.example", (("s1", tmp_path / "dkim.pem"),))
