"""Settings are read once, every problem is told at once, and no secret is ever shown."""

from __future__ import annotations

import pprint
import traceback
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ExitCode, SettingsError
from app.policy import Policy
from app.settings import (
    SETTINGS,
    ApiSettings,
    LogSettings,
    OutputSettings,
    Secret,
    read_api,
    read_expectations,
    read_log,
    read_output,
    zone_of,
)

PASSWORD = "p@ss:w/ö rd'\"\\"
GOOD = {
    "BACULUM_API_HOST": "backup01",
    "BACULUM_API_USERNAME": "report",
    "BACULUM_API_PASSWORD": PASSWORD,
}
NUMBERS = {
    "BACULUM_API_PORT": (1, 65535),
    "BACULUM_API_TIMEOUT": (0.1, 600),
    "BACULUM_API_TRIES": (1, 10),
    "BACULUM_API_DEADLINE": (1, 86400),
    "BACULUM_API_WORKERS": (1, 16),
}


def problems(**values: str | None) -> list[str]:
    """What is wrong with otherwise good settings, in English."""
    with pytest.raises(SettingsError) as caught:
        read_api({**GOOD, **values})
    return [str(what) for what, _ in caught.value.problems]


def output(**values: str) -> OutputSettings:
    return read_output(values, directory=None, language="en")


# --- all at once ------------------------------------------------------------------------------


def test_three_values_are_enough() -> None:
    assert read_api(GOOD) == ApiSettings(
        host="backup01",
        port=9096,
        scheme="http",
        username="report",
        password=Secret(PASSWORD),
        ca_file=None,
        timeout=10.0,
        tries=3,
        deadline=300.0,
        workers=8,
    )


@pytest.mark.parametrize("values", [{}, dict.fromkeys(GOOD, ""), dict.fromkeys(GOOD)])
def test_everything_missing_is_told_at_once_and_by_name(values: Mapping[str, str | None]) -> None:
    with pytest.raises(SettingsError) as caught:
        read_api(values)
    assert [str(what) for what, _ in caught.value.problems] == [
        f"{name} is not set." for name in GOOD
    ]
    assert all(cure is not None for _, cure in caught.value.problems)
    assert caught.value.exit_code is ExitCode.SETTINGS


def test_everything_wrong_is_told_at_once_and_by_name(tmp_path: Path) -> None:
    wrong = {
        "BACULUM_API_HOST": "http://backup01:9096",
        "BACULUM_API_PORT": "0",
        "BACULUM_API_SCHEME": "ftp",
        "BACULUM_API_USERNAME": "re:port",
        "BACULUM_API_PASSWORD": "",
        "BACULUM_API_PASSWORD_FILE": str(tmp_path / "none"),
        "BACULUM_API_CA_FILE": str(tmp_path / "none.pem"),
        "BACULUM_API_TIMEOUT": "soon",
        "BACULUM_API_TRIES": "11",
        "BACULUM_API_DEADLINE": "-1",
        "BACULUM_API_WORKERS": "1.5",
    }
    told = "\n".join(problems(**wrong))
    assert {name for name in wrong if f"{name} " in told} == wrong.keys() - {"BACULUM_API_PASSWORD"}
    assert len(told.splitlines()) == len(wrong) - 1


def test_the_errors_of_the_other_settings_are_told_together_too() -> None:
    with pytest.raises(SettingsError) as caught:
        output(REPORT_LANG="fr", REPORT_TZ="Asia/Soul", BACULUM_WEB_URL="backup01")
    assert len(caught.value.problems) == 3
    with pytest.raises(SettingsError) as caught:
        read_log({"REPORT_LOG_LEVEL": "LOUD", "REPORT_LOG_FORMAT": "xml"})
    assert len(caught.value.problems) == 2


def test_every_setting_is_in_the_list_once() -> None:
    names = [setting.name for setting in SETTINGS]
    assert len(names) == len(set(names))
    assert GOOD.keys() | NUMBERS.keys() <= set(names)


