"""The command as people and timers run it: a process of its own against the embedded Baculum."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus
from zoneinfo import ZoneInfo

import pytest

from app import __version__
from app.demo import Baculum, Fault, FaultKind, Flavour, Night, faults, job_row, told_night
from tests.unit.report.test_document import complaints

ROOT = Path(__file__).parents[2]
SEOUL = ZoneInfo("Asia/Seoul")
USER = "report"
# With everything that shells, dotenv, URLs and JSON treat in their own way.
PASSWORD = 'pa$$ w#rd #1 &%+=/\\"비밀'
NIGHT = told_night(datetime.now(UTC), SEOUL)
LOG_LINE = re.compile(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] \[(DEBUG|INFO|WARNING|ERROR)\] \S.*")


def disguises(secret: str) -> list[bytes]:
    """A secret in every form it may leak in."""
    forms = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}
    forms |= {json.dumps(secret)[1:-1], repr(secret)[1:-1], secret.replace('"', "&#34;")}
    for text in (secret, f"{USER}:{secret}"):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            forms.add(encode(text.encode()).decode().rstrip("="))
    return [form.encode() for form in forms]


@dataclass(frozen=True)
class Ran:
    """What became of one run."""

    code: int
    out: str
    err: str

    @property
    def path(self) -> Path:
        """The report: all of stdout, one line."""
        assert self.out.endswith("\n")
        assert self.out.count("\n") == 1
        return Path(self.out[:-1])

    @property
    def page(self) -> str:
        return self.path.read_text("utf-8")

    @property
    def document(self) -> Any:
        return json.loads(self.path.with_suffix(".json").read_text("utf-8"))


@dataclass
class Cli:
    """Runs the command in a folder of its own; at the end the password must be nowhere."""

    folder: Path
    environment: dict[str, str]
    printed: list[bytes] = field(default_factory=list)
    secrets: list[str] = field(default_factory=lambda: [PASSWORD])

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        own = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": "80", "TZ": "UTC"}
        given = {**own, **self.environment, **options.pop("env", {})}
        given = {name: value for name, value in given.items() if value is not None}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [sys.executable, "-m", "app", *arguments],
            cwd=self.folder,
            env=given,
            stdin=subprocess.DEVNULL,
            **{**pipes, **options},
        )

    def __call__(self, *arguments: str, **options: Any) -> Ran:
        process = self.start(*arguments, **options)
        return self.ended(process)

    def ended(self, process: subprocess.Popen[bytes]) -> Ran:
        out, err = (stream or b"" for stream in process.communicate())
        self.printed += [out, err]
        assert b"Traceback" not in out + err
        assert b"nobody foresaw" not in out + err
        return Ran(process.returncode, out.decode(), err.decode("utf-8", "backslashreplace"))

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def check_secrets(self) -> None:
        """Look for the password in what was printed and in what was written."""
        kept = [
            path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and not path.name.startswith((".env", "password"))
        ]
        for form in (form for secret in self.secrets for form in disguises(secret)):
            assert not any(form in told for told in (*self.printed, *kept))


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    """The command, with no settings at all."""
    folder = tmp_path / "work"
    folder.mkdir()
    runner = Cli(folder, {})
    yield runner
    runner.check_secrets()


@pytest.fixture
def baculum() -> Iterator[Baculum]:
    """The told night behind Baculum 15."""
    with Baculum(NIGHT, username=USER, password=PASSWORD) as server:
        yield server


@pytest.fixture
def ready(cli: Cli, baculum: Baculum) -> Cli:
    """The command, with settings that lead to the server."""
    cli.environment |= settings_of(baculum)
    return cli


def settings_of(baculum: Baculum) -> dict[str, str]:
    return {
        "BACULUM_API_HOST": baculum.host,
        "BACULUM_API_PORT": str(baculum.port),
        "BACULUM_API_USERNAME": USER,
        "BACULUM_API_PASSWORD": PASSWORD,
        "BACULUM_API_TRIES": "1",
    }


def quiet_night() -> Night:
    """Two Fulls in the last night, one of them the catalog's, nothing else."""
    now = datetime.now(UTC)
    start = now - timedelta(minutes=50)
    rows = [
        job_row(
            jobid,
            f"작업-{jobid}",
            client=f"web{jobid:02d}-fd",
            level="F",
            fileset="Catalog" if jobid == 2 else "Full Set",
            scheduled=start,
            started=start,
            ended=now - timedelta(minutes=10),
            zone=SEOUL,
            files=5,
            bytes=5_000,
        )
        for jobid in (1, 2)
    ]
    return Night(director="backup-dir", zone=SEOUL, jobs=rows)


# --- exit codes --------------------------------------------------------------------------------


def test_a_report_ends_with_0_and_prints_its_path_only(ready: Cli) -> None:
    ran = ready("--mode", "production")
    assert ran.code == 0
    assert re.fullmatch(r"reports/mail_\d{14}\.html\n", ran.out)
    assert (ready.folder / ran.path).read_text("utf-8").startswith("<!doctype html>")
    assert "Also written: reports/mail_" in ran.err


def test_a_failure_ends_with_1_when_that_is_asked_for(ready: Cli) -> None:
    assert ready("--mode", "test", "--fail-on", "failed").code == 1
    assert ready("--mode", "test", "--fail-on", "warning").code == 1
    assert ready("--mode", "test", "--fail-on", "never").code == 0


