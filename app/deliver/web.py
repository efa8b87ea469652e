"""HTTP for webhooks and pings: one address, one attempt, and the address stays a secret.

No redirect is followed, no proxy or password of the environment is used, no cookie is kept. What
is told of a failure names the host only: whoever knows the whole address can post there.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

import requests
from urllib3 import Timeout
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from app import __version__
from app.api.session import TimedAdapter, authorities
from app.deliver.model import DeliveryError, Trouble
from app.deliver.wording import quoted
from app.i18n import Message, msg
from app.retry_after import seconds_to_wait

_MOST_REPLY = 4096
_BUSY = frozenset({408, 425, 429})
_WRONG_ADDRESS = frozenset({401, 403, 404, 405, 410})


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is neither a success nor the channel's own trouble.

    Attributes:
        status: the HTTP status.
        text: the beginning of what the service says, safe to show.
    """

    status: int
    text: str


class _NoRedirects(requests.Session):
    """Leaves redirects alone: the address would travel on to wherever they lead."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class Address:
    """A secret web address that can be posted to.

    Attributes:
        host: host and port, for people.
    """

    def __init__(
        self,
        url: str,
        *,
        setting: str,
        timeout: float = 15.0,
        ca_file: Path | None = None,
        proxy: str = "",
    ) -> None:
        """Keep an address.

        Args:
            url: the address; http or https.
            setting: the name of the setting that it comes from, for what is to be done.
            timeout: seconds that one attempt may take, from the name look-up to the last byte.
            ca_file: the authorities to trust; None for the public ones.
            proxy: the proxy to go through, "" for none.
        """
        self._parts = urlsplit(url)
        self._setting = setting
        self._timeout = timeout
        self._ca_file = ca_file
        self._proxy = proxy
        self.host = self._parts.netloc.rpartition("@")[2]

    def __repr__(self) -> str:
        """Return the host; the rest is the secret."""
        return f"Address({self.host!r})"

    def post(
        self,
        body: bytes,
        headers: Mapping[str, str],
        commit: Callable[[], None] = lambda: None,
        *,
        below: str = "",
        query: str = "",
    ) -> Reply | None:
        """Post, once.

        Args:
            body: what to post.
            headers: beside the usual ones.
            commit: called before anything may be accepted.
            below: what to add to the path, such as "/start".
            query: what to add to the query, such as "wait=true".

        Returns:
            None if it was accepted; else the answer that refuses this very body.

        Raises:
            DeliveryError: if the address or the service is in trouble.
        """
        return self._ask("POST", self._url(below, query), body, headers, commit)

    def reach(self, *, whole: bool = False) -> None:
        """See whether the service answers, without posting anything.

        Args:
            whole: ask for the address itself, where that is known to do nothing; else only for
                the host's front page, and any answer will do.

        Raises:
            DeliveryError: if it cannot be reached, or (`whole`) does not know the address.
        """
        if whole:
            self._ask("GET", self._url(), None, {}, lambda: None)
            return
        front = urlunsplit((self._parts.scheme, self._parts.netloc, "/", "", ""))
        with contextlib.closing(self._session()) as session:
            self._send(session, "HEAD", front, None, {}).close()

    def _url(self, below: str = "", query: str = "") -> str:
        parts: SplitResult = self._parts
        path = parts.path.rstrip("/") + below if below else parts.path
        queries = "&".join(part for part in (parts.query, query) if part)
        return urlunsplit((parts.scheme, parts.netloc, path, queries, ""))

    def _session(self) -> requests.Session:
        session = _NoRedirects()
        session.trust_env = False
        session.verify = authorities(self._ca_file)
        session.headers["User-Agent"] = f"bacula-report/{__version__}"
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        if self._proxy:
            session.proxies = {"http": self._proxy, "https": self._proxy}
        adapter = TimedAdapter(pool_connections=1, pool_maxsize=1)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        return session

    def _ask(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        commit: Callable[[], None],
    ) -> Reply | None:
        with contextlib.closing(self._session()) as session:
            commit()
            with self._send(session, method, url, body, headers) as response:
                return self._judge(response)

    def _send(
        self,
        session: requests.Session,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> requests.Response:
        limit: Any = Timeout(total=self._timeout)
        try:
            return session.request(
                method,
                url,
                data=body,
                headers=dict(headers),
                timeout=limit,
                allow_redirects=False,
                stream=True,
            )
        except (requests.RequestException, OSError, http.client.HTTPException, ValueError) as error:
            # Not `from error`: its text, and so a traceback, holds the address.
            raise self._unreached(error) from None

    def _judge(self, response: requests.Response) -> Reply | None:
        status = response.status_code
        if 200 <= status < 300:
            return None
        text = quoted(self._beginning(response))
        values = {"host": self.host, "status": status}
        if 300 <= status < 400:
            raise DeliveryError(
                msg("{host} redirects (HTTP {status}); it was not followed.", **values),
                msg("Set {setting} to the address itself.", setting=self._setting),
                trouble=Trouble.SETTINGS,
            )
        if status in _BUSY or status >= 500:
            raise DeliveryError(
                msg("{host} cannot take it now (HTTP {status}).", **values),
                detail=text,
                retry_after=seconds_to_wait(response.headers.get("Retry-After"), datetime.now(UTC)),
            )
        if status in _WRONG_ADDRESS:
            raise DeliveryError(
                msg("{host} does not accept the address (HTTP {status}).", **values),
                msg("Check {setting}; it may have been revoked.", setting=self._setting),
                text,
                trouble=Trouble.SETTINGS,
            )
        return Reply(status, text)

    def _beginning(self, response: requests.Response) -> str:
        try:
            content = next(response.iter_content(_MOST_REPLY), b"")
        except (requests.RequestException, OSError, ValueError):
            return ""
        text = content.decode("utf-8", "replace")
        # A service may repeat what it was asked for.
        for secret in (self._parts.path, self._parts.query):
            if len(secret) > 1:
                text = text.replace(secret, "…")
        return text

    def _unreached(self, error: Exception) -> DeliveryError:
        chain = _beneath(error)
        values = {"host": self.host}
        where = msg("Check {setting}, the network and the firewall.", setting=self._setting)
        for one in chain:
            if isinstance(one, ssl.SSLCertVerificationError):
                reason = one.verify_message.rstrip(".") or "certificate verify failed"
                return DeliveryError(
                    msg("The certificate of {host} is not trusted: {why}.", why=reason, **values),
                    msg("Give its CA in REPORT_CA_FILE."),
                    trouble=Trouble.SETTINGS,
                )
        if _among(chain, NameResolutionError, socket.gaierror):
            return DeliveryError(msg("The host name {host} is not known.", **values), where)
        if _among(chain, NewConnectionError, ConnectTimeoutError):
            return DeliveryError(msg("{host} cannot be reached.", **values), where)
        if _among(chain, ssl.SSLError):
            return DeliveryError(msg("{host} does not speak TLS as expected.", **values), where)
        if _among(chain, requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
            return DeliveryError(
                msg("{setting} is no web address.", setting=self._setting),
                trouble=Trouble.SETTINGS,
            )
        if _among(chain, requests.exceptions.ProxyError):
            return DeliveryError(
                msg("The proxy does not lead to {host}.", **values), msg("Check REPORT_PROXY.")
            )
        seconds = f"{self._timeout:g}"
        if _among(chain, TimeoutError, requests.Timeout):
            return DeliveryError(
                msg("{host} did not answer within {seconds} seconds.", seconds=seconds, **values),
                trouble=Trouble.DOUBTFUL,
            )
        return DeliveryError(
            msg("{host} closed the connection without an answer.", **values),
            trouble=Trouble.DOUBTFUL,
        )


def web_address(url: str) -> Message | None:
    """Return what is wrong with an address, without telling it; None if nothing is."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        return msg("It must begin with https:// (or http://) and a host name.")
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
        return msg("There is a blank or a line break in it.")
    return None


def _beneath(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    queue: list[Any] = [error]
    while queue:
        one = queue.pop(0)
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            queue += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return found


def _among(chain: list[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(one, kinds) for one in chain)