# --- numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NUMBERS)
def test_both_ends_of_a_range_are_allowed(name: str) -> None:
    for bound in NUMBERS[name]:
        read_api({**GOOD, name: f" {bound} "})


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "value", ["-1", "1e9", "9" * 5000, "nan", "inf", "-inf", "ten", "0x10", "1,5", "10 s"]
)
def test_what_is_no_number_of_the_range_is_refused_by_name(name: str, value: str) -> None:
    (told,) = problems(**{name: value})
    assert told.startswith(f"{name} is ")


@pytest.mark.parametrize("name", NUMBERS)
def test_an_empty_number_is_the_default(name: str) -> None:
    assert read_api({**GOOD, name: "  "}) == read_api(GOOD)


# --- host -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "base_url"),
    [
        ("backup01", "http://backup01:9096"),
        (" backup01.example.com ", "http://backup01.example.com:9096"),
        ("192.0.2.7", "http://192.0.2.7:9096"),
        ("2001:db8::7", "http://[2001:db8::7]:9096"),
        ("[2001:db8::7]", "http://[2001:db8::7]:9096"),
        ("::1", "http://[::1]:9096"),
        ("::ffff:192.0.2.7", "http://[::ffff:192.0.2.7]:9096"),
    ],
)
def test_a_host_is_a_name_or_an_address(host: str, base_url: str) -> None:
    settings = read_api({**GOOD, "BACULUM_API_HOST": host})
    assert settings.base_url == base_url
    assert settings.address == base_url.removeprefix("http://")


@pytest.mark.parametrize(
    "host",
    [
        "http://backup01", "https://backup01:9096/", "backup01:9096", "192.0.2.7:9096",
        "cafe:9096", "[2001:db8::7]:9096", "[2001:db8::7", "2001:db8::7]", "[backup01]",
        "backup01/api", "backup01?x", "backup01#x", "back up01", "backup01\nx", "a,b", ":", "[]",
    ],
)  # fmt: skip
def test_a_host_with_scheme_port_or_path_is_refused(host: str) -> None:
    (told,) = problems(BACULUM_API_HOST=host)
    assert told.startswith("BACULUM_API_HOST is ")


@pytest.mark.parametrize(
    "host",
    ["report:s3cr3t@backup01", "http://report:s3cr3t@backup01:9096", "report:s3@cr3t@backup01"],
)
def test_credentials_in_a_host_are_refused_and_not_repeated(host: str) -> None:
    (told,) = problems(BACULUM_API_HOST=host)
    assert "s3" not in told
    assert "cr3t" not in told
    assert "@backup01" in told


@pytest.mark.parametrize(
    ("scheme", "host", "expected"),
    [
        ("http", "backup01", True),
        ("HTTP", "192.0.2.7", True),
        ("https", "backup01", False),
        ("http", "localhost", False),
        ("http", "LocalHost", False),
        ("http", "127.0.0.1", False),
        ("http", "127.1.2.3", False),
        ("http", "::1", False),
        ("http", "[::1]", False),
        ("http", "localhost.example.com", True),
        ("http", "127.0.0.1.example.com", True),
        ("http", "2001:db8::1", True),
    ],
)
def test_a_password_is_in_clear_if_it_leaves_the_machine_unencrypted(
    scheme: str, host: str, expected: bool
) -> None:
    values = {**GOOD, "BACULUM_API_SCHEME": scheme, "BACULUM_API_HOST": host}
    assert read_api(values).password_in_clear is expected


