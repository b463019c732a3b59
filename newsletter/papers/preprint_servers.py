"""Preprint servers that register their papers with Crossref, by name, and what the DOI of a preprint says.

A DOI prefix belongs to one member of Crossref
(https://www.crossref.org/documentation/member-setup/constructing-your-dois/). The servers of the Center for Open
Science have one each; bioRxiv and medRxiv share theirs. The prefixes are those in DOIs of these servers; the live API
was not asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PreprintServer:
    """A preprint server."""

    #: In its own spelling, for people; "" if the prefix does not tell which of two servers it is.
    name: str
    #: The DOI prefixes of its papers, the current one first.
    prefixes: tuple[str, ...]
    #: Whether all that the prefix holds is a preprint, whatever type it was registered with.
    only_preprints: bool = False


#: By the name in settings. SSRN has registered its papers as articles of a journal, too.
SERVERS = {
    "africarxiv": PreprintServer("AfricArXiv", ("10.31730",)),
    "authorea": PreprintServer("Authorea", ("10.22541",)),
    "biorxiv-medrxiv": PreprintServer("", ("10.64898", "10.1101")),
    "chemrxiv": PreprintServer("ChemRxiv", ("10.26434",)),
    "eartharxiv": PreprintServer("EarthArXiv", ("10.31223",)),
    "ecoevorxiv": PreprintServer("EcoEvoRxiv", ("10.32942",)),
    "edarxiv": PreprintServer("EdArXiv", ("10.35542",)),
    "engrxiv": PreprintServer("engrXiv", ("10.31224",)),
    "lawarxiv": PreprintServer("LawArXiv", ("10.31228",)),
    "metaarxiv": PreprintServer("MetaArXiv", ("10.31222",)),
    "osf": PreprintServer("OSF Preprints", ("10.31219",)),
    "preprints.org": PreprintServer("Preprints.org", ("10.20944",)),
    "psyarxiv": PreprintServer("PsyArXiv", ("10.31234",)),
    "research-square": PreprintServer("Research Square", ("10.21203",)),
    "scielo": PreprintServer("SciELO Preprints", ("10.1590",)),
    "socarxiv": PreprintServer("SocArXiv", ("10.31235",)),
    "sportrxiv": PreprintServer("SportRxiv", ("10.31236", "10.51224")),
    "ssrn": PreprintServer("SSRN", ("10.2139",), only_preprints=True),
    "techrxiv": PreprintServer("TechRxiv", ("10.36227",)),
}  # fmt: skip
_BY_PREFIX = {prefix: server for server in SERVERS.values() for prefix in server.prefixes}

# "10.21203/rs.3.rs-1234567/v2", "10.20944/preprints202605.0123.v2", "10.26434/chemrxiv-2026-abcde-v2",
# "10.31234/osf.io/abcde_v2". ChemRxiv's first version has no suffix, the others' is "v1".
_VERSION = re.compile(r"(?P<paper>10\..+)(?P<mark>[-/._])v(?P<version>[1-9]\d?)")


def server_of(doi: str) -> PreprintServer | None:
    """Return the server of a preprint by its DOI, or None if it is not in the table."""
    return _BY_PREFIX.get(doi.partition("/")[0])


# Two prefixes are shared with journals: that of Cold Spring Harbor ("10.1101/gr.275193.120"), where a preprint has a
# date, or a number of six digits until 2019; and that of SciELO.
_SHARED = re.compile(r"10\.1101/(?:20\d\d\.\d\d\.\d\d\.)?\d{6,}|10\.1590/scielopreprints\S*")


def is_preprint(doi: str) -> bool:
    """Return whether a DOI (in lower case) is that of a preprint on a server of the table."""
    is_shared = doi.startswith(("10.1101/", "10.1590/"))
    return _SHARED.match(doi) is not None if is_shared else server_of(doi) is not None


def first_version_of(doi: str) -> tuple[str, int | None]:
    """Return the DOI of a preprint's first version, which stands for all of them, and the version of `doi`.

    Servers give each version a DOI of its own; without this, each would be a paper of its own.
    """
    match = _VERSION.fullmatch(doi)
    if match is None:
        return doi, None
    version = int(match["version"])
    if match["mark"] == "-":
        return match["paper"], version
    return f"{match['paper']}{match['mark']}v1", version
