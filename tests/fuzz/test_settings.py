"""Settings and files of settings: read, or refused with every problem, its cure and no secret."""

from __future__ import annotations

import dataclasses
import io
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.cli.environment import host_zone, read_environment, with_environment
from app.cli.process import say
from app.deliver.mail.address import read_addresses
from app.errors import ReportError, SettingsError
from app.i18n import LANGUAGES, Translator, language_for
from app.settings import SETTINGS, read_api, read_expectations, read_log, read_output, zone_of
from app.settings.delivery import read_delivery
from tests.fuzz.conftest import fuzz
from tests.fuzz.pieces import ANY_CHARACTER, HOSTILE, TEXT, WRITTEN_NUMBERS, hold, unsafe

NAMES = [setting.name for setting in SETTINGS]
# Put together, lest Hypothesis find it among the constants and write it where it may be told.
SECRET = "-".join(["correct", "horse", "battery"])
SECRETS = {
    "BACULUM_API_PASSWORD": SECRET,
    "REPORT_MAIL_PASSWORD": SECRET,
    "REPORT_WEBHOOK_SECRET": SECRET,
    "REPORT_PROXY": f"http://user:{SECRET}@proxy:3128",
    **{
        f"REPORT_{chat}_URL": f"https://chat.example/hooks/{SECRET}"
        for chat in ("SLACK", "MATTERMOST", "DISCORD", "TEAMS", "GOOGLE_CHAT", "WEBHOOK", "PING")
    },
}
GOOD = {
    "BACULUM_API_HOST": "backup01",
    "BACULUM_API_USERNAME": "report",
    "REPORT_MAIL_HOST": "mail.example",
    "REPORT_MAIL_TO": "Ops <ops@example.com>, dba@example.com",
    "REPORT_MAIL_FROM": "backup@example.com",
    "REPORT_MAIL_USERNAME": "backup",
    "BACULUM_WEB_URL": "https://backup01:9095",
    "REPORT_LINK_URL": "https://backup01/reports",
    "REPORT_TEXTFILE": "/var/lib/node/bacula.prom",
    **SECRETS,
}
HOSTS = st.sampled_from(
    ["backup01", "10.0.0.1", "::1", "[::1]", "fe80::1%eth0", "fe80::1%a b", "::1%]@evil:80/x[",
     "::1%\r\nX: y", "a b", "http://x", "x:9096", "user@x", "-", ".", "..", "a" * 300, "한글",
     "x/y", "0x7f.1", "localhost", "LOCALHOST.", "127.0.0.1.evil", "[::1", "::ffff:1.2.3.4"]
)  # fmt: skip
PATHS = st.sampled_from(
    ["/", ".", "", "\0", "/nowhere/at/all", "/proc/self/mem", "/dev/null", "/dev/full", "a" * 300,
     "~", "$HOME", "x.prom", "\ud800", "한글", "/etc/passwd", "/tmp", "/dev/zero"]
)  # fmt: skip
ADDRESSES = st.sampled_from(
    ["https://h/x", "http://h", "ftp://h", "https://", "https://[", "https://h:99999/", "//h/x",
     "https://u:p@h/", "https://h/\nx", "https://h/ x", "https://h\\@evil/", "HTTPS://H/", "h/x",
     "https://h?#", "https://한글.example/", "https://\u202eh/", "https://[::1%x]/", "javascript:x"]
)  # fmt: skip
VALUES = st.one_of(TEXT, HOSTILE, HOSTS, PATHS, ADDRESSES, WRITTEN_NUMBERS, st.none(), st.just(""))


def hold_printed(error: ReportError) -> None:
    """What stands on the terminal steers it no further than to its colours."""
    with redirect_stderr(io.StringIO()) as terminal:
        say(Translator("en"), error)
    assert not unsafe(re.sub(r"\x1b\[\d+m", "", terminal.getvalue()), lines=True)


def all_settings(values: Mapping[str, str | None]) -> list[Any]:
    """Read everything there is, each for itself, and return what was had."""
    readers: list[Callable[[], Any]] = [
        lambda: read_api(values),
        lambda: read_output(values, directory=None, language="en"),
        lambda: read_log(values),
        lambda: read_delivery(values),
        lambda: read_expectations(values),
    ]
    had = []
    for read in readers:
        try:
            had.append(read())
        except SettingsError as error:
            hold(error, SECRET)
            hold_printed(error)
    return had


@fuzz(8)
@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6))
@example({"REPORT_POLICY_FILE": "/dev/zero", "REPORT_CA_FILE": "/dev/zero"})
@example({"BACULUM_API_PASSWORD": None, "BACULUM_API_PASSWORD_FILE": "/dev/zero"})
@example({"BACULUM_API_HOST": "::1%]@evil:80/x["})
@example({"BACULUM_API_HOST": "fe80::1%\r\nX: y"})
@example({"BACULUM_WEB_URL": "https://h/\nx"})
def test_any_settings_are_read_or_every_problem_is_told(changes: dict[str, str | None]) -> None:
    for had in all_settings({**GOOD, **changes}):
        assert SECRET not in repr(had)
        address = getattr(had, "base_url", None)
        if address is not None:
            parts = urlsplit(address)
            assert (parts.netloc, parts.port, parts.path) == (had.address, had.port, "")
            assert parts.hostname == had.host.strip("[]").lower()
            assert not unsafe(address)
            assert "@" not in address
        for name in ("web_url", "link"):
            assert not unsafe(getattr(had, name, ""))


@fuzz(3)
@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8))
def test_nothing_is_read_from_nothing(values: dict[str, str | None]) -> None:
    for had in all_settings(values):
        assert dataclasses.is_dataclass(had)


