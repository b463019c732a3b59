from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import EntryPoint
from typing import Any, ClassVar

import pytest

from newsletter import sources
from newsletter.errors import ConfigError, SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources import Document, HttpClient, Span, all_sources, find_source
from newsletter.sources.ads import Ads
from newsletter.sources.settings import declared, label_of, make_source, missing, setting, variable_of


@dataclass(frozen=True, slots=True)
class Pigeons:
    """A source of a package that is not ours."""

    name: ClassVar[str] = "pigeons"
    summary: ClassVar[str] = "papers that pigeons bring"
    follows: ClassVar[str] = "LOFT"
    example: ClassVar[str] = "roof"
    suffixes: ClassVar[tuple[str, ...]] = (".note",)

    follow: tuple[str, ...] = setting((), "Lofts.")
    weather: tuple[str, ...] = setting(("fair",), "When to fly.", choices=("fair", "foul"))
    most: int = setting(10, "How many.")
    rings: bool = setting(False, "Whether to read rings.")
    api: str = setting("https://lofts.example", "Where.", internal=True)
    api_key: str | None = setting(None, "Corn.", secret=True)

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        yield Document("loft", b"")

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        yield Entry(source="pigeons", title="Coo")


def make(**table: Any) -> Pigeons:
    made = make_source(Pigeons, table, {})
    assert isinstance(made, Pigeons)
    return made


def test_a_source_without_settings_has_all_defaults() -> None:
    assert make() == Pigeons()


def test_settings_of_the_file_and_of_the_command_line_are_equal() -> None:
    from_file = make(follow=["roof", " roof ", "barn"], weather=["fair", "foul"], most=3, rings=True)
    typed = make(follow=["roof", "barn"], weather=["fair", "foul"], most="3", rings="true")
    assert from_file == typed == Pigeons(("roof", "barn"), ("fair", "foul"), 3, rings=True)
    assert make(follow="roof", weather="foul") == Pigeons(("roof",), ("foul",))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"folow": ["x"]}, "pigeons: folow: no such setting (did you mean follow?)"),
        ({"zzz": 1}, "pigeons: zzz: no such setting (known: follow, weather, most, rings, api, api_key)"),
        ({"follow": [1]}, "pigeons: follow: a list of texts is expected, not [1]"),
        ({"follow": ["  "]}, "pigeons: follow: a list of texts is expected, not ['  ']"),
        ({"weather": ["wet"]}, "pigeons: weather: one of fair, foul is expected, not 'wet'"),
        ({"most": "many"}, "pigeons: most: a whole number from 0 to 65535 is expected, not 'many'"),
        ({"most": -1}, "pigeons: most: a whole number from 0 to 65535 is expected, not -1"),
        ({"most": True}, "pigeons: most: a whole number from 0 to 65535 is expected, not True"),
        ({"rings": "maybe"}, "pigeons: rings: true or false is expected, not 'maybe'"),
        ({"api": 5}, "pigeons: api: text is expected, not 5"),
    ],
)
def test_an_invalid_setting_is_an_error_of_one_line(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_source(Pigeons, table, {})
    assert str(caught.value) == message


def test_a_secret_is_read_from_the_environment_and_not_shown() -> None:
    made = make_source(Pigeons, {}, {"NEWSLETTER_PIGEONS_API_KEY": "c0rn", "NEWSLETTER_PIGEONS_MOST": "99"})
    assert made == Pigeons(api_key="c0rn")
    assert make_source(Pigeons, {"api": "x"}, {"NEWSLETTER_PIGEONS_API": "y"}) == Pigeons(api="y")
    assert "c0rn" not in repr(made) + label_of(made)
    assert variable_of(Pigeons, "api_key") == "NEWSLETTER_PIGEONS_API_KEY"


def test_a_label_distinguishes_sources_of_one_kind() -> None:
    assert label_of(Pigeons()) == "pigeons"
    assert label_of(make(follow=["roof", "barn"])) == "pigeons roof, barn"
    assert label_of(make(follow=["roof"], most=3, api="https://x.example")) == "pigeons roof most=3"


def test_every_built_in_source_documents_its_settings() -> None:
    for name, source in all_sources().items():
        assert (source.name, find_source(name)) == (name, source)
        assert source.summary
        assert source.example
        assert ("follow" in declared(source)) == bool(source.follows)
        assert all(one.metadata["help"].endswith(".") for one in declared(source).values())
        made = make_source(source, {}, {})
        assert label_of(made) == name
        assert hash(made) == hash(make_source(source, {}, {}))


def test_an_unknown_source_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(SourceError) as caught:
        find_source("gopher")
    assert str(caught.value).startswith("unknown source 'gopher' (known: huggingface, ")


def test_an_installed_package_may_provide_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("pigeons", "tests.sources.test_settings:Pigeons", "newsletter.sources")
    taken = EntryPoint("page", "tests.sources.test_settings:Pigeons", "newsletter.sources")
    monkeypatch.setattr(sources, "entry_points", lambda group: [point, taken] if group == "newsletter.sources" else [])
    all_sources.cache_clear()
    try:
        assert find_source("pigeons") is point.load()
        assert find_source("page").name == "page"
    finally:
        all_sources.cache_clear()


def test_a_broken_plugin_is_one_line_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = EntryPoint("doves", "tests.sources.nowhere:Doves", "newsletter.sources")
    monkeypatch.setattr(sources, "entry_points", lambda **_group: [broken])
    all_sources.cache_clear()
    try:
        assert find_source("page").name == "page"
        with pytest.raises(SourceError, match="unknown source 'doves'"):
            find_source("doves")
    finally:
        all_sources.cache_clear()


def test_a_required_setting_that_a_source_lacks_is_named() -> None:
    assert missing(Ads(follow=("abs:clouds",))) == ["api_key"]
    assert missing(Ads(follow=("abs:clouds",), api_key="a token")) == []
