"""What only a process of its own shows: how much memory a run takes at most, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.demo import Baculum, Fault, FaultKind
from tests.faults import wire
from tests.faults.night import FAILED, the_night
from tests.faults.test_matrix import WHOLE
from tests.faults.whole import ENVIRONMENT, MEGABYTE
from tests.integration.test_cli import PASSWORD, ROOT, USER

LINES = 1_000_000 if WHOLE else 150_000
LOGS = "/joblog/" if WHOLE else f"/joblog/{FAILED}"
"""Which logs have no end: all seven of the night, of which all are asked for at once, or one."""
LINE = "2026-11-21 01:00:00 rig-dir JobId 1001: %s"


# A process begins with the memory of the one it was split from, which is large here: so a small one
# stands between.
BETWEEN = (
    "import resource, subprocess, sys; "
    "code = subprocess.call([sys.executable, '-m', 'app', *sys.argv[1:]]); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); "
    "sys.exit(code)"
)


@dataclass(frozen=True)
class Ended:
    """What became of a process, and the most memory it had, in MB."""

    code: int
    folder: Path
    err: str
    peak: int

    @property
    def page(self) -> str:
        (path,) = (self.folder / "reports").glob("*.html")
        return path.read_text("utf-8")


def report(folder: Path, faults: list[Fault]) -> Ended:
    """Make one report in a process of its own."""
    night = the_night(datetime.now(UTC))
    with Baculum(night, username=USER, password=PASSWORD, faults=faults) as baculum:
        address = {"BACULUM_API_HOST": baculum.host, "BACULUM_API_PORT": str(baculum.port)}
        ran = subprocess.run(
            [sys.executable, "-c", BETWEEN, "--mode", "production"],
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "TZ": "UTC",
                **ENVIRONMENT,
                **address,
                "BACULUM_API_TIMEOUT": "60",
                "BACULUM_API_DEADLINE": "300",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    err = ran.stderr.decode("utf-8", "replace")
    assert "Traceback" not in err
    return Ended(ran.returncode, folder, err, int(ran.stdout.split()[-1]) // 1024)


def _many(word: str) -> bytes:
    lines = (LINE % f"{word} {number}" for number in range(LINES))
    return b'["' + '","'.join(lines).encode() + b'"]'


def _one() -> bytes:
    return b'["' + (LINE % "Error: ").encode() + b"x" * (60 * MEGABYTE) + b'"]'


@pytest.mark.parametrize(
    ("log", "told", "most"),
    [
        (lambda: _many("line"), f"{LINES:,}", 330 if WHOLE else 100),
        (lambda: _many("Error: no"), f"(+{LINES - 5:,}", 330 if WHOLE else 100),
        (_one, "[…+", 270),
    ],
    ids=["lines", "errors", "one line of 60 MB"],
)
def test_a_log_of_any_length_takes_bounded_memory(
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    log: Callable[[], bytes],
    told: str,
    most: int,
) -> None:
    sent = wire.output(log())
    fault = Fault(rf"/joblog/{FAILED}\?", FaultKind.WIRE, edit=sent)
    ended = report(tmp_path, [fault])
    record_property("peak_mb", ended.peak)
    assert ended.code == 0, ended.err
    assert ended.peak <= most
    document = next((tmp_path / "reports").glob("*.json")).read_text("utf-8")
    assert told in ended.page or told in document
    assert len(ended.page) < 2 * MEGABYTE
    assert json.loads(document)["verdict"] == "good"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(LOGS, FaultKind.ENDLESS),
        Fault(LOGS, FaultKind.GZIP_BOMB, size=100 * MEGABYTE),
        Fault(
            LOGS,
            FaultKind.CUT,
            edit=wire.in_chunks(lambda _: wire.chunk(b"x" * (80 * MEGABYTE), b"-1")),
        ),
    ],
    ids=["endless", "gzip bomb", "chunk of -1 bytes"],
)
def test_answers_without_end_take_bounded_memory(
    tmp_path: Path, record_property: Callable[[str, object], None], fault: Fault
) -> None:
    """Each is read to its limit of 64 MB."""
    ended = report(tmp_path, [fault])
    record_property("peak_mb", ended.peak)
    assert ended.code == 5
    assert "is larger than 64 MB" in ended.page
    assert ended.peak <= (700 if WHOLE else 140)
