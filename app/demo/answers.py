"""From a request line to an answer: which endpoint, which version, which kind of no."""

import re
from collections.abc import Callable
from datetime import datetime, tzinfo
from urllib.parse import parse_qsl, unquote, urlsplit

from . import catalog, jobs, replies, status
from .flavours import Flavour
from .night import Night
from .replies import Reply
from .routes import (
    ApiError,
    Call,
    NoSuchEndpoint,
    OutOfMemory,
    Route,
    UncaughtException,
)

ROUTES: tuple[Route, ...] = (*jobs.ROUTES, *status.ROUTES, *catalog.ROUTES)

# These do not ask bconsole, so a wrong ?director= does not disturb them.
_WITHOUT_DIRECTOR = re.compile(r"welcome|catalog|dbsize|directors|volumes(/.*)?")


class Answers:
    """A Baculum without its web server: one night, told in one flavour."""

    def __init__(
        self,
        night: Night,
        flavour: Flavour,
        *,
        clock: Callable[[], datetime],
        php_zone: tzinfo,
        memory_rows: int,
        wait: Callable[[float], None],
    ) -> None:
        self.night = night
        self.flavour = flavour
        self._clock = clock
        self._php_zone = php_zone
        self._memory_rows = memory_rows
        self._wait = wait

    def answer(self, method: str, target: str, authority: str) -> Reply:
        """Answer one authorized request; `authority` is how the client calls this server."""
        url = urlsplit(target)
        found = re.fullmatch(r"/api/(v\d+)/(.*)", unquote(url.path))
        if found is None:
            return self._outside(url.path, authority)
        if method == "HEAD":
            return self.envelope("", 0)
        version, path = found[1], found[2].rstrip("/")
        if version not in self.flavour.traits.api_versions:
            return self._unknown_version(version, authority)
        if method != "GET":
            return self.envelope(None, None)
        query = dict(parse_qsl(url.query, keep_blank_values=True, errors="replace"))
        return self._ask(version, path, query, authority)

    def unauthorized(self) -> Reply:
        """Wrong or missing credentials."""
        if self.flavour.traits.bacularis:
            return replies.unauthorized_by_bacularis()
        return replies.unauthorized_by_apache()

    def envelope(self, output: object, error: int | None) -> Reply:
        """The JSON envelope under this flavour's headers."""
        return replies.envelope(output, error, self.flavour.traits.version_header)

    def welcome(self, authority: str) -> Reply:
        """The string that every unknown endpoint answers."""
        text = f"Welcome in the Baculum API. Panel is available on {authority}/api,Panel.APIHome"
        return self.envelope(text, 0)

    def _ask(self, version: str, path: str, query: dict[str, str], authority: str) -> Reply:
        try:
            route, arguments = self._route(version, path)
            self._check_director(path, query)
            call = Call(
                self.night,
                self.flavour,
                version,
                query,
                self._clock(),
                self._php_zone,
                self._memory_rows,
                self._wait,
                arguments,
            )
            return self.envelope(route.handler(call), 0)
        except NoSuchEndpoint:
            return self.welcome(authority)
        except ApiError as error:
            return self.envelope(error.text, error.code)
        except UncaughtException as error:
            return replies.exception_page(str(error))
        except OutOfMemory:
            return replies.out_of_memory(self.flavour.traits.dies_silently)

    def _route(self, version: str, path: str) -> tuple[Route, tuple[str, ...]]:
        for route in ROUTES:
            arguments = route.match(self.flavour, version, path)
            if arguments is not None:
                return route, arguments
        raise NoSuchEndpoint

    def _check_director(self, path: str, query: dict[str, str]) -> None:
        director = query.get("director")
        if not director or _WITHOUT_DIRECTOR.fullmatch(path):
            return
        if director != self.night.director:
            raise ApiError(5, "Invalid director.")

    def _unknown_version(self, version: str, authority: str) -> Reply:
        if self.flavour is Flavour.BACULUM_15:
            return replies.exception_page(f"Class for API {version} not found", early=True)
        return self.welcome(authority)

    def _outside(self, path: str, authority: str) -> Reply:
        if path.startswith("/protected"):
            text = "You don't have permission to access this resource."
            return replies.apache_page(403, "Forbidden", text)
        if re.match(r"/api(/|$)", path):
            return self.welcome(authority)
        return replies.page_not_found()
