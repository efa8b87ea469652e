"""Click's own words and layout in two languages, and finding the language in time for them."""

from __future__ import annotations

import gettext
import os
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from app.i18n import DOMAIN, N_, language_for, nmsg

_FILLER = "\ue000"
"""Stands behind a character that is two columns wide while a help text is wrapped."""

CLICK_TEXTS = (
    N_("Usage:"),
    N_("Options"),
    N_("Commands"),
    N_("Show this message and exit."),
    N_("Show the version and exit."),
    N_("default: {default}"),
    N_("Error: {message}"),
    N_("Try '{command} {option}' for help."),
    N_("Invalid value for {param_hint}: {message}"),
    N_("No such option {name!r}."),
    N_("No such command {name!r}."),
    N_("Option {name!r} does not take a value."),
    nmsg("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", 1),
    nmsg("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", 1),
    nmsg("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", 1),
    nmsg("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", 1),
)
"""What click itself says; here so that it is translated along with our own texts."""


class _Formatter(click.HelpFormatter):
    """Wraps help texts by the columns they take: Korean characters are two wide."""

    def write_text(self, text: str) -> None:
        super().write_text(_filled(text))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        filled = [(term, _filled(meaning)) for term, meaning in rows]
        super().write_dl(filled, col_max, col_spacing)

    def getvalue(self) -> str:
        return super().getvalue().replace(_FILLER, "")


class _Context(click.Context):
    formatter_class = _Formatter


class Command(click.Command):
    """A command whose help is wrapped by columns."""

    context_class = _Context


class Group(click.Group):
    """A group of them."""

    context_class = _Context
    command_class = Command


def _filled(text: str) -> str:
    return "".join(
        char + _FILLER if unicodedata.east_asian_width(char) in "WF" else char for char in text
    )


def teach_click(language: str) -> None:
    """Let click find its words in our catalogue: it asks gettext, and gettext asks LANGUAGE."""
    gettext.bindtextdomain(DOMAIN, str(Path(__file__).parents[1] / "locale"))
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = language


def early_language(arguments: Sequence[str]) -> str:
    """Find the language before anything is parsed, for help texts and usage errors."""
    chosen = os.environ.get("REPORT_LANG")
    for place, argument in enumerate(arguments):
        if argument == "--lang" and place + 1 < len(arguments):
            chosen = arguments[place + 1]
        elif argument.startswith("--lang="):
            chosen = argument.partition("=")[2]
    return language_for(chosen, os.environ)
