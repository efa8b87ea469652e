"""The image at work: hardened, its reports in a volume, its secrets in a file."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from docker.models.containers import Container
from docker.models.images import Image

from app import __version__
from tests.container.conftest import (
    ENGINE,
    PASSWORD,
    READY,
    USER,
    Ended,
    Rig,
    credentials,
    wait_for,
)

Report = Callable[..., Ended]

HALF_DOWN = """
import signal, threading
from datetime import UTC, datetime
from app.demo import Baculum, Fault, FaultKind, told_night
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
faults = [Fault("/joblog/", FaultKind.STATUS, status=500)]
with Baculum(told_night(datetime.now(UTC), UTC), username="report", password="{password}",
             faults=faults, host="0.0.0.0", port=9096) as server:
    print("answers on", server.url, flush=True)
    stop.wait()
"""

SILENT = """
import signal, socket, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
server = socket.create_server(("0.0.0.0", 9096))
print("answers on 9096", flush=True)
kept = []
while True:
    kept.append(server.accept())
    print("was asked", flush=True)
"""

STATUS = """
import json, os
print(json.dumps({
    "ids": [os.getuid(), os.getgid()],
    "status": dict(line.split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line),
    "root": os.statvfs("/").f_flag & os.ST_RDONLY,
}))
"""


@pytest.fixture
def report(rig: Rig, baculum: Container, secrets: Mapping[str, Any]) -> Report:
    """Run the report against a Baculum, with a volume for /reports."""

    def run(
        *arguments: str,
        host: Container = baculum,
        environment: Mapping[str, str] | None = None,
        volume: str | None = None,
        mode: str = "rw",
        **options: Any,
    ) -> Ended:
        return rig.run(
            *(arguments or ("--mode", "test")),
            network=rig.network.name,
            environment={
                **credentials(),
                "BACULUM_API_HOST": str(host.name),
                **(environment or {}),
            },
            volumes={**secrets, (volume or rig.volume()): {"bind": "/reports", "mode": mode}},
            **options,
        )

    return run


# --- what it writes ---------------------------------------------------------------------------


def test_a_report_and_its_json_lie_in_the_volume(report: Report) -> None:
    ended = report()

    assert ended.code == 0, ended.stderr
    assert ended.stdout == f"/reports/{ended.report.name}\n"
    html, document = sorted(ended.reports, key=lambda file: file.name)
    assert document.name == html.name.replace(".html", ".json")
    for file in (html, document):
        assert (file.owner, file.group, file.mode) == (10001, 10001, 0o640)
    assert html.content.startswith(b"<!DOCTYPE html>") or html.content.startswith(
        b"<!doctype html>"
    )
    assert json.loads(document.content)


def test_any_user_of_group_0_can_run_it(report: Report) -> None:
    ended = report(user="12345:0")

    assert ended.code == 0, ended.stderr
    assert (ended.report.owner, ended.report.group) == (12345, 0)


def test_the_demo_needs_neither_network_nor_settings(rig: Rig) -> None:
    ended = rig.run("demo")

    assert ended.code == 0, ended.stderr
    assert len(ended.reports) == 2


@pytest.mark.parametrize("environment", [{"REPORT_LANG": "ko"}, {"LANG": "ko_KR.UTF-8"}])
def test_it_speaks_korean(rig: Rig, environment: dict[str, str]) -> None:
    ended = rig.run("demo", environment=environment)

    assert ended.code == 0, ended.stderr
    assert b'lang="ko"' in ended.report.content
    assert "백업" in ended.report.content.decode()


@pytest.mark.parametrize("zone_path", [{}, {"PYTHONTZPATH": ""}], ids=["system", "package"])
def test_it_knows_the_time_zones(report: Report, zone_path: dict[str, str]) -> None:
    ended = report(environment={"REPORT_TZ": "Asia/Seoul", **zone_path})

    assert ended.code == 0, ended.stderr
    assert b"+09:00" in ended.reports[0].content + ended.reports[1].content


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_it_tells_of_itself_with_nothing_given(rig: Rig, argument: str) -> None:
    ended = rig.run(argument)

    assert ended.code == 0
    assert ("--mode" if argument == "--help" else __version__) in ended.stdout


def test_check_goes_through_every_step(report: Report) -> None:
    ended = report("check")

    assert ended.code == 0, ended.stdout
    assert "✗" not in ended.stdout


def test_an_env_file_and_a_folder_are_all_that_podman_run_needs(
    image: Image, rig: Rig, baculum: Container, tmp_path: Path
) -> None:
    folder, settings = tmp_path / "reports", tmp_path / "settings"
    folder.mkdir()
    folder.chmod(0o777)
    settings.write_text(
        f"BACULUM_API_HOST={baculum.name}\n"
        f"BACULUM_API_USERNAME={USER}\n"
        f"BACULUM_API_PASSWORD={PASSWORD}\n"
    )

    done = subprocess.run(
        [
            *(ENGINE, "run", "--rm", "--network", str(rig.network.name), "--env-file", settings),
            *("-v", f"{folder}:/reports", str(image.id), "--mode", "test"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert (folder / Path(done.stdout.strip()).name).exists()


# --- how it is kept in ------------------------------------------------------------------------


def test_it_runs_with_no_rights_at_all(rig: Rig) -> None:
    told = json.loads(rig.run("-c", STATUS, entrypoint="python").stdout)
    status = {name: value.strip() for name, value in told["status"].items()}

    assert told["ids"] == [10001, 10001]
    assert told["root"]
    assert {status[name] for name in ("CapEff", "CapPrm", "CapBnd")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"


# --- how it fails -----------------------------------------------------------------------------


def test_found_failures_are_1_when_asked_for(report: Report) -> None:
    assert report("--mode", "test", "--fail-on", "failed").code == 1


def test_a_wrong_command_line_is_2(rig: Rig) -> None:
    assert rig.run("--mode", "nonsense").code == 2


def test_missing_settings_are_3_and_all_named(rig: Rig) -> None:
    ended = rig.run("--mode", "test")

    assert ended.code == 3
    for name in ("BACULUM_API_HOST", "BACULUM_API_USERNAME", "BACULUM_API_PASSWORD"):
        assert f"{name} is not set" in ended.stderr
    assert ended.reports == []


def test_a_wrong_password_is_4_and_is_not_told(report: Report) -> None:
    wrong = "wrong-4711"
    ended = report(environment={"BACULUM_API_PASSWORD": wrong, "BACULUM_API_PASSWORD_FILE": ""})

    assert ended.code == 4
    assert "password" in ended.stderr
    assert wrong not in ended.stderr + ended.stdout
    assert not [file for file in ended.reports if wrong.encode() in file.content]


def test_a_baculum_that_answers_half_is_5(rig: Rig, report: Report) -> None:
    half_down = rig.serve("-c", HALF_DOWN.format(password=PASSWORD), name="half-down", ready=READY)
    ended = report(host=half_down, environment={"BACULUM_API_TRIES": "1"})

    assert ended.code == 5, ended.stderr
    assert len(ended.reports) == 2


def test_a_read_only_volume_is_7(report: Report) -> None:
    ended = report(mode="ro")

    assert ended.code == 7
    assert "/reports" in ended.stderr
    assert ended.reports == []


def test_a_volume_of_somebody_else_is_7(rig: Rig, report: Report) -> None:
    # Not empty: Docker gives an empty volume the image's own owner when it is mounted.
    theirs = "import os; open('theirs', 'w'); os.chown('.', 0, 0); os.chmod('.', 0o755)"
    ended = report(volume=rig.volume(theirs))

    assert ended.code == 7
    assert "/reports" in ended.stderr
    assert [file.name for file in ended.reports] == ["theirs"]


# --- how it ends ------------------------------------------------------------------------------


def test_a_stopped_run_ends_at_once_and_leaves_nothing(
    rig: Rig, secrets: Mapping[str, Any]
) -> None:
    silent = rig.serve("-c", SILENT, name="silent", ready=READY)
    container = rig.start(
        *("--mode", "test"),
        network=rig.network.name,
        environment={
            **credentials(),
            "BACULUM_API_HOST": str(silent.name),
            "BACULUM_API_TIMEOUT": "300",
        },
        volumes={**secrets, rig.volume(): {"bind": "/reports", "mode": "rw"}},
    )
    wait_for(silent, b"was asked")

    started = time.monotonic()
    container.stop(timeout=30)
    ended = rig.end(container)

    assert time.monotonic() - started < 5
    assert ended.code == 128 + 15
    assert "no report was written" in ended.stderr
    assert ended.reports == []


def test_the_embedded_baculum_stops_at_once(rig: Rig) -> None:
    container = rig.serve("-m", "app.demo", name="stopped", ready=READY)

    started = time.monotonic()
    container.stop(timeout=30)

    assert time.monotonic() - started < 5
    assert rig.end(container).code == 0


# --- what it keeps to itself ------------------------------------------------------------------


def test_a_password_from_a_file_is_nowhere_to_be_seen(
    image: Image, report: Report, baculum: Container
) -> None:
    ended = report("--mode", "test", "--verbose")
    baculum.reload()
    seen = {
        "log": ended.stdout + ended.stderr,
        "Baculum's log": baculum.logs().decode(),
        "container": json.dumps(ended.inspected),
        "Baculum's container": json.dumps(baculum.attrs),
        "image": json.dumps(image.attrs),
        **{file.name: file.content.decode() for file in ended.reports},
    }

    assert ended.code == 0, ended.stderr
    for secret in (PASSWORD, base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()):
        assert [place for place, text in seen.items() if secret in text] == []
