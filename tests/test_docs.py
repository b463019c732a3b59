"""The documentation is executed: its commands run, in order, in one place, and print what it shows."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsletter.cli import main
from newsletter.config.schema import SETTINGS
from newsletter.errors import SourceError
from newsletter.files.site import samples
from newsletter.models import Entry, Refusal
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.settings import make_source
from tests.factories import TODAY
from tests.program import Program

#: The response of each source when there is nothing new; the feed has one entry.
RESPONSES = {
    "arxiv": '<feed xmlns="http://www.w3.org/2005/Atom"><title>cs.CL updates</title></feed>',
    "biorxiv": '{"messages": [{"status": "no posts found"}], "collection": []}',
    "openalex": '{"meta": {"count": 0}, "results": []}',
    "semanticscholar": '{"total": 0, "data": []}',
    "crossref": '{"status": "ok", "message-type": "work-list", "message": {"items": []}}',
    "pubmed": '{"esearchresult": {"count": "0", "idlist": []}}',
    "europepmc": '{"hitCount": 0, "resultList": {"result": []}}',
    "dblp": '{"result": {"hits": {"@total": "0"}}}',
    "acl": "<collection/>",
    "openreview": '{"notes": [], "count": 0}',
    "papers.xml": '<rss version="2.0"><channel><title>x</title><item><title>On Clouds</title></item></channel></rss>',
}

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = (README, *sorted((ROOT / "docs").glob("*.md")))
#: The pages whose commands are run, one after the other; the README's site is not that of the other page.
EXECUTED = (README, ROOT / "docs/commandline.md")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def commands_of(page: Path) -> list[str]:
    """Return a page's commands as they can be run here: without a network and a browser."""
    lines = [line.partition(" #")[0].strip() for block in blocks(page, "sh") for line in block.splitlines()]
    commands = []
    for command in [command for line in lines if line for command in line.split(" && ")]:
        if command == "make demo":  # CI runs it; here, the target must exist
            assert re.search(r"^demo:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
            commands += ["newsletter demo", "cat newsletter-demo/inbox/ada.txt"]
        elif command == "newsletter preview":
            commands.append("newsletter preview --port 0")
        elif command == "newsletter doctor":  # no test needs DNS
            commands.append("newsletter doctor --offline")
        else:
            commands.append(command.replace("--web 8000", "--web 0"))  # another program may listen there
    return commands


def run(command: str, environment: dict[str, str]) -> str:
    """Run a command in the current directory, in this process if it ends by itself, and return what it prints."""
    words = shlex.split(command.replace("https://example.org", environment["FEEDS"]))
    stdin = Path(words[words.index("<") + 1]).read_bytes() if "<" in words else None
    program, *arguments = words[: words.index("<")] if "<" in words else words
    if program == "cd":
        os.chdir(arguments[0])
        return ""
    if program == "cat":
        return Path(arguments[0]).read_text(encoding="utf-8")
    assert program == "newsletter", command
    if arguments[0] == "serve" or arguments[:2] == ["preview", "--port"]:
        return run_until_it_serves(arguments, environment)
    result = CliRunner().invoke(main, arguments, input=stdin, env=environment, prog_name=program)
    assert (result.exit_code, result.stderr, result.exception) == (0, "", None), command
    return result.stdout


def run_until_it_serves(arguments: list[str], environment: dict[str, str]) -> str:
    """Run a command that has no end, in a process that gets SIGTERM once it has said where or when it serves."""
    environment = environment | {"NEWSLETTER_SITE_URL": "http://127.0.0.1"}  # which a site with pages must have
    with Program(*arguments, environment=environment, are_errors_among_output=True) as serving:
        first = serving.stdout.readline()
        serving.send_signal(signal.SIGTERM)
        printed = first + serving.stdout.read()
    assert serving.returncode in (0, -signal.SIGTERM), printed
    assert "Traceback" not in printed, printed
    return printed


@pytest.mark.parametrize("page", EXECUTED, ids=lambda page: page.stem)
def test_every_command_runs_and_prints_what_is_shown(
    page: Path, tmp_path: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_request("/api/daily_papers").respond_with_handler(todays_papers)
    for path, body in RESPONSES.items():
        httpserver.expect_request(re.compile(f"/{path}($|/.*)")).respond_with_data(body)
    papers = tmp_path / "papers"
    (papers / "days").mkdir(parents=True)
    shutil.copy(samples() / "huggingface-2026-05-08.json", papers / "days")
    shutil.copy(samples() / "daily-papers-2026-05-08.txt", papers / "saved.txt")
    (papers / "note.md").write_text("# Summer school\n\nCome.", encoding="utf-8")
    (papers / "library.bib").write_text("@article{a, title = {On Kettles}, author = {Doe, Jane}}", encoding="utf-8")
    shutil.copy(papers / "library.bib", papers / "zotero.bib")
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HF_ENDPOINT": httpserver.url_for(""),
        "FEEDS": httpserver.url_for("").rstrip("/"),
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),  # this checkout, wherever the environment's own is
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "NEWSLETTER_ARXIV_FEED": httpserver.url_for("/arxiv"),
    }
    for kind in RESPONSES.keys() - {"papers.xml"}:
        environment[f"NEWSLETTER_{kind}_API".upper()] = httpserver.url_for(f"/{kind}")

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    output = "".join(run(command, environment) for command in commands_of(page))

    printed = {without_numbers(line) for line in output.splitlines()}
    shown = [line for block in blocks(page, "text") for line in block.splitlines()]
    assert [line for line in shown if without_numbers(line) not in printed] == []


def without_numbers(line: str) -> str:
    """Return a printed line without what differs from day to day and from terminal to terminal."""
    return re.sub(r"\d+", "0", " ".join(line.split()))


def test_the_example_of_a_custom_source_works(httpserver: HTTPServer) -> None:
    (code,) = re.findall(
        r"^```python\n(.*?)^```", (ROOT / "docs/sources.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    httpserver.expect_request("/api", query_string={"loft": "north-tower", "from": "2026-05-08"}).respond_with_json(
        [{"title": "On <i>Homing</i>", "link": "https://pigeons.example/1"}, {}]
    )
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - it is our own
    source = make_source(names["Pigeons"], {"follow": ["north-tower"], "api": httpserver.url_for("/api")}, {})
    with HttpClient() as client:
        (document,) = source.fetch(Span(TODAY, TODAY), client)
    assert list(source.parse(document, TODAY)) == [
        Entry(source="pigeons", title="On Homing", url="https://pigeons.example/1"),
        Refusal(f"{document.place}, entry 2", "no title"),
    ]
    with pytest.raises(SourceError, match="invalid JSON"):
        list(source.parse(Document("x", b"<html>"), TODAY))


def todays_papers(request: Request) -> Response:
    """Respond with the sample papers for today, and with none for other days."""
    today = request.args["date"] == datetime.now(UTC).date().isoformat()
    body = (samples() / "huggingface-2026-05-08.json").read_bytes() if today else b"[]"
    return Response(body, content_type="application/json")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))

    missing = []
    for link in (link for link in links if not link.startswith("http")):
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            missing.append(link)
    assert missing == []


def anchors(page: Path) -> list[str]:
    """Return the names of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_every_setting_has_a_line_of_help_and_a_variable_of_its_own() -> None:
    assert all(setting.help and setting.variable.startswith("NEWSLETTER_") for setting in SETTINGS)
    assert len({setting.variable for setting in SETTINGS}) == len(SETTINGS)
