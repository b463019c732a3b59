"""What is wrong with what a subscriber asked for: said in their language, and never in the words of the program."""

from __future__ import annotations

import pytest

from newsletter.subscribers.subscriptions import FILE
from tests.web.live_site import LiveSite

#: What a German browser sends.
_GERMAN = {"Accept-Language": "de"}


@pytest.mark.parametrize(
    ("action", "fields", "sentence"),
    [
        ("pause", {"until": "never"}, "Bitte wähle einen Tag in den nächsten zwölf Monaten, an dem die Pause endet."),
        ("pause", {"until": "2999-01-01"}, "Bitte wähle einen Tag in den nächsten zwölf Monaten"),
        ("change-address", {"email": "ada"}, "Das ist keine vollständige E-Mail-Adresse."),
        ("change-address", {"email": f"{'a' * 300}@example.org"}, "Das ist keine vollständige E-Mail-Adresse."),
    ],
)
def test_mistakes_are_in_the_language_of_the_subscriber(
    live: LiveSite, action: str, fields: dict[str, str], sentence: str
) -> None:
    live.subscribe(language="de")
    response = live.client.post(f"{live.open_preferences()}/{action}", data=fields)
    assert response.status_code == 422
    assert sentence in response.text
    assert "choose" not in response.text
    assert "not a valid" not in response.text


def test_who_asks_for_a_link_with_half_an_address_reads_why_none_comes(live: LiveSite) -> None:
    response = live.client.post("/preferences", data={"email": "ada"}, headers=_GERMAN)
    assert response.status_code == 422
    assert "Das ist keine vollständige E-Mail-Adresse." in response.text


def test_a_digest_says_in_its_language_when_a_pause_may_end(live: LiveSite) -> None:
    live.subscribe(language="de")
    response = live.client.post(f"{live.digest_path()}/pause", data={"until": "never"})
    assert response.status_code == 422
    assert "Bitte wähle einen Tag in den nächsten zwölf Monaten" in response.text


def test_refusals_name_neither_commands_nor_files(live: LiveSite) -> None:
    live.subscribe(language="de")
    path = live.open_preferences()
    with live.store() as store:
        store.suppressions.suppress(live.subscriber().email, "bounced: 550 no such user", live.now)
    bounced = live.client.post(f"{path}/resume").text
    assert "Bitte ändere zuerst die Adresse." in bounced

    subscriber = live.subscriber()
    with live.store() as store:
        store.subscribers.update_profile(
            subscriber.id, subscriber.name, subscriber.profile, f"{FILE}ada", live.now
        )  # fmt: skip
    refused = live.client.post(f"{path}/save", data={"hour": "9"})
    assert refused.status_code == 422
    assert "in einer Datei" in refused.text
    assert "ada.toml" not in refused.text
