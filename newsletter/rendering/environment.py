"""Templates: where they are found, how strict they are, and what is said of a broken one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, Template

from newsletter.errors import TemplateError
from newsletter.rendering.fragments import put_off
from newsletter.site import default_templates
from newsletter.text import shorten

_TEXT_WIDTH = 72


def make_environment(site_templates: Path | None = None) -> Environment:
    """Make the templates' environment.

    A site's own template takes the place of the shipped one of its name; as `default:NAME` the shipped one can
    still be extended. `.html` is escaped, `.txt` is not. An unknown name is an error, never an empty string.
    """
    shipped = FileSystemLoader(default_templates())
    own = site_templates is not None and site_templates.resolve() != default_templates().resolve()
    loaders: list[jinja2.BaseLoader] = [FileSystemLoader(site_templates)] if own and site_templates else []
    environment = Environment(
        loader=ChoiceLoader([*loaders, shipped, PrefixLoader({"default": shipped}, delimiter=":")]),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= FILTERS | {"shorten": shorten}
    return environment


def find_template(environment: Environment, names: Sequence[str]) -> Template:
    """Return the first template of these names that there is.

    Raises:
        TemplateError: There is none, or it cannot be read; names file and line.
    """
    with _told(names[-1]):
        return environment.select_template(list(names))


def render(template: Template, **context: Any) -> str:
    """Render a template.

    Raises:
        TemplateError: It is broken; names file and line.
    """
    with _told(template.name or ""):
        return template.render(context)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Tell what is wrong with a template in words that a designer can act on."""
    try:
        yield
    except jinja2.TemplatesNotFound as error:
        raise TemplateError(f"template {name}: not found") from error
    except jinja2.TemplateNotFound as error:
        raise TemplateError(f"{_place(error, name)}: template {error.name}: not found") from error
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"{error.filename or error.name}, line {error.lineno}: {error.message}") from error
    except (
        jinja2.TemplateError,
        TypeError,
        ValueError,
        ArithmeticError,
        LookupError,
        AttributeError,
        RecursionError,  # a template that extends itself, and not `default:` of its name
    ) as error:
        raise TemplateError(f"{_place(error, name)}: {error}") from error


def wrap(text: str, indent: int | str = 0, first: int | str | None = None, used: int | str = 0) -> str:
    """Break a paragraph into lines of 72 columns, indented (the first by `first`); long words stay whole.

    `used` is how many columns of the first line stand before it already; it is not indented then.
    """
    if waiting := put_off(text, "wrap", indent, indent if first is None else first, used):
        return waiting
    indent, used = int(indent), int(used)
    line = "" if used else " " * int(indent if first is None else first)
    lines, width, is_empty = [], used + len(line), True
    for word in text.split(" "):
        if not word:
            continue
        if is_empty:
            line, width, is_empty = line + word, width + len(word), False
        elif width + 1 + len(word) <= _TEXT_WIDTH:
            line, width = f"{line} {word}", width + 1 + len(word)
        else:
            lines.append(line)
            line, width = " " * indent + word, indent + len(word)
    return "\n".join([*lines, line]).replace("\u00a0", " ")  # `unbroken` has done its work


def underline(text: str, character: str = "-") -> str:
    """Return `text`, wrapped, with a line of `character` below it."""
    if waiting := put_off(text, "underline", character):
        return waiting
    return f"{wrap(text)}\n{character * min(len(text), _TEXT_WIDTH)}"


def unbroken(text: str) -> str:
    """Keep a short text on one line: "8 comments"."""
    return put_off(text, "unbroken") or text.replace(" ", "\u00a0")


#: What templates may do to a text; a text that is not there yet, they do it to later.
FILTERS: dict[str, Callable[..., str]] = {"wrap": wrap, "underline": underline, "unbroken": unbroken}


def _place(error: BaseException, name: str) -> str:
    """Return file and line of the innermost template that an error passed through."""
    place, trace = f"template {name}", error.__traceback__
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if filename.endswith((".html", ".txt", ".css")):
            place = f"{filename}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place