def test_a_quiet_night_ends_with_0_whatever_is_asked_for(ready: Cli, baculum: Baculum) -> None:
    baculum.night = quiet_night()
    ran = ready("--mode", "production", "--fail-on", "warning")
    assert (ran.code, at(ready, ran).document["verdict"]) == (0, "good")


def test_warnings_end_with_1_only_when_warnings_are_asked_for(ready: Cli, baculum: Baculum) -> None:
    baculum.night = quiet_night()
    baculum.night.jobs[0]["joberrors"] = 3
    assert ready("--mode", "production", "--fail-on", "warning").code == 1
    assert ready("--mode", "production", "--fail-on", "failed").code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Usage: bacula-report [OPTIONS]"),
        (["--lang", "en"], "The period is missing."),
        (["--mode", "tomorrow"], "'tomorrow' is not one of 'test', 'production'."),
        (["--mode"], "requires an argument"),
        (["--mode", "test", "--from", "2026-11-01"], "--mode and --from/--to exclude each other."),
        (["--to", "2026-11-01"], "The period is missing."),
        (["--from", "yesterday"], "--from 'yesterday' is not a time."),
        (["--from", "2026-02-30"], "--from '2026-02-30' is not a time."),
        (["--from", "2026-11-01", "--to", "25:00"], "--to '25:00' is not a time."),
        (["--from", "2999-01-01"], "The period would begin"),
        (["--from", "2026-11-02", "--to", "2026-11-01"], "The period would begin"),
        (["--mode", "test", "--format", "pdf"], "--format 'pdf' is not known."),
        (["--mode", "test", "--format", ","], "--format ',' is not known."),
        (["--mode", "test", "--lang", "fr"], "'fr' is not one of 'ko', 'en'."),
        (["--mode", "test", "--fail-on", "always"], "is not one of 'never', 'warning', 'failed'."),
        (["--nonsense"], "--nonsense"),
        (["nonsense"], "nonsense"),
        (["demo", "--server", "amanda"], "--server 'amanda' is not known."),
    ],
)
def test_a_wrong_command_line_ends_with_2_and_says_what_is_wrong(
    ready: Cli, arguments: list[str], told: str
) -> None:
    ran = ready(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert not (ready.folder / "reports").exists() or not any((ready.folder / "reports").iterdir())


def test_missing_settings_end_with_3_and_all_are_named_at_once(cli: Cli) -> None:
    ran = cli("--mode", "test", env={"BACULUM_API_PORT": "none", "REPORT_TZ": "Mars/Phobos"})
    assert (ran.code, ran.out) == (3, "")
    expected = [
        "Error: BACULUM_API_HOST is not set. Set it in the environment or in .env; "
        "see .env.example.",
        "Error: BACULUM_API_USERNAME is not set. Set it in the environment or in .env; "
        "see .env.example.",
        "Error: BACULUM_API_PASSWORD is not set. Set it or BACULUM_API_PASSWORD_FILE; "
        "see .env.example.",
        "Error: BACULUM_API_PORT is 'none'. Give a number from 1 to 65535.",
        "Error: REPORT_TZ is 'Mars/Phobos'. Give a zone of the IANA list, such as Asia/Seoul.",
    ]
    assert sorted(expected) == sorted(ran.err.splitlines())


def test_every_wrong_setting_is_named_at_once(ready: Cli) -> None:
    wrong = {
        "BACULUM_API_HOST": "http://backup01/",
        "BACULUM_API_PORT": "65536",
        "BACULUM_API_SCHEME": "gopher",
        "BACULUM_API_USERNAME": "a:b",
        "BACULUM_API_PASSWORD": "",
        "BACULUM_API_PASSWORD_FILE": "/nowhere/password",
        "BACULUM_API_CA_FILE": "/nowhere/ca.pem",
        "BACULUM_API_TIMEOUT": "soon",
        "BACULUM_API_TRIES": "0",
        "BACULUM_API_DEADLINE": "nan",
        "BACULUM_API_WORKERS": "1000",
        "BACULUM_WEB_URL": "https://me:secret@backup01/",
        "REPORT_LANG": "fr",
        "REPORT_TZ": "../../etc/passwd",
        "REPORT_POLICY_FILE": "/nowhere/policy.toml",
        "REPORT_LOG_LEVEL": "LOUD",
        "REPORT_LOG_FORMAT": "xml",
    }
    ran = ready("--mode", "test", "--lang", "en", env=wrong)
    assert ran.code == 3
    named = set(re.findall(r"^Error: (\w+)", ran.err, re.MULTILINE))
    assert wrong.keys() - {"BACULUM_API_PASSWORD"} == named
    assert "secret" not in ran.err


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault("/api/", FaultKind.STATUS, status=500), "broke down (HTTP 500)"),
        (Fault("/api/", FaultKind.STATUS, status=503), "HTTP 503"),
        (Fault("/api/", FaultKind.DROP), "closed the connection"),
        (Fault("/api/", FaultKind.HTML), "answered with a web page"),
        (Fault("/api/", FaultKind.GARBAGE), "is damaged or cut off"),
        (Fault("/api/", FaultKind.REDIRECT, location="http://127.0.0.1:1/"), "was not followed"),
        (Fault("/api/", FaultKind.ERROR, code=4), "cannot reach the Bacula Director"),
    ],
)
def test_an_api_that_cannot_be_used_ends_with_4_and_a_report_that_says_so(
    ready: Cli, baculum: Baculum, fault: Fault, told: str
) -> None:
    baculum.faults.append(fault)
    ran = at(ready, ready("--mode", "production", "-v"))
    assert ran.code == 4
    assert "<h1>Not known</h1>" in ran.page
    assert told in ran.page
    assert told in ran.err
    assert ran.document["verdict"] == "unknown"
    assert complaints(ran.document) == []


