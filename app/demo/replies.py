"""Answers on their way to the wire: JSON as PHP writes it, and the pages web servers show."""

import json
from dataclasses import dataclass
from typing import Any

JSON_TYPE = "application/json;charset=UTF-8"
HTML_TYPE = "text/html;charset=UTF-8"
APACHE_TYPE = "text/html; charset=iso-8859-1"
PRADO_TYPE = "text/html; charset=UTF-8"

_DOCTYPE = (
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">\n'
)


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer. `dropped` means that the server dies without any."""

    status: int
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()
    version: str = "HTTP/1.1"
    chunked: bool = False
    dropped: bool = False


def php_json(value: Any) -> bytes:
    r"""JSON as PHP's json_encode() writes it: `\/`, `\uXXXX`, no blanks."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("/", "\\/").encode("ascii")


def envelope(output: Any, error: int | None, version_header: str) -> Reply:
    """`{"output": ..., "error": ...}` at HTTP 200, whatever happened."""
    return json_reply(php_json({"output": output, "error": error}), version_header)


def json_reply(body: bytes, version_header: str) -> Reply:
    """A JSON body under the API's own headers."""
    headers = (("Baculum-API-Version", version_header), ("Vary", "Accept-Encoding"))
    return Reply(200, body, JSON_TYPE, headers, chunked=True)


def apache_page(
    status: int, title: str, text: str, headers: tuple[tuple[str, str], ...] = ()
) -> Reply:
    """A page of the web server itself."""
    page = (
        f"{_DOCTYPE}<html><head>\n<title>{status} {title}</title>\n</head><body>\n"
        f"<h1>{title}</h1>\n<p>{text}</p>\n</body></html>\n"
    )
    return Reply(status, page.encode("latin-1"), APACHE_TYPE, headers)


def unauthorized_by_apache() -> Reply:
    """What the web server in front of Baculum says to a wrong password."""
    text = (
        "This server could not verify that you\nare authorized to access the document\n"
        "requested.  Either you supplied the wrong\ncredentials (e.g., bad password), or your\n"
        "browser doesn't understand how to supply\nthe credentials required."
    )
    challenge = (("WWW-Authenticate", 'Basic realm="Baculum Auth"'),)
    return apache_page(401, "Unauthorized", text, challenge)


def unauthorized_by_bacularis() -> Reply:
    """Bacularis checks the password itself and answers in HTTP/1.0 with nothing."""
    headers = (("WWW-Authenticate", 'Basic realm="Bacularis API"'), ("Connection", "close"))
    return Reply(401, b"", PRADO_TYPE, headers, version="HTTP/1.0")


def exception_page(text: str, *, early: bool = False) -> Reply:
    """PHP's uncaught exception, shown as a page at HTTP 200; `early`: before PRADO stands."""
    page = (
        "<html><head><title>Application Error</title></head><body>\n"
        f"<h1>Internal Error</h1>\n<h3>Description</h3>\n<p>{text}</p>\n"
        "<h3>Stack Trace</h3>\n<div><pre>#0 index.php(48): Prado\\TApplication-&gt;run()\n"
        "#1 {main}</pre></div>\n</body></html>\n"
    )
    headers = (("Vary", "Accept-Encoding"),)
    body = page.encode("utf-8")
    return Reply(200, body, PRADO_TYPE if early else HTML_TYPE, headers, chunked=not early)


def out_of_memory(silently: bool) -> Reply:
    """What is left when PHP's memory is used up."""
    page = (
        "<html><head><title>Internal Server Error</title></head><body>\n"
        "<h1>Internal Server Error</h1>\n<p>Allowed memory size of 134217728 bytes exhausted"
        "</p>\n</body></html>\n"
    )
    headers = (("Connection", "close"),)
    return Reply(
        500, page.encode("utf-8"), PRADO_TYPE, headers, version="HTTP/1.0", dropped=silently
    )


def page_not_found() -> Reply:
    """PRADO's page for a path outside the API."""
    page = (
        "<html><head><title>Page Not Found</title></head><body>\n<h1>Page Not Found</h1>\n"
        "<p>The page you requested does not exist.</p>\n</body></html>\n"
    )
    return Reply(404, page.encode("utf-8"), HTML_TYPE, chunked=True)
