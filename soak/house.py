"""A site in a folder: the report as its users start it, and what it leaves behind."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.demo import Baculum
from app.logs import FILE_NAME
from bench.children import BenchError, environment

USERNAME, PASSWORD = "soak", "soak-password"
_CALL = re.compile(r"GET (/\S+) -> (.+?), (\d+\.\d+) s, \d+ bytes$")
_DONE = re.compile(r"Done in \S+ s, of which the API (\S+) s \((\d+) requests, (\d+) failed")
_LOG_LINE = re.compile(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] \[[A-Z]+\] |    ")


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of one run: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def flaws(self) -> list[str]:
        """What it printed, if it failed in a way that nobody foresaw."""
        flawed = "Traceback" in self.err or "nobody foresaw" in self.err
        return [f"exit code {self.code}: {self.err[-2000:]}"] if flawed else []

    @property
    def document(self) -> Any:
        """The JSON beside the report; None if there is none."""
        if not self.out.strip():
            return None
        return json.loads(Path(self.out.strip()).with_suffix(".json").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Told:
    """What a run's own log says of its calls.

    Attributes:
        requests: how many were sent.
        failed: how many of them failed.
        slowest: seconds of the slowest one.
        seconds: seconds that all together took, by the clock.
    """

    requests: int
    failed: int
    slowest: float
    seconds: float


class House:
    """A folder that reports are made in."""

    def __init__(self, folder: Path, server: Baculum, **settings: str) -> None:
        """Use a folder and an API.

        Args:
            folder: where `reports` and `logs` will be.
            server: the API.
            settings: further settings, by the name of their variable.
        """
        self.folder = folder
        self.reports = folder / "reports"
        self.outbox = self.reports / "outbox"
        self.log = folder / "logs" / FILE_NAME
        self._environment = environment(
            BACULUM_API_HOST=server.host,
            BACULUM_API_PORT=str(server.port),
            BACULUM_API_USERNAME=USERNAME,
            BACULUM_API_PASSWORD=PASSWORD,
            REPORT_DIR=str(self.reports),
            REPORT_LOG_DIR=str(self.log.parent),
            REPORT_LANG="en",
            **settings,
        )

    def start(
        self, *arguments: str, before: tuple[str, ...] = (), **settings: str
    ) -> subprocess.Popen[str]:
        """Start a run, in a session of its own.

        Args:
            arguments: for the command.
            before: a command that starts it.
            settings: further settings.
        """
        return subprocess.Popen(
            [*before, sys.executable, "-m", "app", *arguments],
            cwd=self.folder,
            env={**self._environment, **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, before: tuple[str, ...] = (), **settings: str) -> Ran:
        """Let a run end by itself."""
        return ended(self.start(*arguments, before=before, **settings))

    def names(self) -> list[str]:
        """The names of what lies in the reports folder itself."""
        return sorted(one.name for one in self.reports.iterdir()) if self.reports.is_dir() else []

    def torn_lines(self) -> list[str]:
        """Lines of the log file that are none, or not whole."""
        text = self.log.read_text("utf-8") if self.log.exists() else ""
        lines = text.splitlines(keepends=True)
        return [one for one in lines if not (_LOG_LINE.match(one) and one.endswith("\n"))]

    def told(self) -> Told:
        """Read what the log says of the only run in it; it must be as detailed as DEBUG.

        Raises:
            BenchError: if it does not say it.
        """
        slowest = 0.0
        for line in self.log.read_text("utf-8").splitlines():
            if (call := _CALL.search(line)) is not None:
                slowest = max(slowest, float(call[3]))
            if (done := _DONE.search(line)) is not None:
                return Told(int(done[2]), int(done[3]), slowest, float(done[1]))
        raise BenchError(f"{self.log} does not tell how a run ended")


def ended(process: subprocess.Popen[str]) -> Ran:
    """Wait for the end of a run."""
    out, err = process.communicate()
    return Ran(process.returncode, out, err)


def judged(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a report says of the backups, without what changes with the clock."""
    return {
        **{name: document[name] for name in ("verdict", "complete", "gaps", "notes", "summary")},
        "jobs": [
            (job["jobid"], job["outcome"], job["status"], job["reasons"] if job["ended"] else None)
            for job in document["jobs"]
        ],
        "findings": [(one["key"], one["severity"], one["news"]) for one in document["findings"]],
        "protection": document["protection"],
    }