def test_a_wrong_password_ends_with_4_and_says_which_settings_to_check(ready: Cli) -> None:
    ready.secrets.append("Wr0ng-password")
    for language, words in (("en", "Not known"), ("ko", "알 수 없음")):
        ran = ready(
            *("--mode", "test", "--lang", language, "-v"),
            env={"BACULUM_API_PASSWORD": "Wr0ng-password"},
        )
        assert ran.code == 4
        assert f"<h1>{words}</h1>" in at(ready, ran).page
        assert "(HTTP 401)" in at(ready, ran).page
        assert "BACULUM_API_PASSWORD" in at(ready, ran).page


def test_nothing_that_listens_ends_with_4_and_a_report(ready: Cli, baculum: Baculum) -> None:
    baculum.stop()
    ran = at(ready, ready("--mode", "test"))
    assert ran.code == 4
    assert f"Nothing listens at {baculum.host}:{baculum.port}" in ran.page


def test_an_unknown_host_ends_with_4(ready: Cli) -> None:
    ran = ready("--mode", "test", env={"BACULUM_API_HOST": "nowhere.invalid"})
    assert ran.code == 4
    assert "<h1>Not known</h1>" in at(ready, ran).page


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("joblog", "job logs"),
        ("/clients$", "clients"),
        ("status/director", "live status"),
        ("/jobs/show", "configuration"),
        ("schedules/status", "schedule"),
        ("/pools", "pools"),
        ("/volumes", "volumes"),
    ],
)
def test_a_part_that_is_missing_ends_with_5_and_is_named_on_the_page(
    ready: Cli, baculum: Baculum, path: str, source: str
) -> None:
    baculum.faults.append(Fault(path, FaultKind.STATUS, status=500))
    ran = at(ready, ready("--mode", "production", "--fail-on", "failed"))
    assert ran.code == 5
    assert source in [gap["source"] for gap in ran.document["gaps"]]
    assert complaints(ran.document) == []
    assert "This report is incomplete" in ran.page


@pytest.mark.parametrize("path", ["/jobs/(show|resnames)", "schedules", "/pools", "/volumes"])
def test_a_part_that_the_server_does_not_offer_does_not_make_a_report_incomplete(
    ready: Cli, baculum: Baculum, path: str
) -> None:
    baculum.faults.append(Fault(path, FaultKind.WELCOME))
    ran = at(ready, ready("--mode", "production"))
    assert (ran.code, ran.document["gaps"]) == (0, [])


def test_a_report_that_cannot_be_written_ends_with_7_before_anything_is_asked(
    ready: Cli, baculum: Baculum
) -> None:
    ready.write("file", "mine")
    ran = ready("--mode", "test", "--output", "file")
    assert (ran.code, ran.out) == (7, "")
    assert "The report could not be written to file: Not a directory." in ran.err
    assert baculum.requests == []


# --- stdout and stderr --------------------------------------------------------------------------


def at(cli: Cli, ran: Ran) -> Ran:
    """The run with its path as seen from here."""
    return Ran(ran.code, f"{cli.folder / ran.path}\n", ran.err)


def test_quiet_says_nothing_when_all_is_well(ready: Cli) -> None:
    ran = ready("--mode", "test", "-q")
    assert (ran.code, ran.err) == (0, "")


def test_quiet_still_says_what_is_wrong(ready: Cli, baculum: Baculum) -> None:
    baculum.faults.append(Fault("joblog", FaultKind.STATUS, status=500))
    ran = ready("--mode", "test", "-q")
    assert ran.code == 5
    lines = ran.err.splitlines()
    assert lines
    # What a server says may take further lines; they are indented.
    assert all(re.match(r"    |\[[^]]+\] \[(WARNING|ERROR)\] ", line) for line in lines)


def test_verbose_shows_every_request(ready: Cli, baculum: Baculum) -> None:
    ran = ready("--mode", "test", "-v")
    asked = [request.path for request in baculum.requests]
    assert asked
    assert sorted(asked) == sorted(re.findall(r"GET (\S+) ->", ran.err))


def test_every_line_on_stderr_has_its_time_and_level(ready: Cli) -> None:
    lines = ready("--mode", "test", "-v").err.splitlines()
    assert [line for line in lines if not LOG_LINE.fullmatch(line)] == []


def test_a_stdout_that_is_full_is_told_and_the_report_stays(ready: Cli) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = ready("--mode", "test", stdout=full)
    assert ran.code == 7
    assert "The result could not be printed: No space left on device." in ran.err
    assert len(list((ready.folder / "reports").iterdir())) == 2


def test_a_reader_that_has_gone_is_told(ready: Cli) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ran = ready("--mode", "test", stdout=writer)
    os.close(writer)
    assert ran.code == 7
    assert "The result could not be printed: Broken pipe." in ran.err


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_closed_standard_streams_do_not_stop_a_report(ready: Cli, closed: Sequence[int]) -> None:
    code = f"""
import os, sys
for number in {closed!r}:
    os.close(number)
os.execv(sys.executable, [sys.executable, "-m", "app", "--mode", "test", "-v"])
"""
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ready.folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **ready.environment},
        capture_output=True,
    )
    ready.printed += [process.stdout, process.stderr]
    assert process.returncode == 0
    assert b"Traceback" not in process.stderr
    pages = list((ready.folder / "reports").glob("*.html"))
    assert pages[0].read_text("utf-8").endswith("</html>\n")
    assert len(pages) == 1


