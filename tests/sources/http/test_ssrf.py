from __future__ import annotations

import pytest

from newsletter.errors import SourceError
from newsletter.sources.http.ssrf import is_public, public_address, resolve


@pytest.mark.parametrize("number", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8"])
def test_global_addresses_are_public(number: str) -> None:
    assert is_public(number)


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "x",
        "",
    ],
)  # fmt: skip
def test_all_other_addresses_are_not_public(number: str) -> None:
    assert not is_public(number)


def test_all_addresses_of_a_host_must_be_public() -> None:
    found = {"good.example": ["8.8.8.8", "1.1.1.1"], "mixed.example": ["8.8.8.8", "10.0.0.1"], "none.example": []}
    assert public_address("https", "good.example", None, lambda host, _port: found[host], "x") == "8.8.8.8"
    for host in ("mixed.example", "none.example"):
        with pytest.raises(SourceError, match=f"x: private address in link or redirect: {host}"):
            public_address("https", host, None, lambda host, _port: found[host], "x")


def test_an_unknown_host_is_an_error() -> None:
    with pytest.raises(SourceError, match="host not found in link or redirect"):
        public_address("https", "\u2603" * 80, 443, resolve, "x")


def test_names_are_not_resolved_if_there_is_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert public_address("https", "anything.example", None, lambda _host, _port: [], "x") is None


def test_names_are_resolved_by_the_system_resolver() -> None:
    assert set(resolve("localhost", 80)) <= {"127.0.0.1", "::1"}
