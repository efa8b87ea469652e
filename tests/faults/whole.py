"""A whole run by the command's own entry, within this process, and all it may not leave behind."""

from __future__ import annotations

import contextlib
import gc
import html
import io
import json
import logging
import os
import re
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app import collect
from app.api import dialect, jobs, session
from app.api.client import ApiClient
from app.cli.commands import answer
from app.demo import Baculum, Fault, Flavour, Night
from app.logs import tear_down
from tests.faults.night import moving, the_night
from tests.integration.test_cli import PASSWORD, USER, disguises
from tests.unit.report.test_document import complaints

MEGABYTE = 1024 * 1024
SECRETS = disguises(PASSWORD)
_CREDENTIALS = re.compile(rb"Basic (?!\*{8})[A-Za-z0-9+/]{8}")
ENVIRONMENT = {
    "BACULUM_API_USERNAME": USER,
    "BACULUM_API_PASSWORD": PASSWORD,
    "BACULUM_API_TIMEOUT": "10",
    # Less than a server may wish to be left alone.
    "BACULUM_API_DEADLINE": "20",
    # Whatever is said is said here.
    "REPORT_LOG_LEVEL": "DEBUG",
}
HASTE = {"BACULUM_API_TIMEOUT": "0.5", "BACULUM_API_TRIES": "1"}
"""For servers that keep silent: how often a call is tried is not what is looked at then."""


@dataclass(frozen=True)
class Paging:
    """Rows of the first page and of a later one: so few that a small night needs all of them.

    And bytes of an answer that are read at most: so few that an answer without end soon has one.
    """

    first: int = 10
    page: int = 20
    body: int = 2 * MEGABYTE


SHORT = Paging()
LONGER = Paging(page=30)
"""With it, servers that ignore `offset` are asked for one long page instead of every name."""
REAL = Paging(dialect.FIRST_PAGE, jobs.PAGE, session.MAX_BODY)
"""As it is outside of tests."""


@dataclass(frozen=True)
class Ran:
    """What became of one run.

    Attributes:
        code: the exit code.
        out: stdout.
        err: stderr.
        asked: what the server was asked, path and query.
        files: every file that was written, by its path below the run's folder.
    """

    code: int
    out: str
    err: str
    asked: Sequence[str]
    files: Mapping[str, bytes]

    @property
    def path(self) -> str:
        """The report, as stdout has it."""
        assert self.out.endswith("\n")
        assert self.out.count("\n") == 1, self.out
        return self.out[:-1]

    @property
    def page(self) -> str:
        return html.unescape(self.files[self.path].decode())

    @property
    def document(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.files[self.path.removesuffix("html") + "json"])
        return loaded

    @property
    def verdict(self) -> str:
        return str(self.document["verdict"])

    def named(self, what: str) -> dict[str, str]:
        """The gaps or notes, reason by source; one of several reasons is enough."""
        return {one["source"]: one["reason"] for one in self.document[what]}

    def outcomes(self) -> dict[int, str]:
        """What became of each job."""
        return {job["jobid"]: job["outcome"] for job in self.document["jobs"]}


