"""The run's log: no secret, no forged line, one file a day, and never the reason a run fails."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.logs import FILE_NAME, LOGGER, Masker, set_up, tear_down

PASSWORDS = [
    "s3cret-pass",
    "p@ss:w/ö rd",
    'it\'s "quoted" \\here',
    "비밀번호 입니다",
    "a&b=<c>%20?#",
]
LINE = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] \[%s\] "


@pytest.fixture(autouse=True)
def torn_down() -> Iterator[None]:
    yield
    tear_down()


def console(log_format: str = "text", password: str = "") -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    masker = Masker([password] if password else [], "report")
    logger = set_up(
        level="DEBUG", log_format=log_format, directory=None, masker=masker, stream=stream
    )
    return logger, stream


def file_logger(directory: Path) -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    logger = set_up(
        level="INFO", log_format="text", directory=directory, masker=Masker(), stream=stream
    )
    return logger, stream


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- masking ----------------------------------------------------------------------------------


def forms(password: str) -> dict[str, str]:
    """The ways in which a password travels through an HTTP client and its errors."""
    basic = base64.b64encode(f"report:{password}".encode()).decode()
    return {
        "plain": password,
        "url": f"http://report:{quote(password, safe='')}@backup01:9096/",
        "form": f"password={quote_plus(password)}",
        "header": f"Authorization: Basic {basic}",
        "headers": repr({"Authorization": f"Basic {basic}"}),
        "base64": basic,
        "base64 alone": base64.b64encode(password.encode()).decode(),
        "json": json.dumps({"password": password}),
        "json, unescaped": json.dumps({"password": password}, ensure_ascii=False),
        "repr": repr(password),
        "repr in double quotes": repr(f"it's {password}"),
        "repr in single quotes": repr(f'"{password}"'),
        "repr of bytes": repr(password.encode()),
        "exception": repr(ValueError(password)),
    }


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("form", forms(""))
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_password_is_masked_in_every_form(password: str, form: str, log_format: str) -> None:
    logger, stream = console(log_format, password)
    logger.info("before %s after", forms(password)[form])
    written = stream.getvalue()
    assert [name for name, text in forms(password).items() if text in written] == []
    assert "before " in written
    assert " after" in written
    assert "********" in written


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_password_is_masked_in_a_traceback(log_format: str) -> None:
    logger, stream = console(log_format, PASSWORDS[0])
    try:
        try:
            raise OSError(f"no such host {PASSWORDS[0]}")
        except OSError as error:
            raise ValueError(f"http://report:{PASSWORDS[0]}@backup01") from error
    except ValueError:
        logger.exception("failed with %s", PASSWORDS[0])
    assert PASSWORDS[0] not in stream.getvalue()
    assert "OSError: no such host ********" in stream.getvalue()


@given(st.text(min_size=8), st.text(), st.text())
def test_no_password_stands_in_any_masked_text(password: str, before: str, after: str) -> None:
    masked = Masker([password], "report")(f"{before}{password}{after}")
    assert password not in masked or password in before + after or set(password) <= {"*"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic ********"),
        ("Bearer abc.def-123456", "Bearer ********"),
        ("http://user:pass@host/x", "http://********@host/x"),
        ("http://host:9096/api/v2/jobs?limit=1", "http://host:9096/api/v2/jobs?limit=1"),
        ("mail to a@b", "mail to a@b"),
    ],
)
def test_credentials_that_nobody_named_are_masked_too(text: str, expected: str) -> None:
    assert Masker()(text) == expected


def test_without_a_secret_nothing_is_masked() -> None:
    assert Masker(["", ""], "report")("report: all well") == "report: all well"


# --- lines ------------------------------------------------------------------------------------

FORGERY = "x\n[2026-11-21 08:00:00] [INFO] All well\r[2026-11-21 08:00:00] [INFO] All well"


def test_one_record_forges_no_other() -> None:
    logger, stream = console()
    logger.warning("The server said: %s", FORGERY)
    lines = stream.getvalue().splitlines()
    assert [line.startswith("[") for line in lines] == [True, False, False]
    assert "\r" not in stream.getvalue()


@given(st.text(st.characters() | st.characters(categories=["Cs", "Cc", "Cf"])))
def test_whatever_a_server_says_is_one_record_that_steers_no_terminal(text: str) -> None:
    logger, stream = console()
    logger.info("%s", text)
    logger.info("end")
    stream.getvalue().encode()
    starts = [line for line in stream.getvalue().splitlines() if line.startswith("[")]
    assert len(starts) == 2
    assert not {"\x1b", "\r", "\x00", "\x9b", "\u202e"} & set(stream.getvalue())


@given(st.text(st.characters() | st.characters(categories=["Cs", "Cc", "Cf"])))
def test_json_is_one_valid_object_a_line(text: str) -> None:
    logger, stream = console("json")
    logger.error("%s", text)
    logger.info(FORGERY)
    lines = stream.getvalue().encode().split(b"\n")
    records = [json.loads(line) for line in lines[:-1]]
    assert [record["level"] for record in records] == ["ERROR", "INFO"]
    assert all(set(record) == {"time", "level", "message"} for record in records)


def test_a_line_tells_time_level_and_message() -> None:
    logger, stream = console()
    logger.info("한글 {x} %%s")
    stamp, _, rest = stream.getvalue().partition("] ")
    assert time.strptime(stamp, "[%Y-%m-%d %H:%M:%S")
    assert rest == "[INFO] 한글 {x} %%s\n"


# --- handlers ---------------------------------------------------------------------------------


def test_setting_up_twice_writes_every_line_once(tmp_path: Path) -> None:
    file_logger(tmp_path / "a")
    logger, stream = file_logger(tmp_path / "b")
    logger.info("once")
    assert stream.getvalue().count("once") == 1
    assert (tmp_path / "b" / FILE_NAME).read_text().count("once") == 1
    assert "once" not in (tmp_path / "a" / FILE_NAME).read_text()
    assert logger is logging.getLogger(LOGGER)


def test_nothing_reaches_the_root_logger(caplog: pytest.LogCaptureFixture) -> None:
    """Whose handlers would not mask."""
    logger, _ = console()
    logger.error("s3cret")
    assert caplog.records == []


def test_tearing_down_closes_the_file(tmp_path: Path) -> None:
    logger, _ = file_logger(tmp_path)
    (handler,) = (h for h in logger.handlers if isinstance(h, logging.FileHandler))
    tear_down()
    assert handler.stream is None or handler.stream.closed
    assert logger.handlers == []


def test_console_and_file_have_levels_of_their_own(tmp_path: Path) -> None:
    stream = io.StringIO()
    logger = set_up(
        level="DEBUG", log_format="text", directory=tmp_path, masker=Masker(), stream=stream,
        console_level="ERROR",
    )  # fmt: skip
    logger.debug("detail")
    assert stream.getvalue() == ""
    assert "detail" in (tmp_path / FILE_NAME).read_text()


# --- file -------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o000])
def test_the_file_is_readable_by_owner_and_group_only(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        file_logger(tmp_path / "logs")
    finally:
        os.umask(before)
    assert mode(tmp_path / "logs" / FILE_NAME) == 0o640


def test_a_device_behind_a_link_keeps_its_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run by root, a log linked to /dev/null would otherwise close it to everybody else."""
    changed: list[str] = []
    monkeypatch.setattr(os, "chmod", lambda path, mode: changed.append(str(path)))
    (tmp_path / FILE_NAME).symlink_to("/dev/null")
    logger, _ = file_logger(tmp_path)
    logger.info("gone")
    assert changed == []


