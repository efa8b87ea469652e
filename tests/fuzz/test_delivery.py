"""What lies in the outbox, what a service answers, and what is posted and mailed."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from app.deliver.chat import discord, google_chat, mattermost, slack, teams, webhook
from app.deliver.mail.address import Address, read_address
from app.deliver.mail.message import Envelope, build
from app.deliver.model import Count, Letter, Page, Parcel, Point
from app.deliver.outbox import Outbox, OutboxError
from app.deliver.paper import NOT_READABLE, as_json, read_letter, tell_letter
from app.deliver.rules import Told, When, due
from app.deliver.web import web_address
from app.retry_after import seconds_to_wait
from app.settings.reader import is_web_address
from tests.fuzz.conftest import fuzz
from tests.fuzz.pieces import HOSTILE, MOMENTS, TEXT, VALUES, hold, unsafe
from tests.unit.deliver.made import MADE, a_letter, a_parcel

SENDER = Address("", "report", "example.com")
CHATS = (discord, google_chat, mattermost, slack, teams)
AWARE = st.builds(
    lambda at, quarters: at.astimezone(timezone(timedelta(minutes=15 * quarters))),
    MOMENTS,
    st.integers(-56, 56),
)
PARCELS = st.builds(
    lambda made, **more: a_parcel(made, **more),
    AWARE,
    audience=TEXT,
    language=st.sampled_from(["ko", "en", "xx"]),
    director=HOSTILE,
    period=HOSTILE,
    level=st.sampled_from(["good", "attention", "critical", "unknown", "?"]),
    verdict=HOSTILE,
    sentence=HOSTILE,
    counts=st.lists(st.builds(Count, HOSTILE, HOSTILE, st.integers(0, 10**9)), max_size=3).map(
        tuple
    ),
    findings=st.lists(
        st.builds(Point, st.sampled_from(["critical", "warning", "info", "x"]), HOSTILE, HOSTILE),
        max_size=14,
    ).map(tuple),
    keys=st.lists(TEXT, max_size=3).map(tuple),
    complete=st.booleans(),
    subject=HOSTILE,
    text=HOSTILE,
    html=st.just("") | HOSTILE,
    page=st.none() | st.builds(Page, HOSTILE, st.binary(max_size=20)),
    link=st.sampled_from(["", "https://backup01/r/mail_1.html?a=b|c>d)e f"]),
)
LETTERS = st.builds(
    lambda parcel, late, to: a_letter(parcel, recipients=to, late=late),
    PARCELS,
    st.booleans(),
    st.lists(HOSTILE, min_size=1, max_size=3, unique=True).map(tuple),
)


def writable(value: Any) -> Any:
    """A value as a file has it: halves of characters cannot be written."""
    return json.loads(as_json(value))


# --- files ------------------------------------------------------------------------------------


@st.composite
def damaged(draw: st.DrawFn, told: Any) -> Any:
    """JSON, something in it gone, of another type, or rubbish."""
    if isinstance(told, dict) and told and draw(st.integers(0, 4)):
        key = draw(st.sampled_from(sorted(told)))
        if not draw(st.integers(0, 3)):
            return {k: v for k, v in told.items() if k != key}
        return {**told, key: draw(damaged(told[key]))}
    if isinstance(told, list) and told and draw(st.integers(0, 4)):
        at = draw(st.integers(0, len(told) - 1))
        return [*told[:at], draw(damaged(told[at])), *told[at + 1 :]]
    times = st.sampled_from(
        ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-21T08:00:00",
         "2026-11-21T08:00:00+09:00", "2026-11-21"]
    )  # fmt: skip
    return draw(VALUES | times | st.just(float("inf")) | st.just(float("nan")))


@fuzz(3)
@given(LETTERS)
def test_a_letter_is_read_as_it_was_written(letter: Letter) -> None:
    told = writable(tell_letter(letter))
    page = letter.parcel.page
    again = read_letter(told, lambda name: page.content if page else None)
    assert writable(tell_letter(again)) == told
    assert again.parcel.generated == letter.parcel.generated


@fuzz(6)
@given(damaged(json.loads(as_json(tell_letter(a_letter())))), st.booleans())
def test_a_damaged_letter_is_refused_or_can_be_sent(told: Any, late: bool) -> None:
    try:
        letter = replace(read_letter(told, lambda name: b"<p>"), late=late)
    except NOT_READABLE:
        return
    assert build(letter, Envelope(SENDER, (SENDER,)))
    for chat in CHATS:
        assert json.loads(chat.write(letter).body)
    assert webhook.document(letter)
    assert letter.parcel.generated.astimezone(UTC).tzinfo is UTC
    for when in When:
        due(when, letter.parcel, None, MADE)


@fuzz(2)
@given(st.data())
@example(None)
def test_whatever_lies_in_the_outbox_is_a_letter_or_told(data: st.DataObject | None) -> None:
    with tempfile.TemporaryDirectory() as name:
        outbox = Outbox(Path(name))
        folder = outbox.post(a_letter()).folder
        assert folder is not None
        outbox.tell("mail", Told("x", MADE, MADE))
        outbox.keep("mail_1", [a_parcel()], MADE)
        paths = [folder / "letter.json", folder / "state.json", Path(name) / "told.json",
                 Path(name) / "kept" / "mail_1.json"]  # fmt: skip
        for path in paths:
            told = json.loads(path.read_bytes())
            if data is None:
                told["doubts"] = float("inf")
            elif data.draw(st.booleans()):
                told = data.draw(damaged(told))
            content = json.dumps(told).encode()
            if data is not None and data.draw(st.integers(0, 4)) == 0:
                content = content[: data.draw(st.integers(0, len(content)))]
            path.write_bytes(content)
        slips, problems = outbox.waiting(MADE)
        assert len(slips) + len(problems) == 1
        assert all(error.cure is not None and str(error) for error in problems)
        for slip in slips:
            assert set(slip.pending) <= set(slip.letter.recipients)
            outbox.settle(slip, MADE)
        for one in outbox.told().values():
            one.is_ahead(MADE)
        try:
            kept = outbox.kept("mail_1", Path(name))
        except OutboxError as error:
            hold(error)
        else:
            assert all(isinstance(parcel, Parcel) for parcel in kept)
        outbox.tell("slack", Told("y", MADE, MADE))
        outbox.put_back()
        outbox.tidy(MADE)


# --- mails ------------------------------------------------------------------------------------


def mail_of(letter: Letter, envelope: Envelope) -> tuple[bytes, EmailMessage]:
    content = build(letter, envelope)
    return content, BytesParser(policy=default).parsebytes(content)


@fuzz(4)
@given(LETTERS, HOSTILE)
@example(a_letter(a_parcel(html="<p>\udfff</p>")), "")
def test_no_header_of_a_mail_comes_from_others(letter: Letter, name: str) -> None:
    sender = replace(SENDER, name=" ".join(name.split()))
    try:
        told = read_address(f'"{name}" <report@example.com>')
    except ValueError:
        told = sender if name.isprintable() else SENDER
    content, mail = mail_of(letter, Envelope(told, (SENDER,), (told,), (SENDER,)))
    head, _, body = content.partition(b"\r\n\r\n")
    names = [line.split(b":")[0] for line in head.split(b"\r\n") if line[:1] not in (b" ", b"\t")]
    assert len(set(names)) == len(names)
    assert {one.lower() for one in names} <= {
        *(b"message-id", b"date", b"from", b"to", b"cc", b"reply-to", b"subject", b"list-id"),
        *(b"auto-submitted", b"x-auto-response-suppress", b"content-language", b"content-type"),
        *(b"mime-version", b"content-transfer-encoding"),
    }
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert [one.addr_spec for one in mail["From"].addresses] == ["report@example.com"]
    assert mail["Bcc"] is None
    assert mail["X-Evil"] is None
    assert not unsafe(str(mail["Subject"]))
    text = mail.get_body(("plain",))
    assert text is not None
    assert not unsafe(text.get_content().replace("\r", ""), lines=True)
    assert body


# --- posts ------------------------------------------------------------------------------------

MOST = {discord: 20_000, google_chat: 32_000, mattermost: 60_000, slack: 40_000, teams: 28_000}


@fuzz(4)
@given(LETTERS, st.sampled_from(CHATS))
def test_a_post_is_bounded_and_mentions_nobody(letter: Letter, chat: Any) -> None:
    body = chat.write(letter).body
    assert len(body) <= MOST[chat]
    told = json.loads(body)
    text = json.dumps(told, ensure_ascii=False)
    if chat is discord:
        assert told["allowed_mentions"] == {"parse": []}
        assert len(told["embeds"][0]["title"]) <= 256
        assert len(told["embeds"][0]["description"]) <= 4096
    if chat is slack:
        for block in told["blocks"]:
            assert not re.search(r"<[!@#]", block["text"]["text"])
            assert len(block["text"]["text"]) <= 3000
    if chat is mattermost:
        assert "@here" not in text
        assert "@everyone" not in text
    if chat is google_chat:
        assert not re.search("<(?!https://backup01/|\u200b)", told["text"])
    assert not {"\x00", "\x1b", "\u202e", "\x9b"} & set(text)


@fuzz(2)
@given(LETTERS, TEXT.filter(bool))
def test_a_webhooks_document_is_json_and_its_signature_holds(letter: Letter, secret: str) -> None:
    document = webhook.document(letter)
    body = as_json(document)
    assert json.loads(body)["findings_total"] == len(letter.parcel.findings)
    if secret.isprintable():
        headers = webhook.sign(body, secret, 1)
        assert re.fullmatch(r"sha256=[0-9a-f]{64}", headers["X-Bacula-Report-Signature"])


@fuzz(6)
@given(HOSTILE | st.sampled_from(["https://h/", "http://[", "https://h:x/", "https://[::1%x]/"]))
def test_an_address_is_one_or_it_is_told_why_without_it(url: str) -> None:
    wrong = web_address(url)
    if wrong is not None:
        assert str(wrong)
        assert len(url) < 12 or url not in str(wrong)
    if is_web_address(url):
        assert not unsafe(url)
        assert wrong is None


# --- answers of services ----------------------------------------------------------------------


@fuzz(6)
@given(
    st.one_of(
        HOSTILE,
        st.sampled_from(
            ["0", "120", "-1", "1e9", "1e999", "nan", "inf", "Sat, 21 Nov 2026 08:00:00 GMT",
             "Sat, 21 Nov 99999999999999999999 08:00:00 GMT", "Sat, 21 Nov 2026 08:00:00 +9999",
             "1 Jan 0001 00:00:00 +1400", "Sat, 31 Feb 2026 08:00:00 GMT", "9" * 400, ",,,", " , ",
             "Sat, 21 Nov 2026 08:00:00 +99999999999999999999"]
        ),
    )
)  # fmt: skip
def test_a_pause_that_a_service_asks_for_is_none_or_can_be_made(written: str) -> None:
    seconds = seconds_to_wait(written, MADE)
    assert seconds is None or seconds >= 0
