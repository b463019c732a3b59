from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ProfileError
from newsletter.models import Cadence, Profile, Style
from newsletter.subscribers.profiles import ProfileFile, make_profile, read_profile, read_topics
from newsletter.topics.topic import make_topic
from tests.factories import make_profile as a_profile
from tests.factories import make_topic as a_topic

CATALOGUE = {"in-context learning": a_topic()}
ROOT = Path(__file__).parents[2]


def write(folder: Path, text: str | bytes, name: str = "ada.toml") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


# -- files --------------------------------------------------------------------------------------------

FULL = """\
email = "Ada@Example.ORG"
name = " Ada\\nExample "
topics = [
    "IN-CONTEXT learning",
    "puddles",
    { name = "Kettles", keywords = ["kettle", "tea pot"], exclude = ["drum"] },
    { name = "spoons" },
]
cadence = "weekly"
hour = 17
weekday = "Friday"
month_day = 28
time_zone = "Europe/Berlin"
style = "plain"
language = "de"
max_papers = 5
max_per_section = 3
trending = 2
follow = ["Ada  Example", "Example Lab"]
serendipity = false
even_if_empty = true
updates = true
ranking = { popularity = 0, taste = 2 }
"""
FULL_PROFILE = ProfileFile(
    slug="ada",
    email="Ada@example.org",
    name="Ada Example",
    profile=Profile(
        topics=(
            a_topic(),
            a_topic("puddles", ("puddles",)),
            a_topic("Kettles", ("kettle", "tea pot"), ("drum",)),
            a_topic("spoons", ("spoons",)),
        ),
        cadence=Cadence.WEEKLY,
        hour=17,
        weekday=4,
        month_day=28,
        time_zone="Europe/Berlin",
        style=Style.PLAIN,
        language="de",
        max_papers=5,
        max_per_section=3,
        trending=2,
        follow=("Ada Example", "Example Lab"),
        serendipity=False,
        even_if_empty=True,
        updates=True,
        ranking=(("popularity", 0.0), ("taste", 2.0)),
    ),
)


def test_a_file_with_every_field_is_read(tmp_path: Path) -> None:
    assert read_profile(write(tmp_path, FULL), CATALOGUE) == FULL_PROFILE


def test_an_address_alone_is_a_profile(tmp_path: Path) -> None:
    assert read_profile(write(tmp_path, 'email = "ada@example.org"'), {}) == ProfileFile(
        "ada", "ada@example.org", "", Profile()
    )


@pytest.mark.parametrize("content", [FULL.replace("\n", "\r\n").encode(), FULL.encode("utf-8-sig")])
def test_a_file_written_on_windows_is_read(tmp_path: Path, content: bytes) -> None:
    assert read_profile(write(tmp_path, content), CATALOGUE) == FULL_PROFILE


@pytest.mark.parametrize("name", ["example.toml", "example-weekly.toml"])
def test_the_shipped_examples_can_be_read(name: str) -> None:
    offered = {topic.name.casefold(): topic for topic in read_topics(ROOT / "newsletter" / "samples" / "topics.toml")}
    profile_file = read_profile(ROOT / "subscribers" / name, offered)
    assert profile_file.slug == name.removesuffix(".toml")
    assert profile_file.profile.topics


EMAIL = 'email = "ada@example.org"\n'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "email: missing"),
        ("email = 7", "email: text is expected, not 7"),
        ('email = "ada"', "email: 'ada' is not a valid email address: An email address must have an @-sign."),
        (f"{EMAIL}name = []", "name: text is expected, not []"),
        (f"{EMAIL}topic = []", "topic: no such field (did you mean topics?)"),
        (f"{EMAIL}x = 1", f"x: no such field (known: {', '.join(Profile.__slots__)})"),
        (f'{EMAIL}topics = "clouds"', "topics: a list is expected, as in [\"large language models\"], not 'clouds'"),
        (f"{EMAIL}topics = [1]", "topics: a name or a table is expected, not 1"),
        (f'{EMAIL}topics = [""]', "topics: a topic has no name"),
        (f"{EMAIL}topics = [{{}}]", "topics: name: missing"),
        (f'{EMAIL}topics = ["?!"]', "topics: '?!': column 1: '?!' has no letters or digits to search for"),
        (f'{EMAIL}topics = [{{ name = "x", keywords = [] }}]', "topics: 'x' has no keywords"),
        (f'{EMAIL}topics = [{{ name = "x", keywords = "y" }}]', "topics: 'x': a list of words is expected, not 'y'"),
        (f'{EMAIL}topics = [{{ name = "x", keywords = ["y", 1] }}]',
         "topics: 'x': a list of words is expected, not ['y', 1]"),
        (f'{EMAIL}topics = [{{ name = "x", exclude = ["..."] }}]',
         "topics: 'x': '...' has no letters or digits to search for"),
        (f'{EMAIL}topics = [{{ name = "x", words = ["y"] }}]',
         "topics: words: no such field (known: name, query, keywords, exclude)"),
        (f'{EMAIL}topics = ["x", {{ name = "X", keywords = ["y"] }}]', "topics: two topics have the name 'x'"),
        (f'{EMAIL}cadence = "hourly"', "cadence: one of daily, weekdays, weekly, monthly is expected, not 'hourly'"),
        (f"{EMAIL}hour = 24", "hour: a whole number from 0 to 23 is expected, not 24"),
        (f"{EMAIL}hour = true", "hour: a whole number from 0 to 23 is expected, not True"),
        (f"{EMAIL}hour = 8.0", "hour: a whole number from 0 to 23 is expected, not 8.0"),
        (f'{EMAIL}hour = "8"', "hour: a whole number from 0 to 23 is expected, not '8'"),
        (f"{EMAIL}weekday = 0", "weekday: a day of the week is expected, as in 'monday', not 0"),
        (f'{EMAIL}weekday = "mon"', "weekday: a day of the week is expected, as in 'monday', not 'mon'"),
        (f"{EMAIL}month_day = 29", "month_day: a whole number from 1 to 28 is expected, not 29"),
        (f'{EMAIL}time_zone = "Berlin"', "time_zone: 'Berlin' is not a time zone (as in Europe/Berlin or UTC)"),
        (f'{EMAIL}time_zone = "../UTC"', "time_zone: '../UTC' is not a time zone (as in Europe/Berlin or UTC)"),
        (f'{EMAIL}time_zone = "Europe"', "time_zone: 'Europe' is not a time zone (as in Europe/Berlin or UTC)"),
        (f"{EMAIL}time_zone = 1", "time_zone: a time zone is expected, not 1"),
        (f'{EMAIL}style = "pdf"', "style: one of cards, compact, plain is expected, not 'pdf'"),
        (f'{EMAIL}language = "tlh"', "language: one of en, de, es, fr, ja, pt, zh is expected, not 'tlh'"),
        (f'{EMAIL}format = "text"',
         'format: this field was removed (format = "text" is now style = "plain", and "html" is the default)'),
        (f"{EMAIL}max_papers = 0", "max_papers: a whole number from 1 to 100 is expected, not 0"),
        (f"{EMAIL}max_per_section = 101", "max_per_section: a whole number from 1 to 100 is expected, not 101"),
        (f'{EMAIL}follow = "Ada"', "follow: a list of names is expected, as in [\"Ada Example\"], not 'Ada'"),
        (f'{EMAIL}follow = ["?"]', "follow: '?' is not a name"),
        (f"{EMAIL}ranking = 1", "ranking: a table is expected, as in [ranking]"),
        (f"{EMAIL}ranking = {{ tast = 1 }}", "ranking.tast: no such setting (did you mean ranking.taste?)"),
        (f"{EMAIL}trending = -1", "trending: a whole number from 0 to 50 is expected, not -1"),
    ],
)  # fmt: skip
def test_an_invalid_field_is_an_error_that_names_file_field_and_reason(tmp_path: Path, text: str, reason: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ProfileError) as caught:
        read_profile(path, CATALOGUE)
    assert str(caught.value) == f"{path}: {reason}"


