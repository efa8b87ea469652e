"""What the documents say is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.errors import ExitCode
from app.i18n import Translator
from app.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
READMES = {"en": ROOT / "README.md", "ko": ROOT / "README.ko.md"}
_ROW = re.compile(r"^\| `([A-Z_]+)` \| (?:`([^`]*)`)? ?\| (.*?) \|$", re.MULTILINE)


@pytest.mark.parametrize("language", READMES)
def test_the_table_of_settings_is_the_codes_own_list(language: str) -> None:
    """Same names, order, defaults and meanings, in both languages."""
    tr = Translator(language)
    told = _ROW.findall(READMES[language].read_text("utf-8"))
    assert told == [(one.name, one.default, tr(one.meaning)) for one in SETTINGS]


@pytest.mark.parametrize("language", READMES)
def test_every_exit_code_is_documented_once(language: str) -> None:
    """The table has a row for each code, in order."""
    rows = re.findall(r"^\| (\d) \| ", READMES[language].read_text("utf-8"), re.MULTILINE)
    assert [int(row) for row in rows] == [code.value for code in ExitCode]


def test_the_example_file_has_every_key_and_no_value() -> None:
    """A key may stand as a comment; a value never."""
    keys = []
    for line in (ROOT / ".env.example").read_text("utf-8").splitlines():
        match = re.fullmatch(r"#?([A-Z][A-Z_]+)=(.*)", line)
        if match:
            keys.append(match.group(1))
            assert match.group(2) == ""
    assert sorted(keys) == sorted(one.name for one in SETTINGS)


@pytest.mark.parametrize("language", READMES)
def test_every_link_and_picture_of_the_readme_is_there(language: str) -> None:
    """Relative targets exist in the repository."""
    text = READMES[language].read_text("utf-8")
    targets = re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    assert targets
    missing = [target for target in targets if not (ROOT / target).exists()]
    assert missing == []


def test_the_readmes_have_the_same_parts() -> None:
    """Headings, table rows and code lines correspond in number."""

    def shape(path: Path) -> tuple[int, int, int]:
        text = path.read_text("utf-8")
        return (
            len(re.findall(r"^#+ ", text, re.MULTILINE)),
            len(re.findall(r"^\|", text, re.MULTILINE)),
            len(re.findall(r"^(?:make|cp|\.venv)", text, re.MULTILINE)),
        )

    assert shape(READMES["en"]) == shape(READMES["ko"])
