"""The check of MTA-STS policies, with a real name server and a real web server."""

from __future__ import annotations

import pytest
from pytest_httpserver import HTTPServer

from newsletter.config.model import Config
from newsletter.models.findings import Finding, Level
from newsletter.operations.mta_sts_check import check_mta_sts
from newsletter.sending.dns_records import Dns
from newsletter.sources import HttpClient
from tests.nameserver import naming

RECORD = {("_mta-sts.papers.net", "TXT"): ['"v=STSv1; id=1"'], ("papers.net", "MX"): ["10 mail.papers.net."]}


def check(config: Config, httpserver: HTTPServer, zone: dict[tuple[str, str], list[str]] = RECORD) -> Finding:
    with naming({**zone}) as resolver, HttpClient(sleep=lambda _seconds: None) as http:
        url = httpserver.url_for("/mta-sts.txt")
        (finding,) = check_mta_sts(Dns(resolver), config, http, lambda _domain: url)
    return finding


def test_no_policy_is_no_problem(config: Config, httpserver: HTTPServer) -> None:
    assert check(config, httpserver, {}).level is Level.OK


@pytest.mark.parametrize(
    ("policy", "level"),
    [
        ("version: STSv1\nmode: enforce\nmx: mail.papers.net\nmax_age: 86400", Level.OK),
        ("version: STSv1\nmode: enforce\nmx: old.papers.net\nmax_age: 86400", Level.WRONG),
        ("version: STSv1\nmode: testing\nmx: old.papers.net\nmax_age: 86400", Level.WARNING),
        ("version: STSv1\nmode: none\nmax_age: 86400", Level.OK),
        ("<html>not found</html>", Level.WRONG),
    ],
)
def test_a_policy_has_to_accept_its_own_servers(
    config: Config, httpserver: HTTPServer, policy: str, level: Level
) -> None:
    httpserver.expect_request("/mta-sts.txt").respond_with_data(policy)
    assert check(config, httpserver).level is level


def test_a_policy_that_is_announced_has_to_be_there(config: Config, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/mta-sts.txt").respond_with_data("", 404)
    assert check(config, httpserver).level is Level.WRONG


def test_a_redirect_is_not_followed_by_senders(config: Config, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/mta-sts.txt").respond_with_data("", 302, {"Location": httpserver.url_for("/there")})
    httpserver.expect_request("/there").respond_with_data("version: STSv1")
    assert "redirects" in check(config, httpserver).detail