def test_yesterdays_file_is_put_aside_and_todays_is_as_private(tmp_path: Path) -> None:
    """Also if the run that wrote it ended long ago: runs are shorter than a day."""
    path = tmp_path / FILE_NAME
    path.write_text("yesterday\n")
    os.utime(path, (time.time() - 86400 * 2,) * 2)
    logger, _ = file_logger(tmp_path)
    logger.info("today")
    (aside,) = (one for one in tmp_path.iterdir() if one != path)
    assert aside.name.startswith(f"{FILE_NAME}.20")
    assert aside.read_text() == "yesterday\n"
    assert path.read_text().endswith("[INFO] today\n")
    assert mode(path) == 0o640


def test_a_run_of_the_same_day_goes_on_in_the_same_file(tmp_path: Path) -> None:
    for word in ("first", "second"):
        logger, _ = file_logger(tmp_path)
        logger.info(word)
    assert [one.name for one in tmp_path.iterdir()] == [FILE_NAME]
    lines = (tmp_path / FILE_NAME).read_text().splitlines()
    assert [line.split()[-1] for line in lines] == ["first", "second"]


@pytest.mark.parametrize("folder", ["file", "file/below"])
def test_a_folder_that_cannot_be_written_is_told_and_the_run_goes_on(
    tmp_path: Path, folder: str
) -> None:
    (tmp_path / "file").write_text("")
    logger, stream = file_logger(tmp_path / folder)
    logger.info("still here")
    assert f"[WARNING] No log file in {tmp_path / folder}: " in stream.getvalue()
    assert "still here" in stream.getvalue()


def test_a_file_that_is_a_folder_is_told_and_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    logger, stream = file_logger(tmp_path)
    logger.info("still here")
    assert "No log file in" in stream.getvalue()
    assert "still here" in stream.getvalue()


def test_a_disk_that_fills_up_does_not_stop_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor does the standard library's complaint, which would show the message unmasked."""
    logger, stream = file_logger(tmp_path)
    (handler,) = (h for h in logger.handlers if isinstance(h, logging.FileHandler))
    handler.setStream(open("/dev/full", "w", encoding="utf-8"))  # noqa: SIM115 - the handler's now
    logger.info("s3cret")
    logger.info("still here")
    tear_down()
    first, warning, second = stream.getvalue().splitlines()
    assert first.endswith("s3cret")
    assert warning.endswith(
        f"The log file {tmp_path / FILE_NAME} is incomplete: No space left on device"
    )
    assert second.endswith("still here")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("before", ["", "a whole line\n", "half a li"])
def test_a_line_that_a_full_disk_cut_off_does_not_swallow_the_next(
    tmp_path: Path, before: str
) -> None:
    (tmp_path / FILE_NAME).write_text(before)
    logger, _ = file_logger(tmp_path)
    logger.info("whole")
    tear_down()
    *older, last = (tmp_path / FILE_NAME).read_text().splitlines()
    assert older == before.splitlines()
    assert re.fullmatch(r"\[.+\] \[INFO\] whole", last)
