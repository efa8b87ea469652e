"""Secrets never come through: however they are written, wrapped, cut by signs or quoted."""

from __future__ import annotations

import base64
import html
import io
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.bacula.joblog import clean
from app.logs import Masker, set_up, tear_down
from tests.fuzz.conftest import fuzz
from tests.fuzz.pieces import ANY_CHARACTER, HOSTILE, STEERING, WORDS

USER = "report"
SECRETS = (
    st.text(st.characters(categories=["L", "N", "P", "S"]) | st.just(" "), min_size=8, max_size=30)
    .map(str.strip)
    .filter(lambda text: len(text) >= 8 and len(set(text)) >= 5)
)
"""Passwords as people have them. Shorter ones are masked too, but may stand in anything."""
EITHER = st.sampled_from(["text", "json"])


def lower_percent(text: str) -> str:
    """As some servers write it: %2f for %2F."""
    return "".join(
        part.lower() if place and at < 2 else part
        for place, piece in enumerate(quote(text, safe="").split("%"))
        for at, part in enumerate(("%" if place else "", piece[:2], piece[2:]))
    )


WAYS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "url": lambda s: quote(s, safe=""),
    "url, lower": lower_percent,
    "url, slashes": quote,
    "url, as requests leaves it": lambda s: quote(s, safe="!#$%&'()*+,/:;=?@[]~"),
    "form": quote_plus,
    "json": json.dumps,
    "json, unescaped": lambda s: json.dumps(s, ensure_ascii=False),
    "php": lambda s: json.dumps(s).replace("/", "\\/"),
    "repr": repr,
    "repr in a list": lambda s: repr(["it's", f'"{s}']),
    "ascii": ascii,
    "bytes": lambda s: repr(s.encode()),
    "html": html.escape,
    "html, all": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "html, hexadecimal": lambda s: "".join(f"&#x{ord(c):X};" for c in s),
    "latin-1": lambda s: s.encode().decode("latin-1"),
    "exception": lambda s: str(ValueError(s, {"password": s})),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "header": lambda s: "Basic " + base64.b64encode(f"{USER}:{s}".encode()).decode(),
    "header, without its word": lambda s: base64.b64encode(f"{USER}:{s}".encode()).decode(),
}
READ = (html.unescape, lambda s: s.encode("latin-1", "replace").decode("utf-8", "replace"), clean)


@pytest.fixture(autouse=True, scope="module")
def torn_down() -> Iterator[None]:
    yield
    tear_down()


def logged(masker: Masker, log_format: str, write: Callable[[logging.Logger], None]) -> str:
    """What a log has after something was written to it."""
    stream = io.StringIO()
    write(
        set_up(level="DEBUG", log_format=log_format, directory=None, masker=masker, stream=stream)
    )
    return stream.getvalue()


@fuzz(20)
@given(SECRETS, st.sampled_from(sorted(WAYS)), st.sampled_from([" ", "", '"', "=", ": ", "\n"]))
@example("pass/wört&<x>\\'\"", "php", " ")
@example("pass/wört&<x>\\'\"", "url, lower", " ")
@example("pass/wört&<x>\\'\"", "repr in a list", " ")
@example("pass/wörd\\", "url, lower", '"')
@example("pass/wörd%", "url, as requests leaves it", "")
def test_no_way_of_writing_a_secret_comes_through(secret: str, way: str, mark: str) -> None:
    told = WAYS[way](secret)
    masked = Masker([secret], USER)(f"before{mark}{told}{mark}after")
    assert told not in masked
    assert secret not in masked
    assert "********" in masked
    assert masked.startswith("before")
    assert masked.endswith("after")


@fuzz(8)
@given(SECRETS, st.lists(st.sampled_from(["json", "repr", "url", "html"]), min_size=2, max_size=2))
def test_a_secret_within_what_was_quoted_twice_does_not_come_through(
    secret: str, ways: list[str]
) -> None:
    """Such as the text of an exception in a list of an answer in a log."""
    told = secret
    for way in ways:
        told = WAYS[way](told)
    masked = Masker([secret], USER)(f"before {told} after")
    assert told not in masked
    assert secret not in masked


@fuzz(8)
@given(SECRETS, st.sampled_from([s for s in STEERING if not s.isspace()]), st.data(), EITHER)
@example("s3cret-pass", "\x00", None, "text")
def test_signs_that_the_log_drops_hide_no_secret(
    secret: str, sign: str, data: st.DataObject | None, log_format: str
) -> None:
    """A server that repeats a password with such a sign in it would have it written out whole."""
    at = data.draw(st.integers(1, len(secret) - 1)) if data else 3
    assume(clean(secret) == secret)
    told = f"before {secret[:at]}{sign}{secret[at:]} after"
    written = logged(Masker([secret], USER), log_format, lambda log: log.info("%s", told))
    assert secret not in (json.loads(written)["message"] if log_format == "json" else written)


@fuzz(8)
@given(SECRETS, HOSTILE, EITHER)
def test_no_traceback_tells_a_secret(secret: str, around: str, log_format: str) -> None:
    assume(secret not in around)

    def fail(log: logging.Logger) -> None:
        try:
            try:
                raise OSError(around, secret)
            except OSError as error:
                raise ValueError(f"http://{USER}:{quote(secret, safe='')}@host/{around}") from error
        except ValueError as error:
            log.exception("failed: %s %r", error, [traceback.format_exc()])

    written = logged(Masker([secret], USER), log_format, fail)
    for read in (str, *READ):
        assert secret not in read(written)
    for way in ("plain", "url", "repr", "json"):
        assert WAYS[way](secret) not in written


@fuzz(8)
@given(st.text(ANY_CHARACTER, max_size=60) | HOSTILE, SECRETS)
def test_what_holds_no_secret_is_left_as_it_is(text: str, secret: str) -> None:
    assume(not set(secret) & set(text))
    assume("://" not in text)
    masked = Masker([secret], USER)(text)
    assert masked == text or "Basic" in text or "Bearer" in text
    assert Masker([secret], USER)(masked) == masked


@fuzz(4)
@given(st.lists(SECRETS, max_size=4), st.lists(st.sampled_from(WORDS), max_size=5))
def test_of_several_secrets_none_shows_another(secrets: list[str], words: list[str]) -> None:
    """Also where one is a part of another."""
    longer = [*secrets, *(f"{one}{one[:3]}" for one in secrets)]
    masked = Masker(longer, USER)(" ".join([*words, *longer, *words]))
    assert not [one for one in longer if one in masked]


@fuzz()
@given(st.integers(1, 40))
def test_what_is_nearly_a_secret_stays_as_it_is(times: int) -> None:
    """Over and over, and between quotes within quotes."""
    secret = "\\" * 6 + "aB3" * 4
    text = (secret[:-1] + "\\" * 50) * times
    assert Masker([secret], USER)(text) == text
