"""Every declared field of a profile is on every surface, and comes back from each as it was."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from collections.abc import Iterable
from dataclasses import fields
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import click
import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.cli.profile_options import given as given_options
from newsletter.cli.profile_options import profile_options
from newsletter.errors import ProfileError
from newsletter.models import Profile
from newsletter.models.profile import PROFILE_FIELDS, Group, ProfileField
from newsletter.models.value_types import Boolean, Text
from newsletter.rendering.environment import make_environment
from newsletter.rendering.language import language
from newsletter.store import Store, open_store
from newsletter.subscribers.import_columns import COLUMNS
from newsletter.subscribers.import_export import export_rows, import_people
from newsletter.subscribers.privacy import export_data
from newsletter.subscribers.profiles import make_profile, profile_file, profile_values, read_profile
from newsletter.subscribers.subscriptions import subscribe
from newsletter.topics.topic import topic_line
from newsletter.web.http.forms import Form
from newsletter.web.subscribers.openapi import DESCRIPTION
from newsletter.web.subscribers.profile_form import fields_of, read_profile_form
from tests.factories import NOW
from tests.profiles import profiles

EVERY_FIELD = pytest.mark.parametrize("field", PROFILE_FIELDS.values(), ids=PROFILE_FIELDS)
SCHEMA: dict[str, Any] = DESCRIPTION["components"]["schemas"]["Preferences"]
ADA = "ada@example.org"
#: What each field is with its example.
CHANGED = make_profile({name: field.example for name, field in PROFILE_FIELDS.items()}, {})


class _Page(HTMLParser):
    """Collects what a form posts if nothing is changed in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.posted: dict[str, tuple[str, ...]] = {}
        self._select = self._textarea = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "input" and (given.get("type") != "checkbox" or "checked" in given):
            self._post(given["name"], given.get("value", ""))
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and "selected" in given:
            self._post(self._select, given["value"])
        elif tag == "textarea":
            self._textarea = given["name"]
            self._post(self._textarea, "")

    def handle_data(self, data: str) -> None:
        if self._textarea:
            *before, text = self.posted[self._textarea]
            self.posted[self._textarea] = (*before, text + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = ""

    def _post(self, name: str, value: str) -> None:
        self.posted[name] = (*self.posted.get(name, ()), value)


ENGLISH = language("en")
ENVIRONMENT = make_environment(Path("no-templates-of-a-site"))


def through_file(profile: Profile, folder: Path) -> Profile:
    path = folder / "ada.toml"
    path.write_text(profile_file(ADA, "Ada", profile), encoding="utf-8")
    return read_profile(path, {}).profile


def through_options(profile: Profile, _folder: Path) -> Profile:
    @click.command()
    @profile_options
    def command(**options: Any) -> dict[str, Any]:
        del options["name"]
        return given_options(options)

    typed: list[str] = []
    for name, field in PROFILE_FIELDS.items():
        if (value := getattr(profile, name)) == field.default:
            continue
        option = next(one for one in command.params if one.name == name)
        assert isinstance(option, click.Option)
        if isinstance(field.type, Boolean):
            typed += (option.opts if value else option.secondary_opts)[:1]
        else:
            typed += [f"{option.opts[0]}={text}" for text in _typed(field, value)]
    return make_profile(command(typed, standalone_mode=False), {})


def _typed(field: ProfileField, value: Any) -> Iterable[str]:
    if field.name == "topics":
        return map(topic_line, value)
    text = field.type.write(value)
    return text.splitlines() if field.type.is_list else [text]


def through_form(profile: Profile, _folder: Path) -> Profile:
    read = read_profile_form(Form(_Page(form_of(profile)).posted), {}, ENGLISH)
    assert read.is_valid
    return make_profile(read.preferences, {})


def form_of(profile: Profile) -> str:
    values = {"fields": fields_of(profile, {}, ENGLISH), "base": "", "page": "", "is_short": False}
    return ENVIRONMENT.get_template("web/fields.html").render(**values, **ENGLISH.markup_functions())


def through_json(profile: Profile, _folder: Path) -> Profile:
    sent = json.loads(json.dumps(profile_values(profile)))
    jsonschema_rs.validate(SCHEMA, sent | {"email": ADA})
    return make_profile(sent, {})


def through_csv(profile: Profile, folder: Path) -> Profile:
    with open_store(folder / "one.db") as one, open_store(folder / "two.db") as two:
        added = one.subscribers.find(ADA) or one.subscribers.add(ADA, "Ada", profile, "cli", NOW)
        one.subscribers.update_profile(added.id, "Ada", profile, "cli", NOW)
        file = io.StringIO(newline="")
        csv.writer(file).writerows(export_rows(one.subscribers.all()))
        lines = file.getvalue().splitlines(keepends=True)
        with two.transaction():
            if known := two.subscribers.find(ADA):
                two.subscribers.erase(known)
                two.suppressions.unsuppress(ADA)
        import_people(two, lines, "people.csv", NOW, Profile(), refuse=lambda refusal: pytest.fail(str(refusal)))
        return two.subscribers.get(ADA).profile


def through_database(profile: Profile, folder: Path) -> Profile:
    with open_store(folder / "three.db") as store:
        added = store.subscribers.find(ADA) or store.subscribers.add(ADA, "Ada", profile, "cli", NOW)
        store.subscribers.update_profile(added.id, "Ada", profile, "cli", NOW)
        return store.subscribers.get(ADA).profile


def through_data_export(profile: Profile, folder: Path) -> Profile:
    with open_store(folder / "four.db") as store:
        added = store.subscribers.find(ADA) or store.subscribers.add(ADA, "Ada", profile, "cli", NOW)
        store.subscribers.update_profile(added.id, "Ada", profile, "cli", NOW)
        return make_profile(json.loads(json.dumps(export_data(store, ADA), default=str))["subscriber"]["profile"], {})


SURFACES = (
    through_file, through_options, through_form, through_json, through_csv, through_database, through_data_export,
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the files of all examples."""
    return tmp_path_factory.mktemp("profiles")


@pytest.mark.parametrize("through", SURFACES)
@given(profile=profiles())
def test_a_profile_comes_back_from_every_surface(through: Any, folder: Path, profile: Profile) -> None:
    assert through(profile, folder) == profile


@pytest.mark.parametrize("through", SURFACES)
def test_a_profile_of_examples_comes_back_from_every_surface(through: Any, folder: Path) -> None:
    assert through(CHANGED, folder) == CHANGED


@EVERY_FIELD
def test_a_field_is_declared_in_full(field: ProfileField) -> None:
    assert getattr(CHANGED, field.name) != field.default == getattr(Profile(), field.name)
    assert field.help[0].isupper()
    assert field.help.endswith(".")
    assert field.label
    assert type(field.type) is not Text or field.type.expected


@EVERY_FIELD
def test_every_surface_has_a_field(field: ProfileField, store: Store) -> None:
    only = make_profile({field.name: field.example}, {})
    options = {option.name for option in click.command()(profile_options(lambda **_: None)).params}
    subscribe(store, ADA, "Ada", {field.name: field.example}, NOW)
    columns = {str(row[1]) for row in store._db.execute("PRAGMA table_info(subscribers)")}

    assert {*tomllib.loads(profile_file(ADA, "", only))} == {"email", field.name}
    assert field.name in options
    assert ("own_query" if field.group is Group.TOPICS else field.name) in _Page(form_of(only)).posted
    assert SCHEMA["properties"][field.name]["description"] == field.help
    assert field.name in COLUMNS
    assert field.name in columns or not field.type.has_column
    assert field.name in export_data(store, ADA)["subscriber"]["profile"]


def test_the_declarations_are_those_of_the_dataclass() -> None:
    assert list(PROFILE_FIELDS) == [field.name for field in fields(Profile)]
    assert set(SCHEMA["properties"]) == {"email", "name", *PROFILE_FIELDS}


@pytest.mark.parametrize("value", [None, [], {}, 1.5, "\x00", -1, True, "x" * 100_000])
@EVERY_FIELD
def test_a_value_is_taken_or_refused_in_our_words(field: ProfileField, value: Any) -> None:
    try:
        accepted = make_profile({field.name: value}, {})
    except ProfileError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert profile_values(accepted)[field.name] == value
    assert refusal.startswith(field.name if refusal else "")


@given(text=st.text(max_size=40))
def test_any_text_in_a_form_is_a_value_or_a_refusal(text: str) -> None:
    for name in (*PROFILE_FIELDS, "own_query", "own_name"):
        read = read_profile_form(Form({name: (text,)}), {}, ENGLISH)
        assert make_profile(read.preferences, {}) or not read.is_valid