@dataclass
class Site:
    """Where runs are made: a folder of its own, few rows a page, hardly a pause."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    turn: int = 0

    def run(
        self,
        faults: Sequence[Fault] = (),
        flavour: Flavour = Flavour.BACULUM_15,
        *,
        night: Night | None = None,
        paging: Paging = SHORT,
        arguments: Sequence[str] = ("--mode", "production"),
        settings: Mapping[str, str] | None = None,
        **server: Any,
    ) -> Ran:
        """Make one report of a server with these faults, and hold what holds for every run."""
        if night is None:
            night = the_night(datetime.now(UTC))
        given = {"username": USER, "password": PASSWORD, **server}
        with Baculum(night, flavour, faults=[*faults, moving()], **given) as baculum:
            address = {"BACULUM_API_HOST": baculum.host, "BACULUM_API_PORT": str(baculum.port)}
            return self.visit({**address, **(settings or {})}, arguments, paging, baculum)

    def visit(
        self,
        settings: Mapping[str, str],
        arguments: Sequence[str] = ("--mode", "production"),
        paging: Paging = SHORT,
        baculum: Baculum | None = None,
    ) -> Ran:
        """Make one report of whatever the settings lead to, and hold what holds for every run."""
        self.turn += 1
        place = self.folder / str(self.turn)
        (place / "tmp").mkdir(parents=True)
        out, err = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO())
        with self.monkeypatch.context() as patch:
            self._prepare(patch, place, {**ENVIRONMENT, **settings}, paging)
            before = Left.now()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = answer(arguments)
            tear_down()
            gc.unfreeze()
            if baculum is not None:
                baculum.stop()
            before.hold()
        asked = [request.path for request in baculum.requests] if baculum else []
        ran = Ran(code, _text(out), _text(err), asked, _files(place))
        _hold(ran)
        return ran

    def _prepare(
        self, patch: pytest.MonkeyPatch, place: Path, settings: Mapping[str, str], paging: Paging
    ) -> None:
        patch.chdir(place)
        patch.setenv("TMPDIR", str(place / "tmp"))
        patch.setattr(tempfile, "tempdir", None)
        for name, value in settings.items():
            patch.setenv(name, value)
        for module in (dialect, jobs, collect):
            patch.setattr(module, "FIRST_PAGE", paging.first)
        for module in (jobs, collect):
            patch.setattr(module, "PAGE", paging.page)
        # What pytest keeps of its records would keep connections open; a run has no handler there.
        patch.setattr(logging.getLogger("urllib3"), "propagate", False)
        patch.setattr(jobs, "OVERLAP", 2)
        patch.setattr(jobs, "CERTAIN", 2)
        patch.setattr(session, "MAX_BODY", paging.body)
        defaults = ApiClient.__init__.__kwdefaults__
        assert defaults is not None
        patch.setitem(defaults, "first_pause", 0.002)


@dataclass(frozen=True)
class Left:
    """What a process holds: threads, open files, children."""

    threads: frozenset[threading.Thread]
    files: frozenset[str]
    children: frozenset[str]

    @classmethod
    def now(cls) -> Left:
        threads = frozenset(threading.enumerate())
        return cls(threads, frozenset(_open_files()), frozenset(_children()))

    def hold(self) -> None:
        """See that there is no more than before; what the server began may end first."""
        for thread in set(threading.enumerate()) - self.threads:
            if "process_request_thread" in thread.name or thread.name.startswith("connect"):
                thread.join(20)
        after = Left.now()
        if after.files - self.files:
            # What failed is a circle of errors and frames; only what outlives it is left behind.
            gc.collect()
            after = Left.now()
        assert set(after.threads) <= set(self.threads), after.threads - self.threads
        assert after.children <= self.children
        assert after.files - self.files == frozenset()


def _open_files() -> Iterator[str]:
    for number in os.listdir("/proc/self/fd"):
        # The folder itself was one of them, and is closed.
        with contextlib.suppress(OSError):
            yield os.readlink(f"/proc/self/fd/{number}")


def _children() -> Iterator[str]:
    for task in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            yield from task.read_text().split()


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8", "backslashreplace")


def _files(place: Path) -> dict[str, bytes]:
    found = (path for path in place.rglob("*") if not path.is_dir())
    return {str(path.relative_to(place)): path.read_bytes() for path in found}


def _hold(ran: Ran) -> None:
    """See to what holds for every run, whatever went wrong."""
    assert ran.code in {0, 1, 4, 5}, ran.err
    log = ran.files["logs/bacula-report.log"]
    for told in (ran.out.encode(), ran.err.encode(), log):
        assert b"Traceback" not in told, told.decode()
        assert b"nobody foresaw" not in told
    for told in (ran.out.encode(), ran.err.encode(), *ran.files.values()):
        assert not any(secret in told for secret in SECRETS)
        assert _CREDENTIALS.search(told) is None
    beside = ran.path.removesuffix("html") + "json"
    assert set(ran.files) == {ran.path, beside, "logs/bacula-report.log"}
    _hold_report(ran, ran.document)


def _hold_report(ran: Ran, document: dict[str, Any]) -> None:
    assert complaints(document) == []
    assert ran.page.rstrip().endswith("</html>")
    gaps, verdict = document["gaps"], document["verdict"]
    assert document["complete"] is (not gaps)
    assert document["verdict_sentence"] in ran.page
    # What is missing is said where it is read, and never called good.
    for one in (*gaps, *document["notes"]):
        assert one["reason"] in ran.page
    assert not gaps or verdict != "good"
    if ran.code == 4:
        assert (verdict, document["jobs"]) == ("unknown", [])
    else:
        assert (ran.code == 5) is bool(gaps)