def test_a_stderr_that_is_full_does_not_stop_a_report(ready: Cli) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = ready("--mode", "test", "-v", stderr=full)
    assert ran.code == 0
    assert at(ready, ran).page.endswith("</html>\n")


def test_an_error_that_nobody_hears_still_has_its_code(cli: Cli) -> None:
    with Path("/dev/full").open("wb") as full:
        assert cli("--mode", "test", stderr=full).code == 3
        assert cli("--mode", "nonsense", stderr=full).code == 2


@pytest.mark.parametrize(
    "locale",
    [
        {"LANG": "C"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LANG": "ko_KR.UTF-8"},
        {"PYTHONIOENCODING": "euc-kr", "LANG": "ko_KR.EUC-KR"},
        {"PYTHONIOENCODING": "ascii:strict"},
    ],
)
def test_korean_names_and_logs_do_no_harm_in_any_locale(ready: Cli, locale: dict[str, str]) -> None:
    ran = ready("--mode", "test", "-v", "--output", "보고서", env=locale)
    assert ran.code == 0
    assert ran.out.startswith("보고서/mail_")
    assert "인사" in at(ready, ran).page


def test_a_folder_whose_name_is_no_text_is_printed_as_it_is(ready: Cli) -> None:
    process = ready.start("--mode", "test", "--output", os.fsdecode(b"\xff\xfe"))
    out, _ = process.communicate()
    assert process.returncode == 0
    assert out.startswith(b"\xff\xfe/mail_")


# --- settings -----------------------------------------------------------------------------------


def dotenv_of(baculum: Baculum, **changes: str) -> str:
    values = {**settings_of(baculum), "BACULUM_API_PASSWORD": "''", **changes}
    return "".join(f"{name}={value}\n" for name, value in values.items())


def single_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def test_settings_come_from_the_file_in_this_folder(cli: Cli, baculum: Baculum) -> None:
    cli.write(".env", dotenv_of(baculum, BACULUM_API_PASSWORD=single_quoted(PASSWORD)))
    assert cli("--mode", "test").code == 0


@pytest.mark.parametrize(
    ("password", "written"),
    [
        ("a$b${HOME}$(id)`id`", "a$b${HOME}$(id)`id`"),
        ("a#b", "a#b"),
        ("two words", "two words"),
        ("a #b", "'a #b'"),
        (" lead and trail ", '" lead and trail "'),
        ("back\\slash", "back\\slash"),
        ("비밀번호", "비밀번호"),
        ("a=b=c", "a=b=c"),
        ("quo'te", '"quo\'te"'),
    ],
)
def test_a_password_of_the_file_may_hold_any_sign(cli: Cli, password: str, written: str) -> None:
    cli.secrets = [password]
    with Baculum(quiet_night(), username=USER, password=password) as server:
        cli.write(".env", dotenv_of(server, BACULUM_API_PASSWORD=written))
        assert cli("--mode", "test", "-v").code == 0


def test_the_environment_beats_the_file(ready: Cli, baculum: Baculum) -> None:
    ready.write(".env", "BACULUM_API_PORT=1\nBACULUM_API_PASSWORD=no\nREPORT_LANG=ko\n")
    ran = ready("--mode", "test", env={"REPORT_LANG": "en"})
    assert ran.code == 0
    assert '<html lang="en"' in at(ready, ran).page


def test_an_empty_variable_does_not_hide_the_file(ready: Cli) -> None:
    ready.write(".env", "REPORT_DIR=from-file\n")
    assert str(ready("--mode", "test", env={"REPORT_DIR": ""}).path.parent) == "from-file"


def test_a_password_of_the_environment_replaces_the_files_password_file(
    ready: Cli, baculum: Baculum
) -> None:
    ready.write(".env", "BACULUM_API_PASSWORD_FILE=/nowhere\n")
    assert ready("--mode", "test").code == 0


def test_another_file_can_be_named(cli: Cli, baculum: Baculum) -> None:
    path = cli.write(".env-other", dotenv_of(baculum, BACULUM_API_PASSWORD=single_quoted(PASSWORD)))
    cli.write(".env", "BACULUM_API_PORT=rubbish\n")
    assert cli("--env-file", str(path), "--mode", "test").code == 0
    assert cli("check", "--env-file", path.name).code == 0
    assert cli("--env-file", path.name, "check").code == 0


def test_a_file_that_was_named_must_be_there(ready: Cli) -> None:
    for name in ("missing", "."):
        ran = ready("--mode", "test", "--env-file", name)
        assert ran.code == 3
        assert f"The settings file {name} cannot be read" in ran.err


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\xff\xfe\x00\x01\x80binary",
        b"\x00\x00\x00",
        b"==\n!!!\n= =\nexport\n'''\n",
        b"BACULUM_API_HOST='unclosed\n",
        b"REPORT_DIR=a\x00b\n",
        b"\xef\xbb\xbfBACULUM_API_PORT=1\n",
        b"x" * 1_000_000,
        "REPORT_LANG=\ud800\n".encode("utf-8", "surrogatepass"),
    ],
)
def test_rubbish_in_the_file_never_ends_in_a_traceback(cli: Cli, rubbish: bytes) -> None:
    cli.write(".env", rubbish)
    ran = cli("--mode", "test")
    assert ran.code == 3
    assert ran.err.startswith(("Error: ", "python-dotenv could not parse"))


