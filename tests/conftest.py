"""What holds for every test: no network, no settings of the machine, nothing skipped in CI.

Unit tests may not open a connection at all; the others reach this machine's loopback only.

`make test` runs them in several processes (pytest-xdist), each file in one of them. So two files
share nothing that has a fixed name or port, and whatever is built once has its own lock.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase

HERE = Path(__file__).parent

# What the machine that runs the tests might set, and a test would then unknowingly depend on.
FOREIGN_PREFIXES = ("BACULA_", "BACULUM_", "BACULARIS_", "REPORT_")
FOREIGN_NAMES = {
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("no_color", "force_color", "lang", "language", "lc_all", "lc_messages", "lc_time"),
    *("requests_ca_bundle", "curl_ca_bundle", "netrc"),
}


def in_ci() -> bool:
    """Tell whether this is a CI run, where nothing may be left out."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


settings.register_profile("ci", derandomize=True, deadline=None, database=None)
# Failures are kept in the checkout, whatever folder a test runs in.
settings.register_profile(
    "dev", deadline=None, database=DirectoryBasedExampleDatabase(HERE.parent / ".hypothesis")
)
settings.load_profile("ci" if in_ci() else "dev")


# --- in several processes ---------------------------------------------------------------------

# Long files first, short ones last, or one process would be left alone with a long one at the end.
EARLY = ("deploy", "container", "browser")
LATE = ("unit",)
# Whose coverage is measured: tracing doubles a test's time.
COVERED = ("unit", "integration")


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(HERE).parts[0]


def _place(item: pytest.Item) -> int:
    folder = _folder(item)
    return EARLY.index(folder) if folder in EARLY else len(EARLY) + (folder in LATE)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order the tests as their files are handed out, and say which of them are traced."""
    if hasattr(config, "workerinput"):
        items.sort(key=_place)
    if config.pluginmanager.hasplugin("_cov"):
        for item in items:
            if _folder(item) not in COVERED:
                item.add_marker("no_cover")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Say what `-n auto` is: one more than there are cores, for some tests mostly wait."""
    return len(os.sched_getaffinity(0)) + 1


# --- left out where it cannot run -------------------------------------------------------------

_left_out = pytest.StashKey[list[str]]()


def leave_out(
    config: pytest.Config,
    items: list[pytest.Item],
    mine: list[pytest.Item],
    name: str,
    reason: Callable[[], str],
) -> None:
    """Take tests out of `items` where there is a reason, and remember to say so.

    Never in CI, where the fixture that such a test needs then fails.
    """
    if not mine or in_ci():
        return
    if told := reason():
        without = set(mine)
        items[:] = [item for item in items if item not in without]
        config.hook.pytest_deselected(items=mine)
        config.stash.setdefault(_left_out, []).append(f"Not run: {len(mine)} {name} tests: {told}")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what one of several processes has left out; each leaves out the same."""
    told = getattr(node, "workeroutput", {}).get("left_out", [])
    node.config.stash.setdefault(_left_out, [])[:] = told


# --- nothing skipped in CI --------------------------------------------------------------------


def _skipped(config: pytest.Config) -> int:
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", [])) if reporter and in_ci() else 0


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a CI run that skipped anything."""
    if _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash.get(_left_out, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say why such a run failed, and what was left out, and why."""
    for line in config.stash.get(_left_out, []):
        terminalreporter.write_line(line, yellow=True)
    if count := _skipped(config):
        terminalreporter.write_line(f"CI runs every test, but {count} skipped.", red=True)


# --- no network -------------------------------------------------------------------------------


def _is_loopback(address: object) -> bool:
    """Tell whether a socket address, or a host name, stays on this machine."""
    if isinstance(address, (str, bytes)):  # a Unix socket's path
        return True
    host = address[0] if isinstance(address, tuple) else None
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def network_guard(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a unit test that connects at all, any other that would leave this machine.

    The failure is no Exception, so the code under test cannot take it for an error of the network.
    """
    unit = request.path.is_relative_to(HERE / "unit")
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    getaddrinfo = socket.getaddrinfo

    def check(address: object) -> None:
        if unit:
            pytest.fail(f"a unit test may not open a connection: {address!r}")
        if not _is_loopback(address):
            pytest.fail(f"a test may not leave this machine: {address!r}")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        check(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        check(address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        # No name server is asked: a name that is not this machine's own is unknown, as it would be
        # on a machine without a network. An address in digits is let through to connect().
        name = host.decode() if isinstance(host, bytes) else host
        if unit:
            pytest.fail(f"a unit test may not look up a host: {name!r}")
        if name and name != "localhost":
            try:
                ipaddress.ip_address(name)
            except ValueError:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None
        return getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)


# --- no settings of the machine ---------------------------------------------------------------


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start each test in an empty folder (no .env there), in UTC, with none of our variables."""
    for name in os.environ:
        if name.upper().startswith(FOREIGN_PREFIXES) or name.lower() in FOREIGN_NAMES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.chdir(tmp_path)
    yield
    monkeypatch.undo()
    time.tzset()
