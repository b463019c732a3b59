"""The exit codes of the commands: one table, from which the documentation is made.

Beyond 0, 1 and 2 they are those of sysexits.h, which mail servers and systemd know, and the shell's for signals.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command ends with; `meaning` says it in a sentence, `remedy` what a monitor or a person does then."""

    meaning: str
    remedy: str

    def __new__(cls, value: int, meaning: str, remedy: str) -> ExitCode:
        """Make the code that is its number."""
        made = int.__new__(cls, value)
        made._value_ = value
        made.meaning, made.remedy = meaning, remedy
        return made

    OK = 0, "All is well. `serve` also ends with it after Ctrl-C or SIGTERM.", "nothing"
    FAILED = 1, "Something failed or was refused: a line each on stderr says what, and what to do.", "look at stderr"
    USAGE = 2, "The command line is wrong.", "correct it: `newsletter COMMAND --help`"
    NO_INPUT = 66, "`bounces read`: a file cannot be read.", "check the file and who may read it"
    UNAVAILABLE = 69, "`upgrade-check`: the index cannot be asked.", "nothing; the next check asks again"
    TEMPORARY = (
        75,
        (
            "Nothing failed for good. `run` and `send`: messages are deferred and will be retried, or another process "
            "is sending for this site. `bounces read`: the database is busy; the mail server keeps the message."
        ),
        "nothing; the next run goes on. Worth a look if it lasts for a day",
    )
    INTERRUPTED = (
        130,
        "Ctrl-C ended `send` or `run`: messages in flight were finished.",
        "nothing; the next run goes on",
    )
    KILLED = (
        137,
        "The system killed the process (SIGKILL), often for want of memory.",
        "the next run goes on; see `dmesg`",
    )
    TERMINATED = (
        143, "SIGTERM ended `send` or `run`: messages in flight were finished.", "nothing; the next run goes on"
    )  # fmt: skip


def exit_codes_table() -> list[tuple[str, str, str]]:
    """Return a row per code: the number, its meaning, and what to do."""
    return [(str(code.value), code.meaning, code.remedy) for code in ExitCode]
