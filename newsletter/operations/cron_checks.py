"""Check the lines of crontabs that run this site: they fail in silence, since cron's mail is seldom read."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from newsletter.config.cron import check_cron
from newsletter.errors import ConfigError
from newsletter.files.site import CONFIG_NAME, Site
from newsletter.models.findings import Finding, Level

_SYSTEM_TABLES = Path("/etc/cron.d")
_MAX_TABLE_B = 100_000
#: What cron sets if the table does not (crontab(5) of Debian).
_CRON_PATH = "/usr/bin:/bin"
_VARIABLE = re.compile(r"\s*[\"']?(\w+)[\"']?\s*=\s*(.*)")
_PROGRAM = re.compile(r"(?:^|[\s;&|(])((?:[^\s;&|()]*/)?newsletter)(?=\s|$)")
_FOLDER = re.compile(r"(?:\bcd\s+|--site[ =]|NEWSLETTER_SITE=)(\"[^\"]+\"|'[^']+'|[^\s;&|]+)")
_PERCENT = re.compile(r"(?<!\\)%")


def check_crontabs(site: Site) -> Iterator[Finding]:
    """Check the user's crontab and those of the system, as far as they can be read."""
    for name, text, has_user in _tables():
        yield from check_crontab(site, name, text, has_user=has_user)


def check_crontab(site: Site, name: str, text: str, *, has_user: bool = False) -> Iterator[Finding]:
    """Check the lines of one crontab that run this program for this site.

    Args:
        site: The site.
        name: What the table is called in findings.
        text: Its content, as of crontab(5).
        has_user: Whether each line names the user to run as, as in /etc/cron.d.
    """
    variables = {"PATH": _CRON_PATH}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("#") or not line.strip():
            continue
        if variable := _VARIABLE.fullmatch(line):
            variables[variable[1]] = variable[2].strip("\"' ")
        elif _PROGRAM.search(line):
            problem = _problem(site, line.strip(), variables, has_user=has_user)
            if problem is None:
                yield Finding(Level.OK, "cron", f"{name}, line {number}: {line.strip()[:100]}")
            elif problem[0]:
                yield Finding(Level.WRONG, "cron", f"{name}, line {number}: {problem[0]}", problem[1])


def _problem(site: Site, line: str, variables: dict[str, str], *, has_user: bool) -> tuple[str, str] | None:
    """Return what is wrong with a line and what to do, None if nothing is, or ("", "") if it is another site's."""
    times = 1 if line.startswith("@") else 5
    fields = line.split(None, times + has_user)
    command = fields[-1]
    found = _FOLDER.search(command)
    named = found[1].strip("\"'") if found else variables.get("NEWSLETTER_SITE")
    folder = Path(named) if named else None
    if folder is not None and (folder / CONFIG_NAME).is_file() and not folder.samefile(site.root):
        return "", ""
    if len(fields) <= times + has_user:
        return "too few fields", "for example: 5 * * * * cd /srv/papers && newsletter run"
    problems = (
        _problem_of_times(" ".join(fields[:times])),
        _problem_of_folder(site, folder),
        ("cron ends the command at %", "write \\%") if _PERCENT.search(command) else None,
        _problem_of_program(command, variables["PATH"]),
    )
    return next(filter(None, problems), None)


def _problem_of_times(times: str) -> tuple[str, str] | None:
    try:
        check_cron(times.lower().replace("@reboot", "@daily"))
    except ConfigError as error:
        return error.message.removeprefix("schedule.cron: "), "man 5 crontab"
    return None


def _problem_of_folder(site: Site, folder: Path | None) -> tuple[str, str] | None:
    remedy = f"cd {shlex.quote(str(site.root))} && …"
    if folder is None:
        return "it names no site, and cron begins in the home directory", remedy
    return None if (folder / CONFIG_NAME).is_file() else (f"{folder}: no {CONFIG_NAME} in it", remedy)


def _problem_of_program(command: str, path: str) -> tuple[str, str] | None:
    program = _PROGRAM.search(command)
    if program is None or shutil.which(program[1], path=path) is not None:
        return None
    known = shutil.which("newsletter") or "/opt/newsletter/bin/newsletter"
    return f"{program[1]} is not found in cron's PATH ({path})", f"write its full path: {known}"


def _tables() -> Iterator[tuple[str, str, bool]]:
    """Yield the name and content of each crontab that can be read, and whether its lines name a user."""
    with suppress(OSError, subprocess.SubprocessError):
        listed = subprocess.run(
            ["crontab", "-l"],  # noqa: S607 - wherever this system has it
            capture_output=True, check=True, timeout=5, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        yield "crontab -l", listed.stdout[:_MAX_TABLE_B].decode("utf-8", "replace"), False
    with suppress(OSError):
        for path in sorted(_SYSTEM_TABLES.iterdir()):
            with suppress(OSError):
                yield str(path), path.read_bytes()[:_MAX_TABLE_B].decode("utf-8", "replace"), True