def test_a_variable_that_is_no_text_is_told_by_its_name(ready: Cli) -> None:
    ran = ready("--mode", "test", env={"BACULUM_API_PASSWORD": os.fsdecode(b"pass\xff")})
    assert ran.code == 3
    assert "Error: BACULUM_API_PASSWORD is not UTF-8." in ran.err


def test_a_password_can_come_from_a_file(ready: Cli) -> None:
    ready.write("password", f"{PASSWORD}\n")
    assert ready("--mode", "test", env=from_file("password")).code == 0


def from_file(name: str) -> dict[str, Any]:
    return {"BACULUM_API_PASSWORD": None, "BACULUM_API_PASSWORD_FILE": name}


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "cannot be read"), (b"", "is empty"), (b"\xff\xfe", "cannot be read: not UTF-8")],
)
def test_a_password_file_that_is_no_use_ends_with_3(
    ready: Cli, content: bytes | None, told: str
) -> None:
    if content is not None:
        ready.write("password-1", content)
    ran = ready("--mode", "test", env=from_file("./password-1"))
    assert ran.code == 3
    assert f"BACULUM_API_PASSWORD_FILE ./password-1 {told}" in ran.err


def test_a_password_put_where_its_file_belongs_is_not_printed(ready: Cli) -> None:
    ran = ready("--mode", "test", env=from_file(PASSWORD.replace("/", "")))
    assert ran.code == 3
    assert "BACULUM_API_PASSWORD_FILE … cannot be read" in ran.err
    assert PASSWORD.replace("/", "") not in ran.err


# --- the policy file ----------------------------------------------------------------------------


def test_the_policy_file_says_what_is_read(ready: Cli, baculum: Baculum) -> None:
    ready.write("policy.toml", "look_back_days = 0\nsuccess_logs = 0\n")
    usual = at(ready, ready("--mode", "production"))
    logs = sum("joblog" in request.path for request in baculum.requests)
    baculum.requests.clear()
    ran = at(ready, ready("--mode", "production", env={"REPORT_POLICY_FILE": "policy.toml"}))
    assert (usual.code, ran.code) == (0, 0)
    assert sum("joblog" in request.path for request in baculum.requests) < logs


WRONG_POLICY = 'room_days = -1\n\n[[mute]]\nkind = "mised"\nreason = "x"\nuntil = 2026-12-31\n'
WRONG_PLACES = ["policy.toml: room_days is -1.", "policy.toml: mute[1].kind is 'mised'."]


def test_a_policy_file_with_mistakes_ends_with_3_and_all_are_named(ready: Cli) -> None:
    ready.write("policy.toml", WRONG_POLICY)
    wrong = {"REPORT_POLICY_FILE": "policy.toml", "BACULUM_API_PORT": "0"}
    ran = ready("--mode", "test", "--lang", "en", env=wrong)
    assert (ran.code, ran.out) == (3, "")
    assert len(ran.err.splitlines()) == 3
    assert all(f"Error: {place}" in ran.err for place in WRONG_PLACES)


def test_check_tells_the_mistakes_of_the_policy_file(ready: Cli) -> None:
    ready.write("policy.toml", WRONG_POLICY)
    ran = ready("check", "--lang", "en", env={"REPORT_POLICY_FILE": "policy.toml"})
    assert ran.code == 3
    assert [line for line in ran.out.splitlines() if line.startswith("✗")] == [
        f"✗ settings: {place}  (0.000 s)" for place in WRONG_PLACES
    ]
    ready.write("policy.toml", "room_days = 1\n")
    assert ready("check", env={"REPORT_POLICY_FILE": "policy.toml"}).code == 0


@pytest.mark.parametrize("content", [b"room_days =", b"\xff\xfe\x00", b"[[[[", b"a = 1\x00"])
def test_rubbish_in_the_policy_file_is_one_sentence(ready: Cli, content: bytes) -> None:
    ready.write("policy.toml", content)
    ran = ready("--mode", "test", "--lang", "en", env={"REPORT_POLICY_FILE": "policy.toml"})
    assert (ran.code, ran.out) == (3, "")
    assert len(ran.err.splitlines()) == 1
    assert "policy.toml" in ran.err


def test_an_unknown_zone_of_this_machine_does_no_harm(ready: Cli) -> None:
    for zone in ("Mars/Phobos", ":Asia/Seoul", "KST-9", "../../etc/passwd"):
        ran = ready("--mode", "test", env={"TZ": zone})
        assert ran.code == 0
        assert at(ready, ran).document["period"]["timezone"] in ("Asia/Seoul", "UTC+09:00")


def test_a_zone_that_was_set_is_the_one_of_the_report(ready: Cli) -> None:
    ran = at(ready, ready("--mode", "test", env={"REPORT_TZ": "America/St_Johns"}))
    assert ran.document["period"]["timezone"] == "America/St_Johns"
    assert ran.document["source"]["timezone"] == "UTC+09:00"


# --- what is asked for --------------------------------------------------------------------------


