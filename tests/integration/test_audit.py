"""The audit says what is known of what is locked, and never calls all well without knowing."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCK = "requirements.lock"


class Service(ThreadingHTTPServer):
    """Answers as OSV does; `known` has what is vulnerable, with the version that mends it."""

    def __init__(self, known: Mapping[str, str], status: int = 200) -> None:
        self.known = known
        self.status = status
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = query["package"]["name"]
        self.server.asked.append(name)
        body = json.dumps(answer(name, self.server.known)).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


def answer(name: str, known: Mapping[str, str]) -> dict[str, Any]:
    """What OSV says of a package: an empty object, or its vulnerabilities."""
    if name not in known:
        return {}
    events = [{"introduced": "0"}, {"fixed": known[name]}]
    affected = {
        "package": {"name": name, "ecosystem": "PyPI"},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    }
    told = {
        "id": f"PYSEC-{name}",
        "aliases": [f"CVE-{name}"],
        "summary": "",
        "affected": [affected],
        "modified": "2026-01-01T00:00:00Z",
    }
    return {"vulns": [told]}


def audit(url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "scripts/audit.py", "-s", "osv", "--osv-url", url),
            *("--cache-dir", folder),
        ],
        cwd=ROOT,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Any]:
    """Runs the audit against a service."""
    services: list[Service] = []

    def run(known: Mapping[str, str], status: int = 200) -> Any:
        service = Service(known, status)
        services.append(service)
        Thread(target=service.serve_forever, args=(0.02,), daemon=True).start()
        done = audit(f"http://127.0.0.1:{service.server_address[1]}/v1/query", tmp_path)
        return done, service.asked

    yield run
    for service in services:
        service.shutdown()
        service.server_close()


def test_where_nothing_is_known_of_any_package_it_says_so(ask: Any) -> None:
    done, asked = ask({"django": "1.5"})

    assert done.returncode == 0, done.stderr
    assert {"requests", "urllib3", "css-inline"} < set(asked)
    assert done.stdout == f"None of the {len(asked) - 1} packages of {LOCK} has a known" + (
        " vulnerability.\n"
    )


def test_a_vulnerable_package_is_named_with_the_version_that_mends_it(ask: Any) -> None:
    done, asked = ask({"django": "1.5", "urllib3": "99.1"})

    assert done.returncode == 1
    assert "urllib3 " in done.stdout
    assert ": PYSEC-urllib3, CVE-urllib3; fixed in 99.1\n" in done.stdout
    assert f"1 of the {len(asked) - 1} packages of {LOCK} have known" in done.stdout
    assert "django" not in done.stdout


@pytest.mark.parametrize(
    ("status", "reason"),
    [(200, "names no vulnerability of django==1.4"), (503, "503")],
)
def test_a_service_without_data_never_makes_all_well(ask: Any, status: int, reason: str) -> None:
    done, _ = ask({}, status)

    assert done.returncode == 3
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Not known whether {LOCK} has vulnerable packages: ")
    assert reason in line


def test_a_service_that_cannot_be_reached_never_makes_all_well(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    done = audit(f"http://127.0.0.1:{port}/v1/query", tmp_path)

    assert done.returncode == 3
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
