from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.papers.preprint_servers import SERVERS, first_version_of, is_preprint, server_of


@pytest.mark.parametrize(
    ("doi", "first", "version"),
    [
        ("10.26434/chemrxiv-2026-abcde", "10.26434/chemrxiv-2026-abcde", None),
        ("10.26434/chemrxiv-2026-abcde-v2", "10.26434/chemrxiv-2026-abcde", 2),
        ("10.26434/chemrxiv.12345678.v3", "10.26434/chemrxiv.12345678.v1", 3),
        ("10.21203/rs.3.rs-1234567/v1", "10.21203/rs.3.rs-1234567/v1", 1),
        ("10.21203/rs.3.rs-1234567/v12", "10.21203/rs.3.rs-1234567/v1", 12),
        ("10.20944/preprints202605.0123.v2", "10.20944/preprints202605.0123.v1", 2),
        ("10.31234/osf.io/abcde_v2", "10.31234/osf.io/abcde_v1", 2),
        ("10.22541/au.176000000.00000000/v1", "10.22541/au.176000000.00000000/v1", 1),
        ("10.31234/osf.io/abcdev2", "10.31234/osf.io/abcdev2", None),
        ("10.31234/osf.io/abcde_v0", "10.31234/osf.io/abcde_v0", None),
        ("10.2139/ssrn.1234567", "10.2139/ssrn.1234567", None),
    ],
)
def test_all_versions_of_a_preprint_have_the_doi_of_the_first(doi: str, first: str, version: int | None) -> None:
    assert first_version_of(doi) == (first, version)


@given(st.sampled_from(["/", ".", "_", "-"]), st.integers(1, 99), st.integers(1, 99))
def test_two_versions_of_a_preprint_are_one_paper(mark: str, one: int, other: int) -> None:
    papers = {first_version_of(f"10.1000/clouds{mark}v{number}")[0] for number in (one, other)}
    assert len(papers) == 1
    assert first_version_of(*papers)[0] in papers


def test_a_server_is_known_by_its_prefix_alone() -> None:
    assert server_of("10.26434/chemrxiv-2026-abcde") == SERVERS["chemrxiv"]
    assert server_of("10.264340/x") is None


def test_no_prefix_belongs_to_two_servers() -> None:
    prefixes = [prefix for server in SERVERS.values() for prefix in server.prefixes]
    assert len(prefixes) == len(set(prefixes))
    assert all(re.fullmatch(r"10\.\d{4,5}", prefix) for prefix in prefixes)


@pytest.mark.parametrize(
    ("doi", "expected"),
    [
        ("10.26434/chemrxiv-2026-abcde", True),
        ("10.1101/2026.05.01.123456", True),
        ("10.1101/012345", True),
        ("10.64898/2026.05.01.123456", True),
        ("10.1590/scielopreprints.1234", True),
        ("10.1101/gr.275193.120", False),
        ("10.1101/gad.1234", False),
        ("10.1101/pdb.prot5439", False),
        ("10.1590/s0102-311x2003000400001", False),
        ("10.1038/nature14539", False),
    ],
)
def test_a_preprint_is_known_by_its_doi(doi: str, expected: bool) -> None:
    assert is_preprint(doi) is expected