def test_bare_dates_are_whole_days_of_the_directors_zone(ready: Cli) -> None:
    today = datetime.now(SEOUL).date()
    first, last = today - timedelta(days=4), today - timedelta(days=2)
    ran = at(ready, ready("--from", first.isoformat(), "--to", last.isoformat()))
    period = ran.document["period"]
    assert f"{first}T00:00:00+09:00" == period["from"]
    assert f"{last}T23:59:59+09:00" == period["to"]
    assert ran.document["mode"] == "custom"
    assert 0 < len(ran.document["jobs"]) < len(NIGHT.jobs)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-01 22:00", "2026-11-01T22:00:00+09:00"),
        ("2026-11-01T22:00:30", "2026-11-01T22:00:30+09:00"),
        ("2026-11-01T22:00:00+00:00", "2026-11-02T07:00:00+09:00"),
        ("2026-11-01T22:00Z", "2026-11-02T07:00:00+09:00"),
    ],
)
def test_a_period_may_begin_at_any_time(ready: Cli, written: str, expected: str) -> None:
    ran = at(ready, ready("--from", written, "--format", "json"))
    assert ran.code == 0
    assert expected == json.loads(ran.page)["period"]["from"]


def test_jobs_are_narrowed_by_type_client_and_name(ready: Cli) -> None:
    def jobs(*options: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = at(ready, ready("--mode", "test", *options)).document["jobs"]
        return found

    everything = jobs()
    assert {"R"} == {job["type"] for job in jobs("--type", "R")}
    assert {"R", "V"} == {job["type"] for job in jobs("--type", "R", "--type", "V")}
    assert {"web01-fd", "web02-fd"} == {job["client"] for job in jobs("--client", "web*")}
    assert {"web01-fd", "db01-fd"} == {job["client"] for job in jobs("--client", "[dw]*b01-fd")}
    named = jobs("--job", "*-files", "--client", "web0?-fd", "--type", "B")
    wanted = [
        job
        for job in everything
        if job["name"].endswith("-files") and job["client"].startswith("web") and job["type"] == "B"
    ]
    assert [job["jobid"] for job in wanted] == [job["jobid"] for job in named]
    assert wanted


def test_a_filter_that_matches_nothing_is_never_called_good(ready: Cli) -> None:
    ran = at(ready, ready("--mode", "test", "--client", "no-such-client"))
    assert (ran.code, ran.document["jobs"], ran.document["verdict"]) == (0, [], "attention")
    assert 'class="level-attention"' in ran.page
    assert "client no-such-client" in ran.page


@pytest.mark.parametrize(
    ("formats", "endings"),
    [
        ("html,json,text", [".html", ".json", ".txt"]),
        ("text,html", [".txt", ".html"]),
        ("json", [".json"]),
        ("TEXT , json,text", [".txt", ".json"]),
    ],
)
def test_formats_are_written_as_asked_and_the_first_is_the_result(
    ready: Cli, formats: str, endings: list[str]
) -> None:
    ran = ready("--mode", "test", "--format", formats)
    assert ran.code == 0
    assert endings[0] == ran.path.suffix
    written = [path.suffix for path in (ready.folder / "reports").iterdir()]
    assert sorted(endings) == sorted(written)
    assert endings[1:] == re.findall(r"Also written: reports/mail_\d+(\.\w+)", ran.err)


def test_formats_of_one_report_agree(ready: Cli) -> None:
    ran = at(ready, ready("--mode", "test", "--format", "html,json,text"))
    text = ran.path.with_suffix(".txt").read_text("utf-8")
    jobids = sorted(str(job["jobid"]) for job in ran.document["jobs"])
    assert jobids == sorted(re.findall(r"JobId (\d+)[\])]", text))
    cards = re.findall(r'id="job-(\d+)"', ran.page)
    # Successes, and good copies behind them.
    rows = re.findall(r"<small>(\d+)</small>(?:</td>|<span>)", ran.page)
    assert jobids == sorted(cards + rows)


# --- languages ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        (["--lang", "ko"], {"LANG": "en_US.UTF-8"}, "ko"),
        (["--lang=ko"], {}, "ko"),
        (["--lang", "en"], {"LANG": "ko_KR.UTF-8", "REPORT_LANG": "ko"}, "en"),
        ([], {"LANG": "ko_KR.UTF-8"}, "ko"),
        ([], {"LANG": "ko_KR.UTF-8", "LC_ALL": "C"}, "en"),
        ([], {"REPORT_LANG": "en", "LANG": "ko_KR.UTF-8"}, "en"),
        ([], {}, "en"),
    ],
)
def test_help_errors_and_report_speak_the_language_that_was_chosen(
    ready: Cli, arguments: list[str], environment: dict[str, str], language: str
) -> None:
    korean = language == "ko"
    shown = ready(*arguments, "--help", env=environment).out
    assert korean == ("다른 기간의 시작 시각" in shown)
    wrong = {**environment, "BACULUM_API_PORT": "x"}
    assert korean == ("값이 잘못되었습니다" in ready(*arguments, "--mode", "test", env=wrong).err)
    ran = at(ready, ready("--mode", "test", *arguments, env=environment))
    assert f'<html lang="{language}"' in ran.page
    assert language == ran.document["language"]


