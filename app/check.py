"""`bacula-report check`: each part between here and the catalog, then each channel to people.

Every step is timed, and a step that fails names its cure. Asks no more than it needs to, and sends
nothing to anybody.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryFile

from app.api.client import ApiClient
from app.api.dialect import API_VERSIONS, first_version
from app.api.faults import ApiError, Fault
from app.api.session import authorities, connect_in_time
from app.collect import diagnose
from app.errors import ReportError
from app.i18n import Message, msg
from app.pipeline import open_session
from app.settings import ApiSettings
from app.settings.delivery import DeliverySettings


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
_PING = msg("ping")
_TEXTFILE = msg("textfile")


def check(api: ApiSettings) -> Iterator[Step]:
    """Yield each step as soon as it has ended; what builds on a failed step is skipped."""
    session = open_session(api)
    client = ApiClient(session, timeout=api.timeout, tries=1, deadline=api.deadline)
    version = API_VERSIONS[0]

    def find_version() -> Message:
        nonlocal version
        version, _ = first_version(
            lambda version: client.get(f"/api/{version}/directors", expect=list)
        )
        return Message("{version}", {"version": version})

    try:
        steps: list[tuple[Message, Callable[[], Message | None]]] = [
            (_NETWORK, lambda: _network(api, client)),
            (_TLS, lambda: _tls(api, client)),
            (_PASSWORD, lambda: _password(api, client)),
            (_VERSION, find_version),
        ]
        for place, (name, work) in enumerate(steps):
            step = _timed(name, work)
            yield step
            if step.state is State.FAILED:
                rest = [name for name, _ in steps[place + 1 :]] + [_CATALOG, _DIRECTOR]
                why = msg("not tried, because an earlier step failed")
                yield from (Step(one, State.SKIPPED, 0.0, why) for one in rest)
                return
        yield _timed(_CATALOG, lambda: _catalog(client, version))
        yield _timed(_DIRECTOR, lambda: _director(client, version))
    finally:
        session.close()


def check_delivery(settings: DeliverySettings) -> Iterator[Step]:
    """Yield a step for each channel that is set up; they do not depend on each other."""
    # Mail and webhooks bring libraries of their own.
    from app.channels import channels_of, ping_of

    for channel in channels_of(settings):
        yield _timed(Message(channel.name), channel.probe)
    ping = ping_of(settings)
    if ping is not None:
        yield _timed(_PING, ping.probe)
    path = settings.textfile
    if path is not None:
        yield _timed(_TEXTFILE, lambda: _textfile(path))


def _textfile(path: Path) -> Message:
    from app.deliver.textfile import unwritable

    try:
        with TemporaryFile(dir=path.parent):
            return msg("{path} can be written", path=str(path))
    except OSError as error:
        raise unwritable(path, error) from error


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


def _network(api: ApiSettings, client: ApiClient) -> Message:
    _connect(api, client).close()
    return msg("{address} is reached", address=api.address)


def _connect(api: ApiSettings, client: ApiClient) -> socket.socket:
    limit = min(api.timeout, max(client.remaining, 0.001))
    place = (api.host.strip("[]"), api.port)
    try:
        return connect_in_time(lambda: socket.create_connection(place, limit), limit)
    except (socket.gaierror, UnicodeError) as error:
        raise ApiError(Fault.NAME, host=api.host) from error
    except TimeoutError as error:
        raise ApiError(Fault.TIMEOUT, address=api.address, seconds=f"{limit:g}") from error
    except ConnectionRefusedError as error:
        raise ApiError(Fault.REFUSED, address=api.address) from error
    except OSError as error:
        raise ApiError(Fault.UNREACHABLE, address=api.address) from error


def _tls(api: ApiSettings, client: ApiClient) -> Message | None:
    if api.scheme != "https":
        return None
    host = api.host.strip("[]")
    try:
        context = ssl.create_default_context(cafile=authorities(api.ca_file))
        with (
            _connect(api, client) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            return msg("{version}, certificate trusted", version=secure.version() or "TLS")
    except ssl.SSLCertVerificationError as error:
        reason = error.verify_message.rstrip(".")
        raise ApiError(Fault.CERTIFICATE, address=api.address, reason=reason) from error
    except TimeoutError as error:
        seconds = f"{api.timeout:g}"
        raise ApiError(Fault.TIMEOUT, address=api.address, seconds=seconds) from error
    except OSError as error:
        raise ApiError(Fault.TLS, address=api.address) from error


def _password(api: ApiSettings, client: ApiClient) -> Message:
    first_version(lambda version: client.get(f"/api/{version}/welcome", expect=str))
    return msg("user {name} is accepted", name=api.username)


def _catalog(client: ApiClient, version: str) -> Message:
    client.get(f"/api/{version}/catalog")
    return msg("the database answers")


def _director(client: ApiClient, version: str) -> Message:
    try:
        # Needs bconsole only: a dead database is another step's matter.
        client.get(f"/api/{version}/jobs/resnames", expect=dict)
    except ApiError as error:
        raise diagnose(client, error) from error
    return msg("the Director answers")
