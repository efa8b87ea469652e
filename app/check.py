"""`bacula-report check`: each part between here and the catalog, one after the other.

Every step is timed, and a step that fails names its cure. Asks no more than it needs to.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.api.client import ApiClient
from app.api.dialect import API_VERSIONS
from app.api.faults import ApiError, Fault
from app.collect import diagnose
from app.errors import ReportError
from app.i18n import Message, msg
from app.pipeline import open_session
from app.settings import ApiSettings


class State(StrEnum):
    """How a step ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name, how it ended, in how many seconds, and what to know or to do."""

    name: Message
    state: State
    seconds: float
    told: Message
    cure: Message | None = None


SETTINGS_STEP = msg("settings")
_NETWORK = msg("network")
_TLS = msg("TLS")
_PASSWORD = msg("password")
_VERSION = msg("API version")
_CATALOG = msg("catalog")
_DIRECTOR = msg("Director")


def check(api: ApiSettings) -> Iterator[Step]:
    """Yield each step as soon as it has ended; what builds on a failed step is skipped."""
    session = open_session(api)
    client = ApiClient(session, timeout=api.timeout, tries=1, deadline=api.deadline)
    try:
        steps: list[tuple[Message, Callable[[], Message | None]]] = [
            (_NETWORK, lambda: _network(api)),
            (_TLS, lambda: _tls(api)),
            (_PASSWORD, lambda: _password(client, api)),
            (_VERSION, lambda: _version(client)),
        ]
        for place, (name, work) in enumerate(steps):
            step = _timed(name, work)
            yield step
            if step.state is State.FAILED:
                rest = [name for name, _ in steps[place + 1 :]] + [_CATALOG, _DIRECTOR]
                why = msg("not tried, because an earlier step failed")
                yield from (Step(one, State.SKIPPED, 0.0, why) for one in rest)
                return
        yield _timed(_CATALOG, lambda: _catalog(client))
        yield _timed(_DIRECTOR, lambda: _director(client))
    finally:
        session.close()


def _timed(name: Message, work: Callable[[], Message | None]) -> Step:
    started = time.monotonic()
    try:
        told = work()
    except ReportError as error:
        return Step(name, State.FAILED, time.monotonic() - started, error.what, error.cure)
    seconds = time.monotonic() - started
    if told is None:
        return Step(name, State.SKIPPED, seconds, msg("not used"))
    return Step(name, State.OK, seconds, told)


def _network(api: ApiSettings) -> Message:
    try:
        socket.create_connection((api.host.strip("[]"), api.port), api.timeout).close()
    except socket.gaierror as error:
        raise ApiError(Fault.NAME, host=api.host) from error
    except TimeoutError as error:
        raise ApiError(Fault.TIMEOUT, address=api.address, seconds=f"{api.timeout:g}") from error
    except ConnectionRefusedError as error:
        raise ApiError(Fault.REFUSED, address=api.address) from error
    except OSError as error:
        raise ApiError(Fault.UNREACHABLE, address=api.address) from error
    return msg("{address} is reached", address=api.address)


def _tls(api: ApiSettings) -> Message | None:
    if api.scheme != "https":
        return None
    host = api.host.strip("[]")
    context = ssl.create_default_context(cafile=str(api.ca_file) if api.ca_file else None)
    if api.ca_file is None:
        # The same authorities as the calls themselves use.
        import certifi

        context.load_verify_locations(certifi.where())
    try:
        with (
            socket.create_connection((host, api.port), api.timeout) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            return msg("{version}, certificate trusted", version=secure.version() or "TLS")
    except ssl.SSLCertVerificationError as error:
        reason = error.verify_message.rstrip(".")
        raise ApiError(Fault.CERTIFICATE, address=api.address, reason=reason) from error
    except OSError as error:
        raise ApiError(Fault.TLS, address=api.address) from error


def _password(client: ApiClient, api: ApiSettings) -> Message:
    client.get("/api/v1/welcome", expect=str)
    return msg("user {name} is accepted", name=api.username)


def _version(client: ApiClient) -> Message:
    first: ApiError | None = None
    for version in API_VERSIONS:
        try:
            client.get(f"/api/{version}/directors", expect=list)
        except ApiError as error:
            first = first or error
        else:
            return Message("{version}", {"version": version})
    assert first is not None
    raise first


def _catalog(client: ApiClient) -> Message:
    client.get("/api/v1/catalog")
    return msg("the database answers")


def _director(client: ApiClient) -> Message:
    try:
        client.get("/api/v1/jobs", {"limit": 1}, expect=list)
    except ApiError as error:
        raise diagnose(client, error) from error
    return msg("the Director answers")