@pytest.mark.parametrize(
    "content",
    [b"email = ", b"\xff\xfe", b"{}", b'email = "a"\nemail = "b"', b"x = " + b"[" * 2_000 + b"]" * 2_000, b"\x00"],
)
def test_a_file_that_is_not_toml_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path, content)
    with pytest.raises(ProfileError) as caught:
        read_profile(path, {})
    assert str(caught.value).startswith(f"{path}: not valid TOML: ")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ProfileError) as caught:
        read_profile(tmp_path / "gone.toml", {})
    assert str(caught.value) == f"{tmp_path / 'gone.toml'}: No such file or directory"


@given(content=st.binary() | st.text().map(str.encode))
def test_any_bytes_are_a_profile_or_one_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = write(tmp_path_factory.mktemp("profiles"), content)
    with pytest.raises(ProfileError):
        read_profile(path, {})


# -- fields -------------------------------------------------------------------------------------------


def test_fields_that_are_not_given_stay_as_they_are() -> None:
    base = a_profile(cadence=Cadence.MONTHLY, hour=3, trending=4)
    assert make_profile({"hour": 9}, {}, base) == a_profile(cadence=Cadence.MONTHLY, hour=9, trending=4)


def test_topics_are_replaced_together() -> None:
    assert make_profile({"topics": ["clouds"]}, {}, a_profile()).topics == (a_topic("clouds", ("clouds",)),)


def test_the_same_topic_named_twice_is_one() -> None:
    assert make_profile({"topics": ["In-context learning", "in-context LEARNING"]}, CATALOGUE).topics == (a_topic(),)


def test_parsed_topics_are_accepted() -> None:
    assert make_profile({"topics": (a_topic(),)}, {}).topics == (a_topic(),)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "keywords", "x"]), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*Profile.__slots__, "email", "x"]), ANYTHING, max_size=3))
def test_any_fields_are_a_profile_or_one_error(table: dict[str, Any]) -> None:
    try:
        made: Profile | str = make_profile(table, CATALOGUE)
    except ProfileError as error:
        made = str(error)
    assert isinstance(made, Profile) or "\n" not in made


# -- topics -------------------------------------------------------------------------------------------


def test_a_file_of_topics_is_read(tmp_path: Path) -> None:
    text = '[[topics]]\nname = "Kettles"\nkeywords = ["kettle"]\n[[topics]]\nname = "Spoons"\nexclude = ["drum"]\n'
    assert read_topics(write(tmp_path, text)) == [
        a_topic("Kettles", ("kettle",)),
        a_topic("Spoons", ("Spoons",), ("drum",)),
    ]


@pytest.mark.parametrize("text", ["", "topics = 1", "[topics]", "[[topics]]\nkeywords = ['x']"])
def test_a_file_without_valid_topics_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ProfileError, match=r"^[^\n]+ada\.toml: topics: "):
        read_topics(path)


def test_the_shipped_topics_are_all_different() -> None:
    topics = read_topics(ROOT / "newsletter" / "samples" / "topics.toml")
    assert len({topic.name.casefold() for topic in topics}) == len(topics) > 5


def test_names_and_keywords_of_topics_are_squeezed() -> None:
    assert make_topic(" Tea\n pots ", ["tea\u00a0pot"], ["drum\t"]) == a_topic("Tea pots", ("tea pot",), ("drum",))
