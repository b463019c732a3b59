"""`newsletter completion`: completion of commands, options and choices by the Tab key."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from newsletter.errors import NewsletterError

_SHELLS = ("bash", "zsh", "fish")
_PROGRAM = "newsletter"
_VARIABLE = "_NEWSLETTER_COMPLETE"
#: Surrounds what is added to a file that is the user's own.
_BEGIN, _END = "# >>> newsletter completion >>>", "# <<< newsletter completion <<<"


@click.command(
    epilog="""\b
Examples:
  # for the shell in $SHELL; open a new shell after it
  newsletter completion --install
  newsletter completion --install fish
  # print the script
  newsletter completion bash"""
)
@click.argument("shell", type=click.Choice(_SHELLS), required=False)
@click.option("--install", is_flag=True, help="Set it up for this user, once; repeating it changes nothing.")
def completion(shell: str | None, install: bool) -> None:
    """Complete commands and options with the Tab key.

    In bash (4.4 or later), zsh and fish. Without SHELL, the shell that $SHELL names is taken.
    """
    shell = shell or _current_shell()
    script = _script(shell)
    if not install:
        click.echo(script, nl=False)
        return
    changed = _install(shell, script, Path.home())
    for path in changed:
        click.echo(f"wrote {path}")
    click.echo("Open a new shell, and press Tab after: newsletter" if changed else "It is installed already.")


def _current_shell() -> str:
    name = Path(os.environ.get("SHELL", "")).name
    if name not in _SHELLS:
        raise click.UsageError(f"name the shell: {', '.join(_SHELLS)}")
    return name


def _script(shell: str) -> str:
    """Return click's script, which asks `newsletter` itself what may follow.

    Source: click.palletsprojects.com, "Shell Completion".
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise NewsletterError(f"{shell}: no completion for this shell")
    root = click.get_current_context().find_root().command
    return kind(root, {}, _PROGRAM, _VARIABLE).source().strip() + "\n"


def _install(shell: str, script: str, home: Path) -> list[Path]:
    """Write the script where the shell finds it, and return the files that changed.

    fish reads a folder of completions; bash and zsh get a line in the file that they read at their start.

    Raises:
        NewsletterError: A file cannot be written.
    """
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
    if shell == "fish":
        wanted = {config / "fish/completions/newsletter.fish": script}
    else:
        file = data / f"newsletter/completion.{shell}"
        start = Path(os.environ.get("ZDOTDIR") or home) / ".zshrc" if shell == "zsh" else home / ".bashrc"
        wanted = {file: script}
    try:
        if shell != "fish":
            wanted[start] = _with_line(start, file, shell)
        changed = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
        for path in changed:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        hint = f"print it, and put it where your shell finds it: newsletter completion {shell}"
        raise NewsletterError(f"the completion cannot be installed: {error}", hint=hint) from error
    return changed


def _with_line(start: Path, file: Path, shell: str) -> str:
    """Return the text of a file that a shell reads at its start, with our lines in it once."""
    text = start.read_text("utf-8") if start.exists() else ""
    source = f"[ -r {shlex.quote(str(file))} ] && source {shlex.quote(str(file))}"
    if shell == "zsh":  # whose completion system may not be loaded
        source = "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i; }\n" + source
    before, begin, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2].removeprefix("\n") if begin else ""
    before += "" if not before or before.endswith("\n") else "\n"
    return f"{before}{_BEGIN}\n{source}\n{_END}\n{after}"
