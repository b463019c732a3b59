"""No log has a token: uvicorn and nginx are run as docs/pages.md says, and their logs are read."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from newsletter.models import tokens
from tests.web.live_site import ADA, LiveSite

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
ROOT = Path(__file__).parent.parent.parent
PAGES = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until something answers, or the process ends."""
    while process.poll() is None:
        try:
            httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"ended with {process.returncode}")


@contextmanager
def running(command: list[str], log: Path, url: str, **options: object) -> Iterator[None]:
    """Run a server, its output in a file, while inside the context."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **options)  # type: ignore[call-overload]
        try:
            wait_for(url, process)
            yield
        finally:
            process.terminate()
            process.wait(60)


def documented_uvicorn(port: int) -> list[str]:
    (line,) = re.findall(r"^ {4}(uvicorn .*)$", PAGES, re.MULTILINE)
    program, *arguments = shlex.split(line)
    assert arguments[-3:-1] == ["--port", "8000"]
    return [sys.executable, "-m", program, *arguments[:-2], str(port), *arguments[-1:]]


def documented_nginx(folder: Path, port: int, upstream: int) -> Path:
    """Write the documented configuration, with ports and log files of the test's own and without TLS."""
    (block,) = re.findall(r"```nginx\n(.*?)```", PAGES, re.DOTALL)
    for old, new in (
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{port};"),
        ("/var/log/nginx/", f"{folder}/"),
        ("http://127.0.0.1:8000;", f"http://127.0.0.1:{upstream};"),
    ):
        assert old in block
        block = block.replace(old, new)
    places = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/main-error.log; events {{}}\n"
        f"http {{ {places}\n{block}}}\n"
    )
    return config


def requests(site: LiveSite) -> list[tuple[str, str]]:
    """Return methods and paths with every kind of token."""
    with site.store() as store:
        number, secret = site.subscriber().id, store.secret()
    feedback = tokens.feedback_prefix(1, liked=True) + tokens.sign(secret, tokens.FEEDBACK, number)
    shown = tokens.sign(secret, tokens.digest_purpose("daily-2026-05-08"), number)
    digest, opened, ended = site.digest_path(days=3650), site.link_path(), site.unsubscribe_path()
    return [
        ("GET", digest), ("POST", f"{digest}/pause"), ("GET", f"{digest}/nothing"), ("GET", f"/{digest}"),
        ("GET", opened), ("POST", opened), ("GET", ended), ("POST", f"{ended}/undo"),
        ("GET", ended.replace("unsubscribe", "leave")), ("GET", f"/feedback/{feedback}"),
        ("POST", f"/feedback/{feedback}/withdraw"), ("GET", "/confirm/1.739999.AbcdefghijklmnopqrsT"),
        ("GET", f"/subscribe?email={ADA}"), ("GET", f"/papers{digest}"),
        ("GET", f"/digests/daily-2026-05-08/{shown}"), ("GET", f"/digests/daily-2026-05-08/{shown}/more/1"),
    ]  # fmt: skip


def secrets_in(asked: list[tuple[str, str]]) -> set[str]:
    """Return what no log may have: the signatures of tokens, and the address."""
    found = {part for _, path in asked for part in re.findall(r"(?<=\.)[\w-]{20}", path)}
    assert len(found) == 6
    return {*found, ADA}


def test_the_documented_uvicorn_logs_no_token(ada: LiveSite, tmp_path: Path) -> None:
    asked, port, log = requests(ada), free_port(), tmp_path / "uvicorn.log"
    serve_and_ask(ada, documented_uvicorn(port), port, log, asked, f"http://127.0.0.1:{port}")
    written = log.read_text(encoding="utf-8")
    assert "Uvicorn running" in written
    assert [secret for secret in secrets_in(asked) if secret in written] == []


@pytest.mark.skipif(NGINX is None, reason="Debian's nginx is not installed")
def test_no_log_has_a_token(ada: LiveSite, tmp_path: Path) -> None:
    assert NGINX is not None
    asked, port, upstream, folder = requests(ada), free_port(), free_port(), tmp_path / "nginx"
    folder.mkdir()
    if os.geteuid() == 0:  # its workers have another user
        for place in (tmp_path.parent.parent, tmp_path.parent, tmp_path):
            place.chmod(0o755)
        folder.chmod(0o777)
    config, url = documented_nginx(folder, port, upstream), f"http://127.0.0.1:{port}"
    with running([NGINX, "-c", str(config), "-p", str(folder)], folder / "output.log", url):
        statuses = serve_and_ask(ada, documented_uvicorn(upstream), upstream, folder / "uvicorn.log", asked, url)
        assert statuses >= {200, 404}
        assert ask(url, asked) == {502}  # the site is down, which is an error that nginx logs
    logs = {file.name: file.read_text(encoding="utf-8", errors="replace") for file in folder.glob("*.log")}
    assert '"GET /preferences/-" 200' in logs["papers.log"]
    assert '"GET /papers/preferences/-" 404' in logs["papers.log"]
    leaks = [(name, secret) for name, text in logs.items() for secret in secrets_in(asked) if secret in text]
    assert leaks == []


def serve_and_ask(
    site: LiveSite, command: list[str], port: int, log: Path, asked: list[tuple[str, str]], url: str
) -> set[int]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NEWSLETTER_SITE_URL": "http://papers.example"}
    with running(command, log, f"http://127.0.0.1:{port}/", cwd=site.config.site.root, env=environment):
        return ask(url, asked)


def ask(url: str, asked: list[tuple[str, str]]) -> set[int]:
    """Send the requests, each with its own address as a referrer; return the statuses."""
    with httpx.Client(headers={"Host": "papers.example"}, timeout=60) as client:
        return {
            client.request(method, f"{url}{path}", headers={"Referer": f"http://papers.example{path}"}).status_code
            for method, path in asked
        }