# --- password ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"s3cret", "s3cret"),
        (b"s3cret\n", "s3cret"),
        (b"s3cret\r\n", "s3cret"),
        (b"\xef\xbb\xbfs3cret\r\n", "s3cret"),
        (b" s3cret \n", " s3cret "),
        ("비밀번호\n".encode(), "비밀번호"),
    ],
)
def test_a_password_file_may_end_with_a_line_feed(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    values = {**GOOD, "BACULUM_API_PASSWORD": "", "BACULUM_API_PASSWORD_FILE": str(file)}
    assert str(read_api(values).password) == expected


def test_a_password_keeps_its_blanks() -> None:
    assert str(read_api({**GOOD, "BACULUM_API_PASSWORD": " s3cret "}).password) == " s3cret "


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n\n", b"\xff\xfe"])
def test_an_empty_or_unreadable_password_file_is_told_with_its_name(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    (told,) = problems(BACULUM_API_PASSWORD="", BACULUM_API_PASSWORD_FILE=str(file))
    assert str(file) in told


@pytest.mark.parametrize(
    ("name", "reason"), [("none", "No such file"), (".", "directory"), ("a\0b", "cannot be read")]
)
def test_a_password_file_that_is_none_is_told_with_the_reason(
    tmp_path: Path, name: str, reason: str
) -> None:
    (told,) = problems(BACULUM_API_PASSWORD="", BACULUM_API_PASSWORD_FILE=str(tmp_path / name))
    assert told.startswith("BACULUM_API_PASSWORD_FILE ")
    assert reason in told


def test_password_and_password_file_are_one_too_many(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("s3cret")
    (told,) = problems(BACULUM_API_PASSWORD_FILE=str(file))
    assert told == "BACULUM_API_PASSWORD and BACULUM_API_PASSWORD_FILE are both set."


@given(st.text(min_size=6).filter(lambda text: text.strip("*'")))
def test_a_secret_shows_itself_in_no_representation(password: str) -> None:
    """Not by itself, not inside a container or a dataclass, not in a debugger's eyes."""
    assert repr(Secret(password)) == ascii(Secret(password)) == "'********'"
    settings = replace(read_api(GOOD), password=Secret(password))
    shown = [
        repr(settings), str(settings), f"{settings}", f"{settings!r}",
        "%s" % settings,  # noqa: UP031
        repr(asdict(settings)), pprint.pformat(settings), pprint.pformat(asdict(settings)),
        repr([Secret(password)]), repr({Secret(password): 1}), f"{Secret(password)!r}",
        "%r" % Secret(password), "{!r}".format(Secret(password)),  # noqa: UP031, UP032
    ]  # fmt: skip
    default = repr(read_api(GOOD)) + repr(asdict(read_api(GOOD)))
    assert [text for text in shown if password in text and password not in default] == []


def test_a_secret_is_itself_where_it_is_used() -> None:
    """str(), f-strings and %s are uses; what logs them is masked there."""
    secret = Secret("s3cret")
    assert (str(secret), f"{secret}", "%s" % secret) == ("s3cret",) * 3  # noqa: UP031
    assert secret == "s3cret"


def test_no_settings_error_and_no_traceback_tells_the_password(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("s3cret")
    values: dict[str, Any] = dict.fromkeys(NUMBERS, "wrong value")
    values |= {"BACULUM_API_PASSWORD": "t0psecret", "BACULUM_API_PASSWORD_FILE": str(file)}
    with pytest.raises(SettingsError) as caught:
        read_api(values)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.problems)
    assert "s3cret" not in told
    assert "t0psecret" not in told


# --- certificates -----------------------------------------------------------------------------


def test_a_file_of_certificates_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\n")
    assert read_api({**GOOD, "BACULUM_API_CA_FILE": str(file)}).ca_file == file


@pytest.mark.parametrize(
    ("name", "reason"),
    [("key.pem", "holds no certificate"), ("none", "No such file"), ("a\0b", "cannot be read")],
)
def test_another_file_is_refused_with_the_reason(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\n")
    (told,) = problems(BACULUM_API_CA_FILE=str(tmp_path / name))
    assert told.startswith("BACULUM_API_CA_FILE ")
    assert reason in told


# --- output and log ---------------------------------------------------------------------------


def test_the_command_line_goes_before_the_environment() -> None:
    values = {"REPORT_DIR": "env"}
    assert read_output(values, directory="cli", language="ko") == OutputSettings(
        directory=Path("cli"), language="ko", zone=None, web_url=""
    )
    assert output(REPORT_DIR="env").directory == Path("env")
    assert output().directory == Path("reports")


@pytest.mark.parametrize("language", ["ko", "KO", "ko_KR", "ko-KR", "en", "en_US", ""])
def test_a_language_may_name_its_country(language: str) -> None:
    output(REPORT_LANG=language)


@pytest.mark.parametrize("name", ["Asia/Seoul", "UTC", "America/New_York", "Etc/GMT+9"])
def test_a_zone_is_one_of_the_iana_list(name: str) -> None:
    assert output(REPORT_TZ=name).zone == ZoneInfo(name)


@pytest.mark.parametrize(
    "name",
    ["KST", "Asia/Soul", "Asia", "../../etc/passwd", "/etc/localtime", "UTC+9", "+09:00", "a\0b",
     "x" * 5000, "한국", "\ud800", "tzdata.zi"],
)  # fmt: skip
def test_no_other_name_is_a_zone(name: str) -> None:
    assert zone_of(name) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://backup01:9095", "https://backup01:9095"),
        ("http://backup01:9095/web/", "http://backup01:9095/web"),
        ("https://[2001:db8::7]:9095", "https://[2001:db8::7]:9095"),
        ("", ""),
    ],
)
def test_a_web_address_is_taken_without_its_last_slash(url: str, expected: str) -> None:
    assert output(BACULUM_WEB_URL=url).web_url == expected


@pytest.mark.parametrize(
    "url",
    ["backup01:9095", "ftp://backup01", "javascript:alert(1)", "https://", "https://u:s3cret@b",
     "http://[::1", "http://[nonsense]/", "http://backup01:99999", "http://backup01:port", "//b"],
)  # fmt: skip
def test_no_other_text_is_a_web_address_and_it_is_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        output(BACULUM_WEB_URL=url)
    assert str(caught.value.what) == "BACULUM_WEB_URL is not a web address."


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, LogSettings(Path("logs"), "INFO", "text")),
        ({"REPORT_LOG_DIR": ""}, LogSettings(None, "INFO", "text")),
        ({"REPORT_LOG_DIR": " "}, LogSettings(None, "INFO", "text")),
        (
            {"REPORT_LOG_DIR": "x", "REPORT_LOG_LEVEL": "debug", "REPORT_LOG_FORMAT": "JSON"},
            LogSettings(Path("x"), "DEBUG", "json"),
        ),
    ],
)
def test_the_log_goes_where_it_is_told(values: dict[str, str], expected: LogSettings) -> None:
    assert read_log(values) == expected