@fuzz(2)
@given(st.sampled_from(sorted(SECRETS)), TEXT | ADDRESSES, st.sampled_from(["", "\n", "\r\n"]))
def test_a_secret_in_a_file_is_read_to_its_end_and_never_told(
    name: str, content: str, end: str
) -> None:
    with tempfile.NamedTemporaryFile("wb") as file:
        file.write(
            (content + end).encode("utf-8", "surrogateescape") if _fits(content) else b"\xff"
        )
        file.flush()
        values: dict[str, str | None] = {k: v for k, v in GOOD.items() if k != name}
        for had in all_settings({**values, f"{name}_FILE": file.name}):
            if name == "BACULUM_API_PASSWORD" and hasattr(had, "password") and _fits(content):
                assert str(had.password) == content.removeprefix("\ufeff").rstrip("\r\n")


def _fits(text: str) -> bool:
    try:
        text.encode("utf-8", "surrogateescape").decode()
    except ValueError:
        return False
    # As a file of text has them: Python makes each end of a line a line feed.
    return "\r" not in text.strip("\r\n")


# --- .env -------------------------------------------------------------------------------------

LINES = st.lists(
    st.one_of(
        TEXT,
        st.builds(
            "{}{}={}{}".format,
            st.sampled_from(["", "export ", " ", "#", "\ufeff"]),
            st.sampled_from([*NAMES, "x", ""]),
            st.sampled_from(["", '"', "'", " ", "`", "$(", "\\"]),
            TEXT,
        ),
    ),
    max_size=8,
)
BYTES = st.binary(max_size=40) | LINES.map(
    lambda lines: "\n".join(lines).encode("utf-8", "surrogatepass")
)


@fuzz(4)
@given(BYTES)
@example(b"\xef\xbb\xbfBACULUM_API_HOST=x\n")
@example(b"BACULUM_API_HOST='x\n\n\n" * 50)
def test_any_env_file_is_read_or_refused_with_a_sentence(content: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        try:
            values = read_environment(file.name)
        except SettingsError as error:
            hold(error)
            return
        assert all(isinstance(name, str) for name in values)
        assert all(value is None or isinstance(value, str) for value in values.values())
        all_settings(values)


@fuzz(4)
@given(
    st.dictionaries(
        st.sampled_from(NAMES),
        st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="'\"`#"))
        .map(str.strip)
        .filter(bool),
        max_size=5,
    ),
    st.sampled_from(["\n", "\r\n", "\n\n# x\n"]),
    st.sampled_from(["", "\ufeff"]),
)
@example({"BACULUM_API_HOST": "x"}, "\n", "\ufeff")
def test_what_stands_unquoted_in_an_env_file_is_read_as_it_stands(
    given_values: dict[str, str], end: str, mark: str
) -> None:
    """A dollar and braces are a password's, no variable; a byte order mark is nobody's."""
    text = mark + "".join(f"{name}={value}{end}" for name, value in given_values.items())
    with tempfile.NamedTemporaryFile() as file:
        file.write(text.encode())
        file.flush()
        assert read_environment(file.name) == given_values


@fuzz(3)
@given(
    st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=12).filter(lambda b: b"\0" not in b))
)
def test_the_environment_is_utf_8_or_refused(values: dict[str, bytes]) -> None:
    before = dict(os.environb)
    try:
        os.environb.update({name.encode(): value for name, value in values.items()})
        had = with_environment({}, NAMES)
        assert all(str(value).encode() == values[name] for name, value in had.items())
    except SettingsError as error:
        hold(error)
    finally:
        os.environb.clear()
        os.environb.update(before)


# --- single values ----------------------------------------------------------------------------


@fuzz(4)
@given(TEXT | PATHS | st.sampled_from(["UTC", "Asia/Seoul", "../UTC", "America", "posixrules"]))
def test_a_zone_is_one_of_the_list_or_none(name: str) -> None:
    zone = zone_of(name)
    assert zone is None or zone.tzname(None) is None or name
    old = os.environ.get("TZ")
    try:
        if "\0" not in name:
            os.environ["TZ"] = name.encode("utf-8", "replace").decode()
        assert host_zone() is not None
    finally:
        if old is None:
            os.environ.pop("TZ", None)
        else:
            os.environ["TZ"] = old


@fuzz(2)
@given(TEXT | st.sampled_from(["ko_KR.UTF-8", "ko", "KOREAN", "kok", "en_US", "C", "POSIX"]))
def test_a_language_is_one_of_two(locale: str) -> None:
    assert language_for(locale, {}) in LANGUAGES
    assert language_for(None, {"LC_ALL": locale}) == language_for(locale, {})


@fuzz(8)
@given(
    st.lists(
        HOSTILE
        | st.sampled_from(["a@example.com", "Ops <ops@example.com>", '"A, B" <a@b.c>', "<>"])
    ),
    st.sampled_from([",", ";", ", ", "\n"]),
)
@example(["\x80@example.com"], ",")
def test_addresses_are_addresses_or_refused(parts: list[str], between: str) -> None:
    try:
        found = read_addresses(between.join(parts))
    except ValueError:
        return
    for one in found:
        assert one.envelope.count("@") == 1
        assert not unsafe(one.envelope)
        assert read_addresses(one.envelope) == (dataclasses.replace(one, name=""),)


@fuzz(2)
@given(st.text(ANY_CHARACTER, max_size=30))
def test_a_file_named_nowhere_is_refused_with_a_sentence(name: str) -> None:
    assume("\0" not in name)
    folder = Path(tempfile.gettempdir()) / "nowhere-at-all"
    try:
        read_environment(str(folder / name))
    except SettingsError as error:
        hold(error)
    else:
        raise AssertionError(name)
