"""Everything that can go wrong with an API call, each with its own sentence and cure."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from app.errors import ExitCode, ReportError
from app.i18n import N_, Message, msg


class Fault(StrEnum):
    """Which part is at fault."""

    NAME = "name"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    DROPPED = "dropped"
    CERTIFICATE = "certificate"
    TLS = "tls"
    REDIRECT = "redirect"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not found"
    BAD_REQUEST = "bad request"
    BUSY = "busy"
    GATEWAY = "gateway"
    SERVER = "server"
    HTTP = "http"
    WRONG_PATH = "wrong path"
    HTML = "html"
    NOT_JSON = "not json"
    SHAPE = "shape"
    TOO_LARGE = "too large"
    PAGING = "paging"
    DIRECTOR = "director"
    DIRECTOR_SILENT = "director silent"
    BCONSOLE = "bconsole"
    CATALOG = "catalog"
    INTERNAL = "internal"
    LOGIN = "login"
    MISSING = "missing"
    API = "api"
    DEADLINE = "deadline"


PASSING = frozenset(
    {
        Fault.REFUSED,
        Fault.UNREACHABLE,
        Fault.TIMEOUT,
        Fault.DROPPED,
        Fault.BUSY,
        Fault.GATEWAY,
        Fault.SERVER,
        Fault.NOT_JSON,
    }
)
"""Faults that may be gone at the next try."""
STRAIN = frozenset({Fault.TIMEOUT, Fault.DROPPED, Fault.BUSY, Fault.GATEWAY, Fault.SERVER})
"""Faults of a server that has too much to do, or may have."""

_SENTENCES: dict[Fault, tuple[str, str]] = {
    Fault.NAME: (
        N_("The host name {host} is not known."),
        N_("Check BACULUM_API_HOST and this machine's DNS."),
    ),
    Fault.REFUSED: (
        N_("Nothing listens at {address} (connection refused)."),
        N_("Check BACULUM_API_HOST and BACULUM_API_PORT, and that the API's web server runs."),
    ),
    Fault.UNREACHABLE: (
        N_("{address} cannot be reached."),
        N_("Check the network and the firewall between this machine and the API."),
    ),
    Fault.TIMEOUT: (
        N_("{address} did not answer within {seconds} seconds."),
        N_(
            "Check the network, the load of the web server and whether the Director hangs; "
            "BACULUM_API_TIMEOUT allows more time."
        ),
    ),
    Fault.DROPPED: (
        N_("{address} closed the connection before its answer was complete."),
        N_(
            "See the web server's error log; PHP may have run out of memory. Or the port expects "
            "https: check BACULUM_API_SCHEME."
        ),
    ),
    Fault.CERTIFICATE: (
        N_("The certificate of {address} is not trusted: {reason}."),
        N_("Set BACULUM_API_CA_FILE to its CA, and BACULUM_API_HOST to the name it is made for."),
    ),
    Fault.TLS: (
        N_("{address} does not speak TLS as expected."),
        N_("Check BACULUM_API_SCHEME and BACULUM_API_PORT."),
    ),
    Fault.REDIRECT: (
        N_("{address} redirects to {target}; it was not followed, to keep the password here."),
        N_("Set BACULUM_API_SCHEME, BACULUM_API_HOST and BACULUM_API_PORT to the API itself."),
    ),
    Fault.UNAUTHORIZED: (
        N_("{address} refused the user name or password (HTTP 401)."),
        N_("Check BACULUM_API_USERNAME and BACULUM_API_PASSWORD."),
    ),
    Fault.FORBIDDEN: (
        N_("{address} forbids the request (HTTP 403)."),
        N_("Check the web server's access rules and the API user's rights."),
    ),
    Fault.NOT_FOUND: (
        N_("{address} has no Baculum API at this path (HTTP 404)."),
        N_("Check BACULUM_API_HOST and BACULUM_API_PORT: the API listens on 9096 by default."),
    ),
    Fault.BAD_REQUEST: (
        N_("{address} rejects the request (HTTP 400)."),
        N_("It may expect https: check BACULUM_API_SCHEME."),
    ),
    Fault.BUSY: (
        N_("{address} is too busy (HTTP 429)."),
        N_("Lower BACULUM_API_WORKERS or run the report at another time."),
    ),
    Fault.GATEWAY: (
        N_("The web server at {address} cannot reach the API behind it (HTTP {status})."),
        N_("Check PHP-FPM or the proxy on the API's host."),
    ),
    Fault.SERVER: (
        N_("The API at {address} broke down (HTTP {status})."),
        N_("See the web server's error log; PHP's memory_limit may be too small."),
    ),
    Fault.HTTP: (
        N_("{address} answered with HTTP {status}."),
        N_("See the web server's error log."),
    ),
    Fault.WRONG_PATH: (
        N_("{address} knows no such request (it answers with its welcome text)."),
        N_("The API's version may be one that this program does not know."),
    ),
    Fault.HTML: (
        N_("{address} answered with a web page instead of data."),
        N_(
            "Check that the port is the API's (9096), not the web interface's (9095), and that "
            "the API has been set up."
        ),
    ),
    Fault.NOT_JSON: (
        N_("The answer of {address} is damaged or cut off."),
        N_("See the web server's error log; run again."),
    ),
    Fault.SHAPE: (
        N_("The answer of {address} does not have the expected form."),
        N_("Check that this is a Baculum or Bacularis API of a supported version."),
    ),
    Fault.TOO_LARGE: (
        N_("The answer of {address} is larger than {limit} MB."),
        N_("It was not read to the end; look at it in the web interface."),
    ),
    Fault.PAGING: (
        N_("{address} cannot give a job list that goes back further ({limit} jobs at once)."),
        N_("Ask for a shorter period, or prune the catalog."),
    ),
    Fault.DIRECTOR: (
        N_("The API at {address} cannot reach the Bacula Director."),
        N_("Check that bacula-dir runs, and the API's bconsole settings."),
    ),
    Fault.DIRECTOR_SILENT: (
        N_("The web server at {address} and the catalog answer, but the Bacula Director does not."),
        N_("Check that bacula-dir runs and does not hang; try bconsole on its host."),
    ),
    Fault.BCONSOLE: (
        N_("The API at {address} cannot run bconsole."),
        N_("Check the API's bconsole path and its sudo rights."),
    ),
    Fault.CATALOG: (
        N_("The API at {address} cannot reach the catalog database."),
        N_("Check that the database runs, and the API's database settings."),
    ),
    Fault.INTERNAL: (
        N_("The API at {address} reports an internal error."),
        N_("See the log of this run for its words, and check that API and catalog versions fit."),
    ),
    Fault.LOGIN: (
        N_("The API at {address} does not accept this user (error {code})."),
        N_("Give the API user the right to read jobs, clients and the Director's status."),
    ),
    Fault.MISSING: (
        N_("It does not exist (any more)."),
        N_("It may have been deleted or pruned in the meantime."),
    ),
    Fault.API: (
        N_("The API at {address} reports error {code}."),
        N_("See the log of this run for its words."),
    ),
    Fault.DEADLINE: (
        N_("The time for asking the API ({seconds} seconds) was over."),
        N_("Raise BACULUM_API_DEADLINE, or ask for a shorter period."),
    ),
}


class ApiError(ReportError):
    """An API call failed for good.

    Attributes:
        fault: which part is at fault.
        retry_after: for how many seconds the server asks to be left alone; None if it does not.
    """

    exit_code = ExitCode.API

    def __init__(
        self, fault: Fault, *, detail: str = "", retry_after: float | None = None, **values: Any
    ) -> None:
        what, cure = _SENTENCES[fault]
        super().__init__(msg(what, **values), Message(cure), detail)
        self.fault = fault
        self.retry_after = retry_after
