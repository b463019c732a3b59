from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.cli.conftest import PAGE, Newsletter

PAPER = {"id": "2605.99001", "title": "Quiet Kettles", "summary": "They boil.", "authors": [{"name": "Ada"}]}


@pytest.fixture
def api(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    """A Hugging Face that lists one paper every day."""
    httpserver.expect_request("/api/daily_papers").respond_with_json([{"paper": PAPER}])
    monkeypatch.setenv("HF_ENDPOINT", httpserver.url_for(""))
    return httpserver


def requested(api: HTTPServer) -> list[str]:
    return [request.args.get("date") or request.args.get("sort", "") for request, _ in api.log]


@pytest.mark.usefixtures("api")
def test_a_dry_run_stores_nothing(newsletter: Newsletter) -> None:
    result = newsletter("pull", "--dry-run")
    assert result.exit_code == 0
    assert "dry run: nothing was stored" in result.stdout
    assert "the store holds no papers yet" in newsletter("papers").stderr
    assert "never" in newsletter("sources").stdout


def test_since_pulls_all_days_since(newsletter: Newsletter, api: HTTPServer) -> None:
    first = datetime.now(UTC).date() - timedelta(days=2)
    newsletter("pull", "huggingface", "--since", first.isoformat())
    assert requested(api) == [(first + timedelta(days=days)).isoformat() for days in range(3)]


def test_arguments_replace_what_is_configured(newsletter: Newsletter, api: HTTPServer) -> None:
    (report,) = json.loads(newsletter("pull", "huggingface", "trending", "--json").stdout)
    assert (report["source"], requested(api)) == ("huggingface trending", ["trending"])


def test_a_setting_may_be_an_option(newsletter: Newsletter, api: HTTPServer) -> None:
    newsletter("pull", "huggingface", "--set", "follow=daily,trending", "--date", "2026-05-08")
    assert requested(api) == ["2026-05-08", "trending"]


def test_a_kind_alone_is_pulled_as_it_is_configured(newsletter: Newsletter, api: HTTPServer) -> None:
    Path("newsletter.toml").write_text(
        '[[sources]]\nkind = "page"\n[[sources]]\nkind = "huggingface"\nfollow = ["trending"]\n', encoding="utf-8"
    )
    (report,) = json.loads(newsletter("pull", "huggingface", "--json").stdout)
    assert (report["source"], requested(api)) == ("huggingface trending", ["trending"])


@pytest.mark.usefixtures("api")
def test_a_failing_source_does_not_stop_the_others(newsletter: Newsletter) -> None:
    Path("newsletter.toml").write_text(
        '[[sources]]\nkind = "page"\n[[sources]]\nkind = "huggingface"\n', encoding="utf-8"
    )
    result = newsletter("pull")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("newsletter: page: ")
    assert "failed: see below" in result.stdout
    assert "Quiet Kettles" in newsletter("papers").stdout
    assert "newsletter pull page saved.txt" in newsletter("sources").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("pull", "huggingface", "hourly"), 1, "huggingface: follow: "),
        (
            ("pull", "huggingface", "--set", "folow=daily"),
            1,
            "huggingface: folow: no such setting (did you mean follow?)",
        ),
        (("pull", "huggingface", "--set", "daily"), 2, "expected NAME=VALUE"),
        (("pull", "huggingface", "gone.json"), 1, "gone.json: no such file"),
        (("pull", "huggingface", "days/"), 1, "days/: no such file"),
        (
            ("pull", "huggingface", "newsletter.toml", "trending"),
            1,
            "trending: no such file (newsletter.toml is a file",
        ),
        (("pull", "--since", "2026-05-08", "--date", "2026-05-08"), 2, "exclude each other"),
        (("pull", "--since", "2999-01-01"), 2, "in the future"),
        (("sources", "gopher"), 1, "gopher"),
    ],
)
def test_a_wrong_command_line_is_explained(
    newsletter: Newsletter, arguments: tuple[str, ...], code: int, complaint: str
) -> None:
    result = newsletter(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert complaint in result.stderr


@pytest.mark.usefixtures("api")
def test_a_source_that_is_not_due_is_not_pulled(newsletter: Newsletter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.pipeline.pull_due.not_before", lambda *_: datetime(2999, 1, 1, 8, 5, tzinfo=UTC))
    assert "pulled recently: not due before 08:05 UTC" in newsletter("pull").stdout
    assert "nothing listed" not in newsletter("pull", "huggingface").stdout


def test_pulling_a_page_stores_its_papers_and_a_second_pull_none(newsletter: Newsletter, page: Path) -> None:
    first = json.loads(newsletter("pull", "page", str(page), "--json").stdout)
    second = json.loads(newsletter("pull", "page", str(page), "--json").stdout)

    assert [(r["fetched"], r["new"], r["updated"]) for r in first + second] == [(2, 2, 0), (2, 0, 0)]


def test_models_are_learned_whatever_is_pulled(
    newsletter: Newsletter, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = list[int]()
    monkeypatch.setattr("newsletter.pipeline.run.learn_models", lambda *_: learned.append(1))

    newsletter("pull", "page", str(page), "--dry-run")
    assert learned == []
    newsletter("pull", "page", str(page))
    assert learned == [1]


def test_the_table_says_that_nothing_was_new(newsletter: Newsletter, page: Path) -> None:
    newsletter("pull", "page", str(page))

    assert "nothing new" in newsletter("pull", "page", str(page)).stdout


def test_a_page_may_come_from_standard_input(newsletter: Newsletter) -> None:
    assert newsletter("pull", "page", "-", stdin=PAGE).exit_code == 0
    assert "2 of 2 papers" in newsletter("papers").stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("pull", "page", "gone.txt"), "gone.txt: no such file"),
        (("pull", "page", "newsletter.toml"), "newsletter.toml: not a Daily Papers page"),
        (("pull", "page", "subscribers"), "subscribers: no .txt or .text file in this folder"),
        (("pull", "page"), "page: no file given"),
        (("pull", "gopher"), "unknown source 'gopher'"),
        (("pull", "newsletter.toml"), "newsletter pull file newsletter.toml"),
        (("pull", "https://example.org/feed.xml"), "newsletter pull feed https://example.org/feed.xml"),
        (("pull", "huggingface", "newsletter.toml"), "newsletter.toml: invalid JSON"),
        (("papers",), "the store holds no papers yet"),
        (("papers", "pears"), "the store holds no papers yet"),
    ],
)
def test_invalid_input_is_a_one_line_error_and_changes_nothing(
    newsletter: Newsletter, arguments: tuple[str, ...], complaint: str
) -> None:
    result = newsletter(*arguments)

    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert complaint in result.stderr
    assert json.loads(newsletter("papers", "--json").stdout) == []