def test_the_language_of_the_file_is_that_of_report_and_errors(cli: Cli, baculum: Baculum) -> None:
    cli.write(".env", "REPORT_LANG=ko\nBACULUM_API_PORT=x\n")
    assert "BACULUM_API_HOST이(가) 설정되지 않았습니다." in cli("--mode", "test").err
    assert "BACULUM_API_HOST이(가) 설정되지 않았습니다." in cli("check").out


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("command", [[], ["check"], ["deliver"], ["demo"]])
def test_help_fits_a_terminal_of_80_by_40(cli: Cli, command: list[str], language: str) -> None:
    ran = cli("--lang", language, *command, "--help")
    lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (0, "")
    assert len(lines) < 40
    assert max(map(columns, lines)) <= 80
    assert "\ue000" not in ran.out


def columns(line: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(char) in "WF") for char in line)


def test_korean_help_and_usage_errors_have_no_english_headings(cli: Cli) -> None:
    shown = cli("--lang", "ko", "--help").out
    for words in ("Usage:", "Options:", "Commands:", "Show ", "[default:"):
        assert words not in shown
    error = cli("--lang", "ko", "--mode", "x").err
    for words in ("Error:", "Usage:", "Try ", "Invalid", "is not one of"):
        assert words not in error


def test_the_version_is_told(cli: Cli) -> None:
    assert (0, f"bacula-report, version {__version__}\n") == astuple(cli("--version"))


def astuple(ran: Ran) -> tuple[int, str]:
    return ran.code, ran.out


# --- check and demo -----------------------------------------------------------------------------


@pytest.mark.parametrize("flavour", list(Flavour))
def test_check_finds_all_fine(cli: Cli, flavour: Flavour) -> None:
    with Baculum(NIGHT, flavour, username=USER, password=PASSWORD) as server:
        ran = cli("check", env=settings_of(server))
    assert (ran.code, ran.err) == (0, "")
    marks = [line[0] for line in ran.out.splitlines()]
    assert marks == ["✓", "✓", "–", "✓", "✓", "✓", "✓"]
    assert "password: user report is accepted" in ran.out


def test_check_of_a_wrong_password_ends_with_4(ready: Cli) -> None:
    ready.secrets.append("Wr0ng-password")
    ran = ready("check", env={"BACULUM_API_PASSWORD": "Wr0ng-password"})
    assert ran.code == 4
    assert [line[0] for line in ran.out.splitlines()] == ["✓", "✓", "–", "✗", " ", "–", "–", "–"]
    assert "  → Check BACULUM_API_USERNAME and BACULUM_API_PASSWORD." in ran.out.splitlines()


def test_check_where_nothing_listens_ends_with_4(ready: Cli, baculum: Baculum) -> None:
    baculum.stop()
    ran = ready("check")
    assert ran.code == 4
    assert "✗ network: Nothing listens at" in ran.out


def test_check_of_a_dead_director_ends_with_4(ready: Cli, baculum: Baculum) -> None:
    baculum.faults += faults.director_down()
    ran = ready("check")
    assert ran.code == 4
    assert "✗ Director: " in ran.out


def test_check_of_wrong_settings_ends_with_3(cli: Cli) -> None:
    ran = cli("check")
    assert ran.code == 3
    assert ran.out.count("✗ settings: ") == 3


def test_check_speaks_korean(ready: Cli) -> None:
    assert "✓ 비밀번호: 사용자 report 인증됨" in ready("check", "--lang", "ko").out
    assert "✓ 비밀번호: 사용자 report 인증됨" in ready("--lang", "ko", "check").out


def test_check_whose_result_cannot_be_printed_does_not_end_well(ready: Cli) -> None:
    with Path("/dev/full").open("wb") as full:
        assert ready("check", stdout=full).code == 7


@pytest.mark.parametrize("flavour", list(Flavour))
def test_the_demo_makes_a_report_without_any_settings(cli: Cli, flavour: Flavour) -> None:
    cli.secrets.append("demo-password")
    ran = cli("demo", "--server", flavour.value, "--lang", "ko")
    assert ran.code == 0
    document = at(cli, ran).document
    assert complaints(document) == []
    assert (document["complete"], document["verdict"]) == (True, "critical")
    assert [path.name for path in cli.folder.iterdir()] == ["reports"]


def test_the_demo_is_not_led_astray_by_settings(cli: Cli) -> None:
    elsewhere = {"BACULUM_API_HOST": "nowhere.invalid", "HTTP_PROXY": "http://127.0.0.1:1"}
    elsewhere["REPORT_POLICY_FILE"] = "/nowhere/policy.toml"
    assert cli("demo", env=elsewhere).code == 0


# --- the log ------------------------------------------------------------------------------------


def test_the_log_file_has_a_time_and_a_level_on_every_line(ready: Cli) -> None:
    ready("--mode", "test", "-v")
    path = ready.folder / "logs" / "bacula-report.log"
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) > 10
    assert [line for line in lines if not LOG_LINE.fullmatch(line)] == []
    assert path.stat().st_mode & 0o777 == 0o640


def test_the_log_file_is_as_detailed_as_the_setting_says(ready: Cli) -> None:
    ready("--mode", "test", "-q", env={"REPORT_LOG_LEVEL": "DEBUG"})
    assert "[DEBUG] GET /api/" in (ready.folder / "logs/bacula-report.log").read_text("utf-8")


def test_the_log_can_be_json(ready: Cli) -> None:
    ran = ready("--mode", "test", "-v", env={"REPORT_LOG_FORMAT": "json"})
    for text in (ran.err, (ready.folder / "logs/bacula-report.log").read_text("utf-8")):
        records = [json.loads(line) for line in text.splitlines()]
        assert all({"time", "level", "message"} <= record.keys() for record in records)
        assert all(datetime.fromisoformat(record["time"]).tzinfo for record in records)


