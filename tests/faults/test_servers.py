"""Servers that are not there, go away, speak something else, or tell the password to everybody."""

from __future__ import annotations

import base64
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from app.demo import Baculum, Fault, FaultKind
from app.demo.faults import database_down, director_down, director_hung, not_configured
from tests.faults.night import the_night
from tests.faults.table import CALLS, FIRST, LIVE, OPEN, POOLS, Call
from tests.faults.test_matrix import WHOLE, healthy
from tests.faults.whole import HASTE, Site
from tests.integration.api.test_session import new_authority
from tests.integration.test_cli import PASSWORD, USER


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_server_that_goes_away_at_any_call_leaves_what_was_had(site: Site, call: Call) -> None:
    """Nothing listens any more from then on: connection refused."""
    gone = Fault(call.path, FaultKind.GONE)
    ran = site.run([gone, *call.server], call.flavours[0], paging=call.paging)
    if call is FIRST:
        assert (ran.code, ran.verdict) == (4, "unknown")
        return
    well = healthy(site).outcomes()
    told = ran.outcomes()
    assert set(told) <= set(well)
    # What is missing is named, or it was nothing that anything depends on.
    assert ran.code == 5 or (ran.code, told) == (0, well) or call.gap is None
    assert ran.verdict != "good" or told == well


@pytest.mark.parametrize("language", ["en", "ko"])
def test_nothing_listens(site: Site, language: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
        settings = {"BACULUM_API_HOST": "127.0.0.1", "BACULUM_API_PORT": port}
        ran = site.visit(settings, ("--mode", "test", "--lang", language))
    assert (ran.code, ran.verdict) == (4, "unknown")


@pytest.mark.parametrize("host", ["backup.invalid", "x" * 60, "a..b", "xn--zzzz"])
def test_a_name_that_nobody_knows(site: Site, host: str) -> None:
    ran = site.visit({"BACULUM_API_HOST": host})
    assert (ran.code, ran.verdict) == (4, "unknown")
    assert host in ran.named("gaps")["jobs"]


def test_a_name_that_is_forgotten_midway(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server closes each connection, and from the tenth on its name is unknown."""
    asked, look_up = [], socket.getaddrinfo

    def forget(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host == "localhost":
            asked.append(host)
            if len(asked) > 10:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", forget)
    fault = Fault(".", FaultKind.CUT)
    ran = site.run([fault], settings={"BACULUM_API_HOST": "localhost"})
    assert ran.code == 5
    assert any("localhost" in reason for reason in ran.named("gaps").values())


@pytest.mark.parametrize(
    ("secure", "scheme", "told"),
    [(False, "https", "does not speak TLS"), (True, "http", "closed the connection")],
)
def test_tls_where_none_is_expected_and_none_where_it_is(
    site: Site, tmp_path: Path, secure: bool, scheme: str, told: str
) -> None:
    context = new_authority(tmp_path).context() if secure else None
    ran = site.run(tls=context, settings={"BACULUM_API_SCHEME": scheme})
    assert (ran.code, ran.verdict) == (4, "unknown")
    assert told in ran.named("gaps")["jobs"]


@pytest.mark.parametrize(
    ("down", "told"),
    [
        (director_down(), "cannot reach the Bacula Director"),
        (director_hung(), "cannot reach the Bacula Director"),
        (database_down(), "cannot reach the catalog database"),
        (not_configured(), "a web page instead of data"),
    ],
    ids=["Director down", "Director hung", "database down", "never set up"],
)
def test_a_part_that_is_down_is_named(site: Site, down: list[Fault], told: str) -> None:
    ran = site.run(down)
    assert (ran.code, ran.verdict) == (4, "unknown")
    assert told in ran.named("gaps")["jobs"]


# What is asked to find out which part is at fault, once something took too long.
DIAGNOSES = {
    "all else answers": ([], "did not answer within"),
    "the catalog is down": ([Fault("/catalog$", FaultKind.ERROR, code=2)], "catalog database"),
    "the catalog hangs": ([Fault("/catalog$", FaultKind.SLOW, seconds=60.0)], "did not answer"),
    "the catalog's answer is junk": ([Fault("/catalog$", FaultKind.GARBAGE)], "did not answer"),
    "the Director hangs": ([Fault("resnames$", FaultKind.SLOW, seconds=60.0)], "Director does not"),
    "the Director is down": ([Fault("resnames$", FaultKind.ERROR, code=4)], "Director does not"),
    "the names are junk": ([Fault("resnames$", FaultKind.BODY, body=[1])], "did not answer within"),
    "the server breaks": ([Fault("resnames$", FaultKind.STATUS)], "did not answer within"),
}


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (call, name)
        for row, call in enumerate((FIRST, OPEN, LIVE, POOLS))
        for column, name in enumerate(DIAGNOSES)
        if WHOLE or (row + column) % 3 == 0
    ],
    ids=str,
)
def test_a_diagnosis_that_fails_itself_accuses_nobody(site: Site, call: Call, name: str) -> None:
    faults, told = DIAGNOSES[name]
    slow = Fault(call.path, FaultKind.SLOW, seconds=60.0)
    fresh = [Fault(f.path, f.kind, seconds=f.seconds, code=f.code, body=f.body) for f in faults]
    ran = site.run([slow, *fresh], settings=HASTE)
    assert ran.code == (4 if call is FIRST else 5)
    assert call is FIRST or call.gap is not None
    source = "jobs" if call.gap is None else call.gap.value
    assert told in ran.named("gaps")[source]


# --- secrets ------------------------------------------------------------------------------------

BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
ECHO = f"refused {PASSWORD} {quote(PASSWORD, safe='')} Basic {BASIC} {BASIC}"
LEAKS = {
    "an error's words": Fault("/api/", FaultKind.ERROR, body=ECHO),
    "a web page": Fault("/api/", FaultKind.HTML, body=ECHO),
    "an error page": Fault("/api/", FaultKind.STATUS, status=500, body=BASIC),
    "JSON of another form": Fault("/api/", FaultKind.BODY, body={"headers": ECHO}),
    "a redirect with it": Fault(
        "/api/", FaultKind.REDIRECT, location=f"http://{USER}:{quote(PASSWORD, safe='')}@[::1]/"
    ),
    "a redirect to nowhere": Fault(
        "/api/", FaultKind.REDIRECT, location=f"http://{USER}:{quote(PASSWORD, safe='')}@[::bad/"
    ),
    "a path with it": Fault("/api/", FaultKind.REDIRECT, location=f"/{quote(BASIC, safe='')}"),
}


@pytest.mark.parametrize("name", LEAKS)
@pytest.mark.parametrize("path", ["/api/", "/joblog/", *(["/pools$", "/status/"] if WHOLE else [])])
def test_a_server_that_tells_the_password_tells_it_to_nobody(
    site: Site, name: str, path: str
) -> None:
    """Not on the page, not in the JSON, not in the log with every request in it."""
    leak = LEAKS[name]
    fault = Fault(path, leak.kind, body=leak.body, status=leak.status, location=leak.location)
    assert site.run([fault], arguments=("--mode", "test", "-v")).code in (0, 4, 5)


def test_a_redirect_never_brings_the_password_to_another_server(site: Site) -> None:
    with Baculum(the_night(datetime.now(UTC)), username=USER, password=PASSWORD) as other:
        for location in (other.url, f"//127.0.0.1:{other.port}/api/v1/jobs"):
            ran = site.run([Fault("/api/", FaultKind.REDIRECT, location=location)])
            assert (ran.code, other.requests) == (4, [])