# --- the policy file ----------------------------------------------------------------------------


def expectations(path: Path | str) -> Policy:
    return read_expectations({"REPORT_POLICY_FILE": str(path)}, ["missed"])


@pytest.mark.parametrize("values", [{}, {"REPORT_POLICY_FILE": ""}, {"REPORT_POLICY_FILE": None}])
def test_without_a_policy_file_the_defaults_hold(values: Mapping[str, str | None]) -> None:
    assert read_expectations(values) == Policy()


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_policy_file_is_read(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(f"{mark}success_logs = 7\n", "utf-8")
    assert expectations(path) == Policy(success_logs=7)


def test_a_policy_file_that_cannot_be_read_is_told_with_its_path(tmp_path: Path) -> None:
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"# \xe9\n")
    for path, reason in (
        (tmp_path / "none.toml", "No such file or directory"),
        (tmp_path, "Is a directory"),
        (latin, "not UTF-8"),
    ):
        with pytest.raises(SettingsError) as caught:
            expectations(path)
        ((what, cure),) = caught.value.problems
        assert str(what) == f"REPORT_POLICY_FILE {path} cannot be read: {reason}."
        assert str(cure) == "Give a readable file, or unset it for the defaults."


def test_a_mistake_in_the_policy_file_names_the_file_and_the_kinds_there_are(
    tmp_path: Path,
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[[mute]]\nkind = "mised"\nreason = "x"\nuntil = 2026-12-31\n', "utf-8")
    with pytest.raises(SettingsError) as caught:
        expectations(path)
    assert str(caught.value) == f"{path}: mute[1].kind is 'mised'. Choose one of: missed."