def test_one_bad_file_in_a_folder_does_not_stop_the_good_one(newsletter: Newsletter, tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "a.txt").write_text("a shopping list", encoding="utf-8")
    (folder / "b.txt").write_text(PAGE, encoding="utf-8")

    result = newsletter("pull", "page", str(folder), "--json")

    (report,) = json.loads(result.stdout)
    assert (result.exit_code, report["new"], len(report["refusals"])) == (1, 2, 1)


def test_a_pull_without_names_asks_the_configured_sources(
    newsletter: Newsletter, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = {"id": "2605.99001", "title": "Quiet Kettles", "summary": "They boil.", "authors": [{"name": "Ada"}]}
    httpserver.expect_request("/api/daily_papers", query_string={"date": "2026-05-08", "limit": "100", "p": "0"}) \
        .respond_with_json([{"paper": paper, "title": "Quiet Kettles"}])  # fmt: skip
    monkeypatch.setenv("HF_ENDPOINT", httpserver.url_for(""))

    result = newsletter("pull", "huggingface", "--date", "2026-05-08", "--json")

    (report,) = json.loads(result.stdout)
    assert (result.exit_code, report["new"], report["error"]) == (0, 1, None)


def test_an_unreachable_network_is_reported_with_an_alternative(
    newsletter: Newsletter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    result = newsletter("pull")

    assert result.exit_code == 1
    assert "connection failed" in result.stderr
    assert "pull from a saved file" in result.stderr


ANTHOLOGY = """@proceedings{acl-2026-long,
    title = "Proceedings of the 64th Annual Meeting on Clouds (Volume 1: Long Papers)",
    editor = "Case, Cy  and
      Dee, Di",
    month = jul,
    year = "2026",
    address = "Town, Country",
    publisher = "Association for Clouds",
    url = "https://anthology.example/2026.acl-long.0/",
    ISBN = "979-8-89176-000-0"
}
@inproceedings{example-sample-2026-counting,
    title = "{CLOUD}: Counting {C}louds",
    author = "Example, Ada  and
      Sample, Ben",
    editor = "Case, Cy",
    booktitle = "Proceedings of the 64th Annual Meeting on Clouds",
    month = jul,
    year = "2026",
    doi = "10.18653/v1/2026.acl-long.1",
    pages = "1--9"
}
"""


def test_the_volume_of_an_anthology_is_left_out_and_no_error(newsletter: Newsletter, tmp_path: Path) -> None:
    file = tmp_path / "anthology.bib"
    file.write_text(ANTHOLOGY, encoding="utf-8")
    result = newsletter("pull", "file", str(file))
    assert (result.exit_code, "1 item left out: whole volumes, not papers" in result.stderr) == (0, True)
    (report,) = json.loads(newsletter("pull", "file", str(file), "--json").stdout)
    assert (report["fetched"], report["left_out"], report["refusals"]) == (1, 1, [])
    file.write_text(ANTHOLOGY.partition("@inproceedings")[0], encoding="utf-8")
    alone = newsletter("pull", "file", str(file))
    assert (alone.exit_code, "no papers: see below" in alone.stdout) == (0, True)
