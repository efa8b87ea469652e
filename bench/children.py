"""Starting what is measured: processes with their time, CPU and peak memory, and the server."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from bench.catalog import Extent
from bench.models import Model

CHECKOUT = Path(__file__).resolve().parents[1]
USERNAME = "bench"
_FOREIGN = ("BACULA_", "BACULUM_", "BACULARIS_", "REPORT_", "PYTHON")
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class BenchError(Exception):
    """Something that was to be measured did not do its work."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process cost: seconds by the clock, seconds of CPU, bytes of memory at its peak."""

    wall: float
    cpu: float
    peak: int


@dataclass(frozen=True, slots=True)
class Served:
    """One request as the server saw it.

    Attributes:
        path: what was asked.
        status: the HTTP status of the answer.
        size: bytes that were sent for it, compressed and with headers.
        gzip: whether the client takes compressed answers.
    """

    path: str
    status: int
    size: int
    gzip: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What the server saw of one run: its requests, and over how many connections they came."""

    requests: tuple[Served, ...]
    connections: int


def environment(**settings: str) -> dict[str, str]:
    """Return the environment for a child: this one's without anybody's settings, and these."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    # What is measured is the checkout that this benchmark lies in.
    return {**own, "PYTHONPATH": str(CHECKOUT), "TZ": "Asia/Seoul", "LC_ALL": "C.UTF-8", **settings}


def measure(
    arguments: Sequence[str], env: Mapping[str, str], cwd: Path, *, stderr: IO[str] | None = None
) -> Usage:
    """Run the interpreter with `arguments` to its end.

    Raises:
        BenchError: if it fails.
    """
    with tempfile.TemporaryFile("w+", dir=cwd) as scratch:
        told = stderr or scratch
        begun = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=told,
        )
        try:
            _, status, used = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            child.wait()
            raise
        wall = time.perf_counter() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            told.seek(0)
            raise BenchError(
                f"{arguments[:3]} ended with {child.returncode}: {told.read()[-2000:]}"
            )
    return Usage(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * _RSS_UNIT)


def ask(module: str, order: Mapping[str, Any], cwd: Path) -> Any:
    """Run one of this package's modules with an order on stdin; return the JSON it prints.

    Raises:
        BenchError: if it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{module}"],
        input=json.dumps(order),
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BenchError(f"bench.{module} ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


class Server:
    """The embedded Baculum in its own process; a context manager."""

    def __init__(self, model: Model, extent: Extent) -> None:
        self.password = secrets.token_urlsafe(12)
        self._order = {
            "model": model.order(),
            "extent": asdict(extent),
            "username": USERNAME,
            "password": self.password,
        }
        self.host, self.port, self.start, self.end = "", 0, "", ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.serve"],
            cwd=CHECKOUT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # An interruption of this process reaches it as the end of its stdin.
            start_new_session=True,
        )
        try:
            told = self._talk(self._order)
        except BaseException:
            self._end()
            raise
        self.host, self.port = told["host"], told["port"]
        self.start, self.end = told["start"], told["end"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def take(self, *, latency: float) -> Seen:
        """Return what came since the last call; from now on an answer takes `latency` seconds."""
        told = self._talk({"latency": latency})
        return Seen(tuple(Served(*one) for one in told["requests"]), told["connections"])

    def settings(self) -> dict[str, str]:
        """How the report is told of this server."""
        return {
            "BACULUM_API_HOST": self.host,
            "BACULUM_API_PORT": str(self.port),
            "BACULUM_API_USERNAME": USERNAME,
            "BACULUM_API_PASSWORD": self.password,
            "BACULUM_API_DEADLINE": "900",
        }

    def _talk(self, order: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise BenchError("the embedded server went away")
        return json.loads(line)

    def _end(self) -> None:
        # It ends with its stdin; if it hangs, it is killed.
        assert self._process.stdout is not None
        try:
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
