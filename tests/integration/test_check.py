"""`check`: which part between here and the Director is at fault, in one look."""

import logging
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.api.faults import ApiError
from app.api.faults import Fault as Wrong
from app.check import State, Step, check
from app.demo import Baculum, Fault, FaultKind, Flavour, faults
from app.settings import ApiSettings, Secret
from tests.integration.api.asking import PASSWORD, a_job, a_night
from tests.integration.api.test_session import Authority, new_authority

pytestmark = [
    pytest.mark.filterwarnings("error::ResourceWarning"),
    pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning"),
]

STEPS = ["network", "TLS", "password", "API version", "catalog", "Director"]
MARKS = {State.OK: "+", State.FAILED: "x", State.SKIPPED: "-"}
PLAIN = "+-++++"
"""Every step went well; TLS is not used."""


@pytest.fixture(autouse=True)
def no_password_told(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    assert PASSWORD not in caplog.text


def settings(baculum: Baculum, **more: Any) -> ApiSettings:
    given: dict[str, Any] = {
        "host": baculum.host,
        "port": baculum.port,
        "scheme": baculum.url.partition(":")[0],
        "username": "report",
        "password": Secret(PASSWORD),
        "ca_file": None,
        "timeout": 5.0,
        "tries": 3,
        "deadline": 60.0,
        "workers": 4,
        **more,
    }
    return ApiSettings(**given)


def steps_of(baculum: Baculum, **more: Any) -> tuple[str, list[Step]]:
    """Every step, and one mark for each."""
    steps = list(check(settings(baculum, **more)))
    assert [str(step.name) for step in steps] == STEPS
    assert not any(step.cure for step in steps if step.state is not State.FAILED)
    assert all(str(step.told) for step in steps)
    return "".join(MARKS[step.state] for step in steps), steps


def failed(steps: list[Step]) -> Step:
    return next(step for step in steps if step.state is State.FAILED)


def assert_says(step: Step, wrong: Wrong) -> None:
    expected = ApiError(wrong)
    assert expected.what.msgid == step.told.msgid
    assert step.cure is not None
    assert expected.cure is not None
    assert expected.cure.msgid == step.cure.msgid


def baculum_with(*struck: Fault, **more: Any) -> Baculum:
    return Baculum(a_night(a_job(1)), faults=[replace(fault) for fault in struck], **more)


# --- all is well -----------------------------------------------------------------------------


@pytest.mark.parametrize("flavour", Flavour)
def test_a_server_that_works_passes_every_step_in_four_requests(flavour: Flavour) -> None:
    with Baculum(a_night(a_job(1)), flavour) as baculum:
        marks, steps = steps_of(baculum)
        asked = [request.path for request in baculum.requests]
    assert marks == PLAIN
    assert asked == [f"/api/v1/{p}" for p in ("welcome", "directors", "catalog", "jobs/resnames")]
    assert [str(step.told) for step in steps[1:]] == [
        "not used",
        "user report is accepted",
        "v1",
        "the database answers",
        "the Director answers",
    ]


@pytest.mark.parametrize("kind", [FaultKind.WELCOME, FaultKind.HTML, FaultKind.STATUS])
@pytest.mark.parametrize(("gone", "version"), [("v1", "v2"), ("v[12]", "v3")])
def test_a_later_version_will_do(kind: FaultKind, gone: str, version: str) -> None:
    missing = Fault(f"/api/{gone}/", kind, status=404)
    with baculum_with(missing, flavour=Flavour.BACULARIS_6) as baculum:
        marks, steps = steps_of(baculum)
    assert marks == PLAIN
    assert str(steps[3].told) == version


# --- each part at fault ----------------------------------------------------------------------

HUNG = faults.director_hung(60.0)
LOCKED = Fault("/catalog$", FaultKind.SLOW, seconds=60.0)


@pytest.mark.parametrize(
    ("struck", "marks", "wrong"),
    [
        ([Fault("/", FaultKind.STATUS, status=401)], "+-x---", Wrong.UNAUTHORIZED),
        ([Fault("/", FaultKind.STATUS, status=403)], "+-x---", Wrong.FORBIDDEN),
        ([Fault("/", FaultKind.STATUS, status=404)], "+-x---", Wrong.NOT_FOUND),
        ([Fault("/", FaultKind.STATUS, status=502)], "+-x---", Wrong.GATEWAY),
        ([Fault("/", FaultKind.SLOW, seconds=60.0)], "+-x---", Wrong.TIMEOUT),
        ([Fault("/", FaultKind.DROP)], "+-x---", Wrong.DROPPED),
        ([Fault("/", FaultKind.ERROR, code=6)], "+-x---", Wrong.LOGIN),
        ([Fault("/", FaultKind.BODY, body=[])], "+-x---", Wrong.SHAPE),
        (faults.not_configured(), "+-x---", Wrong.HTML),
        ([Fault("/", FaultKind.REDIRECT, location="http://x.invalid/")], "+-x---", Wrong.REDIRECT),
        ([Fault("/", FaultKind.WELCOME)], "+-+x--", Wrong.WRONG_PATH),
        ([Fault("/directors", FaultKind.STATUS, status=500)], "+-+x--", Wrong.SERVER),
        (faults.database_down(), "+-++x+", Wrong.CATALOG),
        (faults.director_down(), "+-+++x", Wrong.DIRECTOR),
        (faults.bconsole_missing(), "+-+++x", Wrong.BCONSOLE),
        (HUNG, "+-+++x", Wrong.DIRECTOR_SILENT),
        ([LOCKED], "+-++x+", Wrong.TIMEOUT),
    ],
)
def test_the_step_at_fault_fails_with_its_cure(
    struck: list[Fault], marks: str, wrong: Wrong
) -> None:
    with baculum_with(*struck) as baculum:
        found, steps = steps_of(baculum, timeout=0.5)
    assert found == marks
    assert_says(failed(steps), wrong)
    skipped = [step for step in steps[2:] if step.state is State.SKIPPED]
    assert {str(step.told) for step in skipped} <= {"not tried, because an earlier step failed"}


def test_both_the_database_and_the_director_may_be_down() -> None:
    with baculum_with(*faults.database_down(), *faults.director_down()) as baculum:
        marks, steps = steps_of(baculum)
    assert marks == "+-++xx"
    assert_says(steps[4], Wrong.CATALOG)
    assert_says(steps[5], Wrong.DIRECTOR)


def test_a_wrong_password_is_asked_once() -> None:
    """The account must not be locked by trying."""
    with baculum_with() as baculum:
        marks, steps = steps_of(baculum, password=Secret("wrong"))
        assert len(baculum.requests) == 1
    assert marks == "+-x---"
    assert_says(failed(steps), Wrong.UNAUTHORIZED)


def test_the_web_interface_instead_of_the_api_is_recognised() -> None:
    """Its port sends to a login page on the same server."""
    to_login = Fault("/api/", FaultKind.REDIRECT, location="/web/login")
    page = Fault("/web/", FaultKind.HTML)
    with baculum_with(to_login, page) as baculum:
        marks, steps = steps_of(baculum)
    assert marks == "+-x---"
    assert_says(failed(steps), Wrong.HTML)
    assert "9095" in str(failed(steps).cure)


def test_a_port_where_nothing_listens() -> None:
    with baculum_with() as baculum:
        pass
    marks, steps = steps_of(baculum)
    assert marks == "x-----"
    assert_says(steps[0], Wrong.REFUSED)


@pytest.mark.parametrize("host", ["backup.invalid", "x" * 80, "a..b"])
def test_a_name_that_nobody_knows(host: str) -> None:
    with baculum_with() as baculum:
        marks, steps = steps_of(baculum, host=host)
    assert marks == "x-----"
    assert_says(steps[0], Wrong.NAME)


# --- TLS -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("authority"))


def test_a_trusted_certificate_passes(authority: Authority) -> None:
    with baculum_with(tls=authority.context()) as baculum:
        marks, steps = steps_of(baculum, ca_file=authority.certificate)
    assert marks == "++++++"
    assert re.fullmatch(r"TLSv1\.[23], certificate trusted", str(steps[1].told))


@pytest.mark.parametrize(
    ("trusted", "how", "reason"),
    [
        (False, {}, "unable to get local issuer"),
        (True, {"name": "DNS:backup01"}, "IP address mismatch"),
        (True, {"days": -1}, "expired"),
    ],
)
def test_a_certificate_that_is_not_trusted_fails_before_anything_is_sent(
    authority: Authority, trusted: bool, how: dict[str, Any], reason: str
) -> None:
    with baculum_with(tls=authority.context(**how)) as baculum:
        ca_file = authority.certificate if trusted else None
        marks, steps = steps_of(baculum, ca_file=ca_file)
        assert baculum.requests == []
    assert marks == "+x----"
    assert_says(steps[1], Wrong.CERTIFICATE)
    assert reason in str(steps[1].told)


def test_the_systems_own_authorities_are_not_trusted_here_if_not_by_the_calls(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both ask the same list: this step must not pass where the next one cannot."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    with baculum_with(tls=authority.context()) as baculum:
        marks, _ = steps_of(baculum)
    assert marks == "+x----"


def test_a_port_without_tls_fails_the_tls_step(authority: Authority) -> None:
    with baculum_with() as baculum:
        marks, steps = steps_of(baculum, scheme="https", ca_file=authority.certificate)
    assert marks == "+x----"
    assert_says(steps[1], Wrong.TLS)


def test_a_port_with_tls_fails_the_password_step_of_a_plain_client(authority: Authority) -> None:
    with baculum_with(tls=authority.context()) as baculum:
        marks, steps = steps_of(baculum, scheme="http")
    assert marks == "+-x---"
    assert "BACULUM_API_SCHEME" in str(steps[2].cure)


# --- time ------------------------------------------------------------------------------------


def test_no_step_takes_longer_than_all_may_take() -> None:
    """A deadline of half a second under a time limit of a minute: the first slow step ends it."""
    began = time.monotonic()
    slow = Fault("/", FaultKind.SLOW, seconds=120.0)
    with baculum_with(slow) as baculum:
        marks, steps = steps_of(baculum, timeout=60.0, deadline=0.5)
        assert slow.seen <= 1
    assert marks == "+-x---"
    assert_says(failed(steps), Wrong.DEADLINE)
    assert time.monotonic() - began < 30


def test_nothing_is_tried_twice() -> None:
    """A check is to tell what is now, not to wait until it is better."""
    busy = Fault("/", FaultKind.STATUS, status=503)
    with baculum_with(busy) as baculum:
        steps_of(baculum)
        assert len(baculum.requests) == 1


def test_a_ca_file_that_is_broken_is_told(tmp_path: Path, authority: Authority) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    with baculum_with(tls=authority.context()) as baculum:
        marks, steps = steps_of(baculum, ca_file=broken)
    assert marks == "+x----"
    assert steps[1].cure is not None
