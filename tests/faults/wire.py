"""What a broken or hostile server, or a proxy before it, does to the bytes of a good answer.

Each changes head and body of an answer that is neither compressed nor in chunks.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable

Edit = Callable[[bytes], bytes]
MEGABYTE = 1024 * 1024
_LENGTH = re.compile(rb"\r\nContent-Length: \d+")


def _parts(answer: bytes) -> tuple[bytes, bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


def with_status(line: bytes, *headers: bytes) -> Edit:
    """Another first line, and perhaps further headers."""

    def edit(answer: bytes) -> bytes:
        return with_headers(*headers)(line + b"\r\n" + answer.partition(b"\r\n")[2])

    return edit


def with_headers(*lines: bytes) -> Edit:
    """Further headers."""

    def edit(answer: bytes) -> bytes:
        head, body = _parts(answer)
        return b"\r\n".join((head, *lines)) + b"\r\n\r\n" + body

    return edit


def with_length(written: bytes) -> Edit:
    """Another Content-Length than the true one."""
    return lambda answer: _LENGTH.sub(b"\r\nContent-Length: " + written, answer, count=1)


def without_length(answer: bytes) -> bytes:
    """No length at all: the answer ends with the connection."""
    return _LENGTH.sub(b"", answer, count=1)


def with_body(change: Callable[[bytes], bytes], *headers: bytes) -> Edit:
    """Another body, of a true length, and perhaps further headers."""

    def edit(answer: bytes) -> bytes:
        body = change(_parts(answer)[1])
        length = b"Content-Length: %d" % len(body)
        head, _ = _parts(with_headers(length, *headers)(without_length(answer)))
        return head + b"\r\n\r\n" + body

    return edit


def in_chunks(cut: Callable[[bytes], bytes]) -> Edit:
    """A body in chunks, as `cut` writes them."""

    def edit(answer: bytes) -> bytes:
        head, body = _parts(without_length(answer))
        return head + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + cut(body)

    return edit


def chunk(body: bytes, size: bytes | None = None) -> bytes:
    """One chunk, of a size that may be a lie."""
    return (b"%x" % len(body) if size is None else size) + b"\r\n" + body + b"\r\n"


def before(words: bytes) -> Edit:
    """Something before the answer, such as an interim one."""
    return lambda answer: words + answer


def packed_bomb(size: int) -> bytes:
    """So many bytes of a JSON string, a thousandth of that when packed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    parts = [packer.compress(b'{"error":0,"output":["')]
    parts += [packer.compress(b"x" * MEGABYTE) for _ in range(size // MEGABYTE)]
    return b"".join((*parts, packer.flush()))


def twice_packed(body: bytes) -> bytes:
    """Packed, and packed again."""
    return gzip.compress(gzip.compress(body))


def raw_deflated(body: bytes) -> bytes:
    """Deflated without the head that the standard asks for, as some servers do."""
    return zlib.compress(body)[2:-4]


def output(json: bytes) -> Edit:
    """An envelope with this output, written as it is."""
    return with_body(lambda _: b'{"output":' + json + b',"error":0}')
