"""The Korean catalogue is whole: nothing missing, nothing stale, nothing broken."""

from __future__ import annotations

import gettext
import io
import re
import shlex
import string
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from app.cli.help import CLICK_TEXTS
from app.i18n import Message as Text

ROOT = Path(__file__).parents[3]
# Click names the values of its two forms differently, and gives both.
CLICKS = {(text.msgid, text.plural) for text in CLICK_TEXTS if isinstance(text, Text)}
PO = ROOT / "app/locale/ko/LC_MESSAGES/bacula_report.po"


def catalogue() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="ko")


def messages(catalog: Catalog) -> dict[str | tuple[str, ...], Message]:
    """By what the code says: a text, or its two forms."""
    return {
        tuple(message.id) if isinstance(message.id, list | tuple) else message.id: message
        for message in catalog
        if message.id
    }


def forms(texts: str | Sequence[str] | None) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts or [""])


def fields(text: str) -> set[tuple[str, str, str]]:
    """The placeholders of a text: name, conversion, format."""
    named = {
        (name, conversion or "", spec or "")
        for _, name, spec, conversion in string.Formatter().parse(text)
        if name is not None
    }
    return named | {(place, "", "") for place in re.findall(r"%\d", text)}


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What `make messages` would collect from the code and the templates."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    keywords = re.search(r"^KEYWORDS := (.*)$", makefile, re.MULTILINE)
    assert keywords is not None
    pot = tmp_path_factory.mktemp("messages") / "all.pot"
    options = [option for word in shlex.split(keywords[1]) for option in ("-k", word)]
    command = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract"]
    command += ["-F", "pyproject.toml", "--no-default-keywords", *options, "-o", str(pot), "."]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with pot.open("rb") as file:
        return read_po(file)


def test_every_text_of_code_and_templates_is_in_the_catalogue(extracted: Catalog) -> None:
    assert set() == messages(extracted).keys() - messages(catalogue()).keys()


def test_the_catalogue_holds_no_text_that_is_used_no_more(extracted: Catalog) -> None:
    assert set() == messages(catalogue()).keys() - messages(extracted).keys()
    assert list(catalogue().obsolete) == []


def test_every_text_is_translated_and_none_is_a_guess() -> None:
    for identity, message in messages(catalogue()).items():
        assert all(forms(message.string)), identity
        assert not message.fuzzy, identity


def test_translations_have_the_placeholders_of_their_texts() -> None:
    for identity, message in messages(catalogue()).items():
        # The last form is the plural, which has the count. Of click's, either will do.
        either = forms(message.id)[0 if identity in CLICKS else -1 :]
        for translated in forms(message.string):
            assert fields(translated) in [fields(text) for text in either], identity


def test_both_english_forms_have_the_same_placeholders_but_for_the_count() -> None:
    for identity in messages(catalogue()):
        if isinstance(identity, tuple) and identity not in CLICKS:
            singular, plural = map(fields, identity)
            assert {("count", "", "")} >= singular ^ plural, identity


def test_translations_begin_and_end_as_their_texts_do() -> None:
    for identity, message in messages(catalogue()).items():
        original, translated = forms(message.id)[0], forms(message.string)[0]
        assert original.startswith(" ") == translated.startswith(" "), identity
        assert original.endswith(("\n", " ")) == translated.endswith(("\n", " ")), identity


def test_the_compiled_catalogue_is_made_from_this_one() -> None:
    fresh = io.BytesIO()
    write_mo(fresh, catalogue())
    fresh.seek(0)
    expected = gettext.GNUTranslations(fresh)
    with PO.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for identity in messages(catalogue()):
        if isinstance(identity, str):
            assert expected.gettext(identity) == compiled.gettext(identity)
        else:
            one, other = identity
            assert expected.ngettext(one, other, 2) == compiled.ngettext(one, other, 2)
