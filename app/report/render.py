"""Puts a `ReportView` into the templates. Everything is escaped; templates decide nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from contextlib import suppress
from enum import StrEnum
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from markupsafe import Markup

from app.bacula.joblog import clean
from app.i18n import Translator
from app.report.view import ReportView


class Format(StrEnum):
    """What a report can be written as; the value is the file's ending."""

    HTML = "html"
    JSON = "json"
    TEXT = "txt"


def template_folder() -> Path:
    """Return where the templates lie: inside an installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(template_folder()),
        autoescape=lambda name: not (name or "").endswith(".txt.j2"),  # noqa: S701 - plain text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    translator = Translator(language)
    environment.globals["_"] = translator
    environment.globals["ngettext"] = translator.plural
    environment.filters["oneline"] = lambda text: " ".join(str(text).split())
    return environment


def read_templates(language: str) -> None:
    """Read the templates of the page, which takes a while, before they are needed.

    Nothing comes of it if that fails: rendering tells why.
    """
    folder = template_folder()
    names = ["report.html.j2", *(f"partials/{one.name}" for one in folder.glob("partials/*.j2"))]
    with suppress(TemplateError, OSError):
        for name in names:
            _environment(language).get_template(name)


def fill_template(name: str, language: str, **values: object) -> str:
    """Fill a template of ours, for rooms that render further formats.

    Args:
        name: the template; what goes into one that ends with .txt.j2 is not escaped.
        language: ko or en.
        values: what it places.
    """
    return _environment(language).get_template(name).render(values)


def render_html(view: ReportView) -> str:
    """Return the page: one file, nothing loaded from anywhere.

    Its own script is the only one that a browser will run: the page's Content-Security-Policy
    names its hash, so that even text that slipped through escaping could not become code.
    """
    folder = template_folder()
    style = _squeeze((folder / "partials" / "report.css").read_text("utf-8"))
    script = (folder / "partials" / "report.js").read_text("utf-8").strip()
    early = "document.documentElement.classList.add('js')"
    template = _environment(view.language).get_template("report.html.j2")
    return template.render(
        view=view,
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        early=Markup(early),  # noqa: S704 - the line above
        script_hashes=" ".join(f"'{_hash(code)}'" for code in (early, script)),
    )


def render_text(view: ReportView) -> str:
    """Return the report as plain text, for mails and terminals."""
    text = _environment(view.language).get_template("report.txt.j2").render(view=view)
    # Here nothing is escaped: what would steer a terminal is taken out, wherever it came from.
    return re.sub(r"\n{3,}", "\n\n", clean(text)).strip("\n") + "\n"


def _hash(code: str) -> str:
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    return f"sha256-{digest}"


def _squeeze(css: str) -> str:
    """Drop comments and indentation: the style travels with every report."""
    return re.sub(r"\n\s*", "\n", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)).strip()
