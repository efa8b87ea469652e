"""Messages carry values; values are shown, never interpreted; and the language is the reader's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.i18n import LANGUAGES, N_, Message, Translator, language_for, msg, nmsg

ENGLISH, KOREAN = Translator("en"), Translator("ko")
HOSTILE = ["{count}", "{0}", "{", "}", "{{x}}", "%s", "%(name)s", "{name.__class__}", "\\n", "한"]


@pytest.mark.parametrize("translator", [ENGLISH, KOREAN])
@given(value=st.text() | st.sampled_from(HOSTILE))
def test_what_a_value_says_is_never_interpreted(translator: Translator, value: str) -> None:
    assert translator("{name} is not set.", name=value).count(value) >= 1
    nested = msg("Its log could not be had: {reason}", reason=msg("{words}", words=value))
    assert value in translator.text(nested)


@pytest.mark.parametrize("translator", [ENGLISH, KOREAN])
@pytest.mark.parametrize("text", HOSTILE)
def test_plain_text_passes_unchanged(translator: Translator, text: str) -> None:
    assert translator.text(text) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567"), (True, "True"),
     (1.5, "1.5"), ("1000", "1000")],
)  # fmt: skip
def test_numbers_have_separators_and_other_values_stay(value: Any, expected: str) -> None:
    assert ENGLISH("{value}", value=value) == expected


@pytest.mark.parametrize(
    ("count", "english"),
    [
        (0, "0 jobs failed, on 0 servers."),
        (1, "1 job failed, on 1 server."),
        (2, "2 jobs failed, on 2 servers."),
        (1_000, "1,000 jobs failed, on 1,000 servers."),
    ],
)
def test_plurals_follow_their_count_also_when_nested(count: int, english: str) -> None:
    servers = nmsg("{count} server", "{count} servers", count)
    sentence = nmsg(
        "{count} job failed, on {servers}.", "{count} jobs failed, on {servers}.", count,
        servers=servers,
    )  # fmt: skip
    assert ENGLISH.text(sentence) == str(sentence) == english
    korean = KOREAN.text(sentence)
    assert korean.count(f"{count:,}") == 2
    assert "job" not in korean


def test_a_message_without_values_may_hold_braces() -> None:
    assert ENGLISH.text(msg("{left alone}")) == "{left alone}"


def test_an_empty_message_is_empty_in_every_language() -> None:
    """The empty msgid of a catalogue is its header."""
    assert [Translator(language).text(Message("")) for language in LANGUAGES] == ["", ""]


def test_a_text_without_translation_is_shown_in_english() -> None:
    assert KOREAN(N_("Nobody translated this {thing}."), thing=1) == "Nobody translated this 1."


def test_a_language_that_is_not_there_is_english() -> None:
    assert Translator("fr").language == "en"


@pytest.mark.parametrize(
    ("choice", "environment", "expected"),
    [
        (None, {"LANG": "ko_KR.UTF-8"}, "ko"),
        (None, {"LANG": "ko_KR.eucKR"}, "ko"),
        (None, {"LANG": "ko_KR@hanja"}, "ko"),
        (None, {"LANG": "ko"}, "ko"),
        (None, {"LANG": "korean"}, "ko"),
        (None, {"LANG": "kok_IN.UTF-8"}, "en"),
        (None, {"LANG": "en_US.UTF-8"}, "en"),
        (None, {"LANG": "C"}, "en"),
        (None, {}, "en"),
        (None, {"LANG": ""}, "en"),
        (None, {"LC_ALL": "C", "LANG": "ko_KR.UTF-8"}, "en"),
        (None, {"LC_ALL": "", "LANG": "ko_KR.UTF-8"}, "ko"),
        (None, {"LC_MESSAGES": "ko_KR.UTF-8", "LANG": "en_US.UTF-8"}, "ko"),
        (None, {"LC_ALL": "en_US.UTF-8", "LC_MESSAGES": "ko_KR.UTF-8"}, "en"),
        ("ko-KR", {"LC_ALL": "C"}, "ko"),
        ("KO", {}, "ko"),
        ("en", {"LC_ALL": "ko_KR.UTF-8"}, "en"),
        ("fr", {"LC_ALL": "ko_KR.UTF-8"}, "en"),
        ("", {"LC_ALL": "ko_KR.UTF-8"}, "ko"),
    ],
)
def test_the_language_is_what_was_chosen_else_what_the_locale_says(
    choice: str | None, environment: dict[str, str], expected: str
) -> None:
    assert language_for(choice, environment) == expected