def test_the_log_of_yesterday_is_put_aside(ready: Cli) -> None:
    folder = ready.folder / "logs"
    folder.mkdir()
    old = ready.write("logs/bacula-report.log", "[2026-11-01 08:00:00] [INFO] old\n")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    os.utime(old, (yesterday.timestamp(), yesterday.timestamp()))
    assert ready("--mode", "test").code == 0
    aside = folder / f"bacula-report.log.{yesterday:%Y-%m-%d}"
    assert aside.read_text() == "[2026-11-01 08:00:00] [INFO] old\n"
    assert "old" not in old.read_text("utf-8")


def test_no_log_file_is_kept_when_its_folder_is_empty(ready: Cli) -> None:
    assert ready("--mode", "test", env={"REPORT_LOG_DIR": ""}).code == 0
    assert [path.name for path in ready.folder.iterdir()] == ["reports"]


def test_a_log_folder_that_cannot_be_used_does_not_stop_the_report(ready: Cli) -> None:
    ready.write("logs", "a file")
    ran = ready("--mode", "test")
    assert ran.code == 0
    assert "[WARNING] No log file in logs" in ran.err


# --- the end before the end ---------------------------------------------------------------------


class Watched(Baculum):
    """Tells when a caller begins to wait."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.waiting = threading.Event()

    def pause(self, seconds: float) -> None:
        self.waiting.set()
        super().pause(seconds)


@pytest.fixture
def slow(cli: Cli) -> Iterator[Watched]:
    """A server whose job logs take ten minutes."""
    fault = Fault("joblog", FaultKind.SLOW, seconds=600)
    with Watched(NIGHT, username=USER, password=PASSWORD, faults=[fault]) as server:
        cli.environment |= {**settings_of(server), "BACULUM_API_TIMEOUT": "600"}
        cli.environment["BACULUM_API_DEADLINE"] = "3600"
        yield server


@pytest.mark.parametrize(
    ("number", "code", "told"),
    [
        (signal.SIGTERM, 143, "Stopped; no report was written."),
        (signal.SIGINT, 130, "Interrupted; no report was written."),
    ],
)
@pytest.mark.parametrize("thread", ["main", "other"])
def test_a_signal_ends_a_run_at_once_and_leaves_nothing(
    cli: Cli, slow: Watched, number: signal.Signals, code: int, told: str, thread: str
) -> None:
    process = cli.start("--mode", "production")
    slow.waiting.wait()
    command = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    cli.printed.append(command)
    # The system may hand a signal to any thread.
    threads = [int(entry.name) for entry in Path(f"/proc/{process.pid}/task").iterdir()]
    os.kill(process.pid if thread == "main" else max(threads), number)
    ran = cli.ended(process)
    assert (code, "") == (ran.code, ran.out)
    assert told in ran.err
    assert list((cli.folder / "reports").iterdir()) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_that_comes_when_the_report_is_written_does_not_deny_it(
    ready: Cli, number: signal.Signals, code: int
) -> None:
    """Nobody takes the path: the run waits with its work done."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(4096))
    os.set_blocking(writer, True)
    process = ready.start("--mode", "production", "-q", stdout=writer)
    os.close(writer)
    pages: list[Path] = []
    while not pages:
        time.sleep(0.01)
        pages = list((ready.folder / "reports").glob("mail_*.html"))
    process.send_signal(number)
    ran = ready.ended(process)
    os.close(reader)
    assert ran.code == code
    assert (
        ran.err == f"Stopped; the report had been written: {pages[0].relative_to(ready.folder)}\n"
    )
    assert len(list((ready.folder / "reports").iterdir())) == 2


def test_eight_runs_at_once_make_eight_reports(ready: Cli) -> None:
    processes = [ready.start("--mode", "test", "-q") for _ in range(8)]
    runs = [ready.ended(process) for process in processes]
    assert [ran.code for ran in runs] == [0] * 8
    assert len({ran.out for ran in runs}) == 8
    for ran in runs:
        assert at(ready, ran).page.endswith("</html>\n")
        assert complaints(at(ready, ran).document) == []
    assert len(list((ready.folder / "reports").iterdir())) == 16


# --- secrets ------------------------------------------------------------------------------------


def test_a_server_that_echoes_the_password_does_not_bring_it_into_report_or_log(
    ready: Cli, baculum: Baculum
) -> None:
    basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    echo = f"refused {PASSWORD} {quote(PASSWORD, safe='')} Basic {basic}"
    for path in ("joblog", "/api/"):
        baculum.faults[:] = [Fault(path, FaultKind.ERROR, code=1000, body=echo)]
        ready("--mode", "test", "-v")
        ready("check")


def test_a_redirect_with_the_password_does_not_bring_it_into_report_or_log(
    ready: Cli, baculum: Baculum
) -> None:
    location = f"http://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:1/"
    baculum.faults.append(Fault("/api/", FaultKind.REDIRECT, location=location))
    assert ready("--mode", "test", "-v").code == 4


def test_a_password_in_the_wrong_setting_is_not_repeated(ready: Cli) -> None:
    ran = ready("--mode", "test", env={"BACULUM_API_HOST": f"{USER}:{PASSWORD}@backup01"})
    assert ran.code == 3
    assert "BACULUM_API_HOST" in ran.err
