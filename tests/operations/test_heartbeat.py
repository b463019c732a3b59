"""The heartbeat, at a real server on this machine."""

from __future__ import annotations

import pytest
from pytest_httpserver import HTTPServer

from newsletter.operations.heartbeat import HeartbeatError, failure_url, send_heartbeat
from tests.silent_server import Hang, silent_server


def test_a_clean_run_and_another_request_different_paths(httpserver: HTTPServer) -> None:
    for path in ("/ping/a-secret", "/ping/a-secret/fail"):
        httpserver.expect_request(path, method="GET").respond_with_data("OK")
    send_heartbeat(httpserver.url_for("/ping/a-secret"), is_clean=True)
    send_heartbeat(httpserver.url_for("/ping/a-secret"), is_clean=False)
    assert [request.path for request, _ in httpserver.log] == ["/ping/a-secret", "/ping/a-secret/fail"]
    assert all(not request.data for request, _ in httpserver.log)


def test_a_monitor_that_knows_no_failures_is_no_error(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/ping/a-secret/fail").respond_with_data("", 404)
    httpserver.expect_request("/ping/a-secret").respond_with_data("", 404)
    url = httpserver.url_for("/ping/a-secret")
    send_heartbeat(url, is_clean=False)
    with pytest.raises(HeartbeatError, match=r"404") as caught:
        send_heartbeat(url, is_clean=True)
    assert "secret" not in str(caught.value)


def test_a_monitor_that_does_not_respond_is_given_up() -> None:
    with silent_server(Hang.SILENT) as server, pytest.raises(HeartbeatError, match=r"no response within") as caught:
        send_heartbeat(f"http://127.0.0.1:{server.port}/a-secret", is_clean=True, deadline_s=0.2)
    assert "secret" not in str(caught.value)


def test_a_query_stays_behind_the_path() -> None:
    assert failure_url("https://up.example/push/x?msg=OK") == "https://up.example/push/x/fail?msg=OK"
