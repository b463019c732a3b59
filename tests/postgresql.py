"""A PostgreSQL server of the tests' own: Debian's, in a temporary folder, on a Unix socket, without fsync.

It is started when the first test wants it, once in each process, and each store is a database of its own, copied from
one in which the tables are made.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import subprocess
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from newsletter.models.database_url import DatabaseUrl
from newsletter.store.copying import tables_in_order
from newsletter.store.postgresql_schema import GENERATED
from newsletter.text.tokenizer import VERSION

if TYPE_CHECKING:
    import psycopg

_FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
#: What its configuration says, before it is started.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "40",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "max_wal_size": "4GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "lc_messages": "C",
    "jit": "off",
}
#: Tables with rows in an empty store.
_IN_EMPTY = {"erased_subscribers", "full_text_version", "store_facts"}
_FILLED = "SELECT '{0}' WHERE EXISTS (SELECT 1 FROM {0})"
_NO_TRIGGERS = "SET session_replication_role = replica;"
_DELETE = "DELETE FROM {};"
_RESTART = "SELECT setval(pg_get_serial_sequence('{0}', '{1}'), 1, false);"
_AS_NEW = """
    UPDATE erased_subscribers SET last_id = 0; UPDATE full_text_version SET version = {};
    DELETE FROM store_facts WHERE name <> 'release'"""
_numbers = count(1)


def new_database() -> DatabaseUrl:
    """Return an empty database of the server."""
    return _database("template0")


def new_store() -> DatabaseUrl:
    """Return a database in which the tables of a store are made."""
    return _database(_template())


@cache
def _used() -> tuple[DatabaseUrl, psycopg.Connection]:
    """Return a store, and a connection that stays open: a new one reads the whole schema before it does anything."""
    import psycopg

    url = new_store()
    return url, psycopg.connect(url.text, autocommit=True)


def emptied_store() -> DatabaseUrl:
    """Return a store that a test before may have used, as new: to empty one takes a tenth of the time of making one.

    Only for tests that leave its tables as they are.
    """
    url, connection = _used()
    filled = [name for (name,) in connection.execute(_filled_tables())]
    deleted = "".join(map(_DELETE.format, filled))  # quicker than TRUNCATE, which makes files anew
    # Also of those that are empty: a test may have deleted what it stored.
    restarted = "".join(_RESTART.format(table, column) for table, column in GENERATED.items())
    connection.execute((_NO_TRIGGERS + deleted + restarted + _AS_NEW.format(VERSION)).encode())
    return url


@cache
def _filled_tables() -> bytes:
    """Return the statement that names the tables with rows, but those that have some in an empty store."""
    names = [table.name for table in tables_in_order() if table.name not in _IN_EMPTY]
    return " UNION ALL ".join(map(_FILLED.format, names)).encode()


def _database(template: str) -> DatabaseUrl:
    import psycopg

    name = f"store{next(_numbers)}"
    with psycopg.connect(_url("postgres").text, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy".encode())
    return _url(name)


@cache
def _template() -> str:
    from newsletter.store.postgresql_opening import open_on_server

    url = new_database()
    open_on_server(url).close()
    return urlsplit(url.text).path[1:]


def _url(database: str) -> DatabaseUrl:
    return DatabaseUrl(f"postgresql:///{database}?host={server()}&user=postgres")


def run_program(name: str, *arguments: str | Path) -> None:
    """Run one of PostgreSQL's programs."""
    server()
    subprocess.run([_FOLDERS[-1] / name, *arguments], check=True, capture_output=True)


@cache
def server() -> Path:
    """Start the server; return the folder of its socket."""
    if not _FOLDERS:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Debian's PostgreSQL is not here")
    programs, folder = _FOLDERS[-1], Path(mkdtemp(prefix="pg", dir="/tmp"))
    as_owner = _as_owner(folder)
    data = folder / "data"
    initdb = (programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8")
    subprocess.run([*as_owner, *initdb], check=True, capture_output=True, cwd="/")
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
    _control("start", programs, folder, as_owner)
    atexit.register(_stop, [*as_owner, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], folder, os.getpid())
    return folder


def restart() -> None:
    """Restart the server: all connections end, and what was not committed is lost."""
    folder = server()
    if _used.cache_info().currsize:
        _used()[1].close()
        _used.cache_clear()
    _control("stop", _FOLDERS[-1], folder, _as_owner(folder))
    _control("start", _FOLDERS[-1], folder, _as_owner(folder))


def _control(what: str, programs: Path, folder: Path, as_owner: list[str]) -> None:
    options = ("-w", "-l", folder / "log", "-o", f"-k {folder}") if what == "start" else ("-w", "-m", "fast")
    command = (programs / "pg_ctl", "-D", folder / "data", *options, what)
    subprocess.run([*as_owner, *command], check=True, capture_output=True, cwd="/")


def _as_owner(folder: Path) -> list[str]:
    """Return what a command begins with that may not be run by root."""
    if os.geteuid() != 0:
        return []
    owner = pwd.getpwnam("postgres")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    folder.chmod(0o755)
    return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]


def _stop(command: list[object], folder: Path, process: int) -> None:
    if os.getpid() == process:  # not in a process that was forked
        subprocess.run([str(one) for one in command], check=False, capture_output=True, cwd="/")
        shutil.rmtree(folder, ignore_errors=True)
