"""What travels: the password and where to, TLS, and what of the environment is not listened to."""

import base64
import logging
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from app.api.faults import ApiError
from app.api.faults import Fault as Wrong
from app.demo import Baculum, Fault, FaultKind
from tests.integration.api.asking import (
    PASSWORD,
    a_job,
    a_night,
    api_client,
    gaps,
    snapshot_of,
)

pytestmark = [
    pytest.mark.filterwarnings("error::ResourceWarning"),
    pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning"),
]


# --- the password ----------------------------------------------------------------------------

PASSWORDS = [
    "비밀번호-백업",
    "a:b::c:",
    "\"double\" 'single' `back`",
    " blanks around ",
    "back\\slash and %41 and +plus/=",
    "${HOME} $(id) {0} %s",
    "é\u00a0ÿ",
    "🔑🔒",
    "x" * 500,
]


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("username", ["report", "백업 관리자"])
def test_every_password_arrives_as_it_is_and_is_never_told(
    username: str, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As UTF-8; the log and the gaps know it in no form."""
    caplog.set_level(logging.DEBUG)
    fault = Fault("clients", FaultKind.STATUS, status=503)
    with Baculum(
        a_night(a_job(1)), username=username, password=password, faults=[fault]
    ) as baculum:
        snapshot = snapshot_of(baculum, username=username, password=password)
        assert all(request.authorized for request in baculum.requests)
        refused = snapshot_of(baculum, username=username, password=password + "x")
    assert len(snapshot.jobs) == 1
    told = "\n".join([caplog.text, *gaps(snapshot), *gaps(refused), repr(snapshot), repr(refused)])
    assert "refused the user name or password" in told
    pair = f"{username}:{password}".encode()
    for form in (password, quote(password), base64.b64encode(pair).decode()[:-4]):
        assert form not in told


def test_the_environment_sends_the_password_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No proxy, no .netrc, no cookie."""
    with Baculum(a_night(a_job(1))) as other, Baculum(a_night(a_job(1))) as baculum:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, other.url)
            monkeypatch.setenv(name.upper(), other.url)
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password other\n")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        assert snapshot_of(baculum).gaps == ()
        assert other.requests == []
        assert all(request.authorized for request in baculum.requests)
        assert not any("Cookie" in request.headers for request in baculum.requests)


# --- TLS -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Authority:
    """A certificate authority of our own."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.pem"

    def context(self, *, name: str = "IP:127.0.0.1,DNS:localhost", days: int = 2) -> ssl.SSLContext:
        """A server's context with a certificate of this authority."""
        key, request, cert = (self.folder / f"server.{end}" for end in ("key", "csr", "pem"))
        openssl(*NEW_KEY, "-subj", "/CN=api", "-keyout", key, "-out", request)
        extensions = self.folder / "extensions"
        extensions.write_text(
            f"subjectAltName={name}\nbasicConstraints=CA:FALSE\nauthorityKeyIdentifier=keyid\n"
        )
        openssl(
            *("x509", "-req", "-in", request, "-out", cert, "-days", str(days)),
            *("-CA", self.certificate, "-CAkey", self.folder / "ca.key", "-CAcreateserial"),
            *("-extfile", extensions),
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return context


NEW_KEY = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def new_authority(folder: Path) -> Authority:
    openssl(
        *(*NEW_KEY, "-x509", "-subj", "/CN=authority", "-days", "2"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
        *("-keyout", folder / "ca.key", "-out", folder / "ca.pem"),
    )
    return Authority(folder)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("stranger"))


def asked(baculum: Baculum, *, url: str = "", ca_file: Path | None = None) -> ApiError | None:
    """Ask for the welcome text; return what went wrong."""
    with api_client(baculum, url=url, ca_file=ca_file, tries=1, timeout=5.0) as client:
        try:
            client.get("/api/v1/welcome", expect=str)
        except ApiError as error:
            return error
    return None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_certificate_of_the_given_authority_is_trusted(authority: Authority, host: str) -> None:
    with Baculum(a_night(a_job(1)), tls=authority.context()) as baculum:
        url = f"https://{host}:{baculum.port}"
        snapshot = snapshot_of(baculum, url=url, ca_file=authority.certificate)
    assert (len(snapshot.jobs), snapshot.gaps) == (1, ())


@pytest.mark.parametrize(
    ("given", "how", "reason"),
    [
        ("stranger", {}, "unable to get local issuer certificate"),
        ("none", {}, "unable to get local issuer certificate"),
        ("authority", {"name": "DNS:backup01"}, "not valid for '127.0.0.1'"),
        ("authority", {"days": -1}, "certificate has expired"),
    ],
)
def test_a_certificate_that_is_not_trusted_says_why(
    authority: Authority, stranger: Authority, given: str, how: dict[str, Any], reason: str
) -> None:
    """Nobody vouches for it, it is another's, or too old; nothing was sent."""
    known = {"authority": authority.certificate, "stranger": stranger.certificate, "none": None}
    with Baculum(a_night(a_job(1)), tls=authority.context(**how)) as baculum:
        error = asked(baculum, ca_file=known[given])
        assert baculum.requests == []
    assert error is not None
    assert error.fault is Wrong.CERTIFICATE
    assert reason in str(error.what)
    assert "BACULUM_API_CA_FILE" in str(error.cure)


def test_tls_spoken_to_a_plain_port_says_so(authority: Authority) -> None:
    with Baculum(a_night(a_job(1))) as baculum:
        error = asked(
            baculum, url=f"https://127.0.0.1:{baculum.port}", ca_file=authority.certificate
        )
    assert error is not None
    assert error.fault is Wrong.TLS
    assert "BACULUM_API_SCHEME" in str(error.cure)


def test_plain_text_spoken_to_a_tls_port_hints_at_the_scheme(authority: Authority) -> None:
    """Some servers hang up, Apache and nginx answer 400."""
    with Baculum(a_night(a_job(1)), tls=authority.context()) as baculum:
        error = asked(baculum, url=f"http://127.0.0.1:{baculum.port}")
    assert error is not None
    assert error.fault is Wrong.DROPPED
    assert "BACULUM_API_SCHEME" in str(error.cure)
    refusal = Fault("welcome", FaultKind.STATUS, status=400)
    with Baculum(a_night(a_job(1)), faults=[refusal]) as baculum:
        error = asked(baculum)
    assert error is not None
    assert error.fault is Wrong.BAD_REQUEST
    assert "BACULUM_API_SCHEME" in str(error.cure)


def test_a_slow_or_broken_answer_over_tls_is_told_as_over_plain_http(authority: Authority) -> None:
    slow = Fault("welcome", FaultKind.SLOW, seconds=60.0)
    drip = Fault("welcome", FaultKind.DRIP, seconds=0.02)
    drop = Fault("welcome", FaultKind.DROP)
    context = authority.context()
    for fault, wrong in ((slow, Wrong.TIMEOUT), (drip, Wrong.TIMEOUT), (drop, Wrong.DROPPED)):
        with (
            Baculum(a_night(a_job(1)), tls=context, faults=[fault]) as baculum,
            api_client(
                baculum, ca_file=authority.certificate, tries=1, timeout=0.5, password=PASSWORD
            ) as client,
            pytest.raises(ApiError) as caught,
        ):
            client.get("/api/v1/welcome", expect=str)
        assert caught.value.fault is wrong
