"""Templates: where they are found, how strict they are, and what is said of a broken one."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from newsletter.errors import TemplateError
from newsletter.places import default_templates

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
    environment.filters |= {"wrap": wrap, "underline": underline, "unbroken": unbroken}
    return environment


def render(environment: Environment, name: str, **context: Any) -> str:
    """Render one template.

    Raises:
        TemplateError: It is missing or broken; names file and line.
    """
    try:
        return environment.get_template(name).render(context)
    except jinja2.TemplateNotFound as error:
        asked_by = "" if error.name == name else f"{_place(error, name)}: "
        raise TemplateError(f"{asked_by}template {error.name}: not found") from error
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


def wrap(text: str, indent: int = 0, first: int | None = None) -> str:
    """Break a paragraph into lines of 72 columns, indented (the first line by `first`); long words stay whole."""
    lines = textwrap.fill(
        text,
        _TEXT_WIDTH,
        initial_indent=" " * (indent if first is None else first),
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines.replace("\u00a0", " ")  # `unbroken` has done its work


def underline(text: str, character: str = "-") -> str:
    """Return `text`, wrapped, with a line of `character` below it."""
    return f"{wrap(text)}\n{character * min(len(text), _TEXT_WIDTH)}"


def unbroken(text: str) -> str:
    """Keep a short text on one line: "8 comments"."""
    return text.replace(" ", "\u00a0")


def _place(error: BaseException, name: str) -> str:
    """Return file and line of the innermost template that an error passed through."""
    place, trace = f"template {name}", error.__traceback__
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if filename.endswith((".html", ".txt", ".css")):
            place = f"{filename}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place
