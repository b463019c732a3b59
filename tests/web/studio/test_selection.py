"""What can be selected in the studio, and what is reported as invalid."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams
from starlette.testclient import TestClient

from newsletter.files.site import Site
from newsletter.models import Style
from newsletter.models.languages import LANGUAGES
from newsletter.web.studio.selection import Selection, fields_of, parse_selection
from tests.web.studio.client import ADA, get_preview

TOPIC = st.text(min_size=1, max_size=20).map(lambda text: " ".join(text.replace(";", "").split())).filter(bool)
SELECTIONS = st.builds(
    Selection,
    subscriber=st.sampled_from(["", "ada@example.org", "file:example"]),
    topics=st.lists(TOPIC, max_size=3).map(tuple),
    style=st.sampled_from(["", *Style]),
    language=st.sampled_from(["", *LANGUAGES]),
)


@given(selection=SELECTIONS)
def test_the_pages_fields_are_parsed_back(selection: Selection) -> None:
    assert parse_selection(QueryParams(urlencode(fields_of(selection)))) == selection


def test_selected_style_and_language_replace_the_subscribers(studio: TestClient) -> None:
    german = studio.get("/digest.html", params=ADA | {"language": "de", "style": "compact"}).text

    assert '<html lang="de"' in german
    assert 'class="row' in german
    assert 'class="card"' not in german


def test_an_edited_profile_shows_before_it_is_synced(studio: TestClient, site: Site) -> None:
    file = site.subscribers / "ada.toml"
    assert get_preview(studio, **ADA)["style"] == "cards"
    file.write_text('email = "ada@example.org"\nstyle = "compact"\ntopics = ["robot*"]\n', encoding="utf-8")

    assert get_preview(studio, **ADA)["style"] == "compact"
    assert get_preview(studio, **ADA)["sections"][0]["title"] == "robot*"


def test_a_new_profile_can_be_previewed_before_it_is_synced(studio: TestClient, site: Site) -> None:
    (site.subscribers / "new.toml").write_text('email = "new@example.org"\ntopics = ["robot*"]\n', encoding="utf-8")

    assert "subscribers/new.toml, not synced yet" in studio.get("/").text
    assert get_preview(studio, subscriber="file:new")["to"] == "new@example.org"


def test_an_invalid_profile_is_reported(studio: TestClient, site: Site) -> None:
    (site.subscribers / "ada.toml").write_text('email = "ada@example.org"\nstile = "x"\n', encoding="utf-8")
    error = get_preview(studio, **ADA)["error"]

    assert "ada.toml: stile: " in error["message"]
    assert error["hint"] == "did you mean style?"


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"subscriber": "nobody@example.org"}, "nobody@example.org"),
        ({"subscriber": "file:../newsletter"}, "file not found: "),
        ({"style": "baroque"}, "style: expected one of cards, compact, plain"),
        ({"language": "xx"}, "language: expected one of en, "),
        ({"edition": "daily-1999-01-01"}, "daily-1999-01-01"),
        ({"days": "0"}, "days: expected a whole number"),
        ({"edition": "last-9999-days"}, "days: expected a whole number"),
        ({"topics": '"unclosed'}, "topics: "),
    ],
)
def test_an_invalid_selection_is_reported(studio: TestClient, selection: dict[str, str], message: str) -> None:
    assert message in get_preview(studio, **selection)["error"]["message"]
    assert studio.get("/digest.html", params=selection).status_code == 422
