from __future__ import annotations

import json
from pathlib import Path

import pytest

from newsletter.files.site import default_templates
from newsletter.models import Style
from newsletter.models.languages import LANGUAGES
from tests.cli.conftest import Newsletter


def test_templates_are_listed_with_the_overrides_of_the_site(newsletter: Newsletter, tmp_path: Path) -> None:
    newsletter("templates", "eject", "email/card.html")

    listed = {one["template"]: one["own"] for one in json.loads(newsletter("templates", "--json").stdout)}

    assert listed["email/card.html"] == str(tmp_path / "templates" / "email" / "card.html")
    assert listed["email/compact/card.html"] is listed["email/subject.txt"] is None
    assert listed["web/preferences.html"] is listed["web/pages.css"] is listed["web/subscribe.js"] is None
    assert not [name for name in listed if name.startswith("web/studio")]  # it has none of its own
    assert "email/style.css" in newsletter("templates").stdout


def test_eject_copies_a_template_and_overwrites_none(newsletter: Newsletter, tmp_path: Path) -> None:
    copy = tmp_path / "templates" / "email" / "style.css"

    assert (
        newsletter("templates", "eject", "email/style.css").stdout
        == f"created {copy}. Next: newsletter templates check\n"
    )
    assert copy.read_bytes() == (default_templates() / "email" / "style.css").read_bytes()
    assert "exists already" in newsletter("templates", "eject", "email/style.css").stderr
    assert "no such template: '../x'" in newsletter("templates", "eject", "../x").stderr


def test_a_broken_template_is_found_before_anything_is_sent(newsletter: Newsletter, tmp_path: Path, page: Path) -> None:
    assert f"{len(Style)} styles, {len(LANGUAGES)} languages: no errors" in newsletter("templates", "check").stdout
    newsletter("templates", "eject", "email/compact/card.html")
    own = tmp_path / "templates" / "email" / "compact" / "card.html"
    own.write_text("fine\n{{ card.titel }}", encoding="utf-8")
    newsletter("pull", "page", str(page))
    newsletter("subscribers", "add", "ada@example.org", "--hour", "0")
    newsletter("subscribers", "add", "ben@example.org", "--hour", "0", "--style", "compact")

    checked, sent = newsletter("templates", "check"), newsletter("send")

    assert checked.exit_code == sent.exit_code == 1
    assert f"{own}, line 2: " in checked.stderr
    assert f"{own}, line 2: " in sent.stderr
    assert not list((tmp_path / "outbox").glob("*/*"))


def test_a_template_that_cannot_be_precompiled_is_reported(newsletter: Newsletter, tmp_path: Path) -> None:
    newsletter("templates", "eject", "email/section.txt")
    own = tmp_path / "templates" / "email" / "section.txt"
    own.write_text("{{ section.title|length }}\n{{ cards }}", encoding="utf-8")

    assert "rendered one by one" in newsletter("templates", "check").stdout


def test_a_broken_page_is_found_with_its_line(newsletter: Newsletter, tmp_path: Path) -> None:
    newsletter("templates", "eject", "web/confirm.html")
    own = tmp_path / "templates" / "web" / "confirm.html"
    own.write_text("fine\n{{ nope }}", encoding="utf-8")

    checked = newsletter("templates", "check")

    assert checked.exit_code == 1
    assert f"{own}, line 2: 'nope' is undefined" in checked.stderr
    assert "built-in" in checked.stderr


@pytest.mark.parametrize("times", [0, 2])
@pytest.mark.parametrize(
    ("template", "place"),
    [
        ("digest.html", "{{ sections }}"),
        ("digest.html", "{{ glance }}"),
        ("digest.txt", "{{ sections -}}"),
        ("digest.txt", "{{ glance -}}"),
        ("section.html", "{{ cards }}"),
        ("section.txt", "{{ cards -}}"),
        ("glance.html", "{{ lines }}"),
        ("glance.txt", "{{ lines -}}"),
    ],
)
def test_what_stands_twice_or_never_is_as_the_template_says_or_an_error(
    newsletter: Newsletter, tmp_path: Path, template: str, place: str, times: int
) -> None:
    newsletter("templates", "eject", f"email/{template}")
    own = tmp_path / "templates" / "email" / template
    shipped = own.read_text(encoding="utf-8")
    assert shipped.count(place) == 1
    own.write_text(shipped.replace(place, place * times), encoding="utf-8")

    checked = newsletter("templates", "check")

    assert (checked.exit_code, checked.stderr) in [
        (0, ""),
        (1, f"newsletter: template email/{template}: has {place} {times} times: write it once\n"),
    ]
