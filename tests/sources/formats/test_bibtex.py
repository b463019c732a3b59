from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.formats import bibtex as module
from newsletter.sources.formats.bibtex import read_bibtex
from newsletter.sources.formats.tables import Broken, Raw


def bibtex(content: str | bytes) -> list[Raw | Broken]:
    body = content if isinstance(content, bytes) else content.encode()
    return list(read_bibtex(io.BufferedReader(io.BytesIO(body))))


def fields(content: str) -> dict[str, Any]:
    """The fields of the only entry."""
    (one,) = bibtex(content)
    assert isinstance(one, Raw)
    found: dict[str, Any] = one.record
    return found


ANTHOLOGY = r"""
@proceedings{clouds-2026,
    title = "Proceedings on Clouds",
    editor = "Case, Cy",
}
@inproceedings{example-sample-2026-counting,
    title = "{CLOUD}: Counting {C}louds with {L}ittle",
    author = "Example, Ad{\'e}  and
      S{\"o}mple, Ben",
    booktitle = "Proceedings on Clouds",
    month = may,
    year = "2026",
    url = "https://anthology.example/2026.clouds-1.1/",
    abstract = "We count {clouds}
      in 100\% of cases, ``surely''."
}
"""


def test_a_paper_in_proceedings_is_an_entry_and_the_volume_is_not() -> None:
    assert bibtex(ANTHOLOGY) == [
        Broken(2, "a whole volume (@proceedings), not a paper", is_left_out=True),
        Raw(
            6,
            {
                "title": "CLOUD: Counting Clouds with Little",
                "author": ["Example, Adé", "Sömple, Ben"],
                "booktitle": "Proceedings on Clouds",
                "month": "may",
                "year": "2026",
                "url": "https://anthology.example/2026.clouds-1.1/",
                "abstract": "We count clouds in 100% of cases, “surely”.",
            },
        ),
    ]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("{Clouds}", "Clouds"),
        ('"Clouds"', "Clouds"),
        ('"the {"} mark"', 'the " mark'),
        ("2026", "2026"),
        ("may", "may"),
        ("joc", "Journal of Clouds"),
        ("JOC", "Journal of Clouds"),
        ('joc # ", " # {Part } # 2', "Journal of Clouds, Part 2"),
        ("{A} # {B}", "AB"),
        ("unknown", "unknown"),
        ("{a {nested {value}}}", "a nested value"),
        ("{}", ""),
    ],
)
def test_values_are_text_numbers_macros_and_concatenations(value: str, read: str) -> None:
    macros = (
        '@string{joc = "Journal of " # clouds}\n@STRING{clouds = {Clouds}}\n@string(joc = "Journal of " # clouds)\n'
    )
    assert fields(f"{macros}@article{{k, title = {value}}}") == {"title": read}


def test_macros_are_limited_in_size() -> None:
    bomb = '@string{a0 = "ha"}\n' + "".join(f"@string{{a{n + 1} = a{n} # a{n}}}\n" for n in range(60))
    assert len(fields(bomb + "@article{k, title = a60}")["title"]) == module._MAX_MACRO_LENGTH


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("Ada Example and Ben Sample", ["Ada Example", "Ben Sample"]),
        ("Example, Ada AND\n  Sample, Ben", ["Example, Ada", "Sample, Ben"]),
        ("{Rain and Shine, Inc.} and Example, Ada", [{"literal": "Rain and Shine, Inc."}, "Example, Ada"]),
        ("{Ada} {Example}", ["Ada Example"]),
        ("Rain {and} Shine", ["Rain and Shine"]),
        (r"{\'A}da Example and others", ["Áda Example", "others"]),
        ("Anders Brand", ["Anders Brand"]),
    ],
)
def test_names_are_split_at_each_and_outside_of_braces(value: str, names: list[Any]) -> None:
    assert fields(f"@article{{k, author = {{{value}}}}}") == {"author": names}


def test_urls_are_not_converted() -> None:
    entry = r"@misc{k, url = {\url{https://clouds.example/~ada/a--b\_c}}, doi = {10.1000/a\_b--c}}"
    assert fields(entry) == {"url": "https://clouds.example/~ada/a--b_c", "doi": "10.1000/a_b--c"}


def test_the_first_of_duplicate_fields_wins() -> None:
    assert fields("@article{k, title = {A}, Title = {B}, title = {C}}") == {"title": "A"}


@pytest.mark.parametrize(
    "entry",
    [
        "@article{k, title = {A}}",
        "@Article ( k, title = {A (b)} )\n",
        "@misc{k,\n title={A}\n}",
        "@misc{k, title={A},}",
    ],
)
def test_entries_in_every_notation_are_parsed(entry: str) -> None:
    assert fields(entry)["title"].startswith("A")


def test_comments_and_preambles_are_skipped() -> None:
    content = '% UTF-8\n@comment{x: {y}}\n@preamble{"\\foo"}\nfree text, ada@clouds.example\n@misc{k, title={A}}'
    assert bibtex(content) == [Raw(5, {"title": "A"})]


@pytest.mark.parametrize(
    "broken",
    [
        "@article{bad, title = {x",
        "@article{bad, title = {x}",
        "@article{bad title = {x}}",
        '@article{bad, title = "x}',
        "@a{",
    ],
)
def test_a_broken_entry_is_reported_with_its_line_and_the_others_are_parsed(
    broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    first, bad, last = bibtex(f"@misc{{a, title={{A}}}}\n\n{broken}\n\n@misc{{b, title={{B}}}}\n")
    assert (first, last) == (Raw(1, {"title": "A"}), Raw(5, {"title": "B"}))
    assert isinstance(bad, Broken)
    assert bad.line == 3
    assert bad.why.startswith("invalid BibTeX: ")
    assert "\n" not in bad.why
    assert [record for record in caplog.records if record.levelno < logging.CRITICAL] == []


def test_two_entries_on_one_line_are_two() -> None:
    assert bibtex("@misc{a, title={A}} @misc{b, title={B}}") == [Raw(1, {"title": "A"}), Raw(1, {"title": "B"})]


def test_an_entry_without_end_is_refused() -> None:
    content = "@misc{a, title={" + ("x" * 1000 + "\n") * 3000 + "\n@misc{b, title={B}}"
    assert bibtex(content) == [Broken(1, "entry longer than 1 MB"), Raw(3002, {"title": "B"})]


@given(st.text(st.sampled_from('@{}()"#=,\\$ \nabmisctrnge%~-')) | st.text())
def test_any_text_is_entries_or_broken_ones(text: str) -> None:
    for content in (text, f"@misc{{k, title = {text}}}", f"@misc{{k, author = {{{text}}}}}", f"@string{{a = {text}}}"):
        found = bibtex(content.encode("utf-8", "surrogatepass"))
        assert all(isinstance(one, Raw | Broken) for one in found)


def test_a_wrapped_line_that_looks_like_a_type_is_a_word() -> None:
    assert fields("@misc{a, title={Clouds\n@home\n@work\n{and} rain}}")["title"] == "Clouds @home @work and rain"


@pytest.mark.parametrize(
    ("title", "subtitle", "whole"),
    [
        ("Deep clouds", "deep", "Deep clouds: deep"),
        ("Clouds: a survey", "A survey", "Clouds: a survey"),
        ("Clouds", "a survey", "Clouds: a survey"),
    ],
)
def test_a_subtitle_is_joined_unless_the_title_ends_with_it(title: str, subtitle: str, whole: str) -> None:
    assert fields(f"@misc{{a, title={{{title}}}, subtitle={{{subtitle}}}}}")["title"] == whole
