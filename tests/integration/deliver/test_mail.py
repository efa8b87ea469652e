"""Mail to a real SMTP server: what arrives, how it got there, and what becomes of each refusal."""

from __future__ import annotations

import gzip
import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.deliver.mail.address import read_address, read_addresses
from app.deliver.mail.channel import Mail, Security, Server
from app.deliver.mail.message import MOST_ATTACHED, PACK_FROM, Envelope
from app.deliver.model import DeliveryError, Letter, Page, Results, Trouble
from app.i18n import msg
from tests.integration.api.test_session import Authority, new_authority
from tests.integration.deliver.mailserver import (
    MailServer,
    Manners,
    drop,
    drop_after_taking,
    fall_silent,
)
from tests.unit.deliver.made import MADE, PAGE, a_good_parcel, a_letter, a_parcel

A, B, C = "a@example.com", "b@example.com", "c@example.com"
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

PASSWORD = "비밀번호 'pass' \"word\""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("authority"))


def a_channel(server: MailServer | int, *, to: str = A, cc: str = "", **how: Any) -> Mail:
    port = server if isinstance(server, int) else server.port
    given = {"host": "127.0.0.1", "port": port, "security": Security.PLAIN, "step": 5.0, **how}
    envelope = Envelope(
        sender=read_address('"백업 보고, 자동" <report@backup.example>'),
        to=read_addresses(to),
        cc=read_addresses(cc),
        reply_to=read_addresses("운영팀 <ops@example.com>"),
    )
    return Mail("mail", Server(**given), envelope)


def sent(channel: Mail, letter: Letter | None = None) -> tuple[Results, int]:
    """Send a letter to everybody; return what became of it and how often it was committed."""
    commits: list[None] = []
    letter = letter or a_letter(recipients=channel.recipients)
    results = channel.send(letter, letter.recipients, lambda: commits.append(None))
    return results, len(commits)


def trouble(channel: Mail) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        sent(channel)
    return caught.value


# --- what arrives ------------------------------------------------------------------------------


def test_a_korean_mail_arrives_as_it_was_meant() -> None:
    """Names, subject, both bodies, the attachment, and what machines look for."""
    with MailServer() as server:
        to = '"김, 관리" <a@example.com>, 박운영 <b@example.com>'
        results, commits = sent(a_channel(server, to=to, cc=C))
    assert (results, commits) == ({A: None, B: None, C: None}, 1)
    (mail,) = server.received
    assert (mail.sender, mail.recipients) == ("report@backup.example", [A, B, C])
    message = mail.message
    parcel = a_parcel()
    assert message["Subject"] == parcel.subject
    assert [(one.display_name, one.addr_spec) for one in message["From"].addresses] == [
        ("백업 보고, 자동", "report@backup.example")
    ]
    assert [(one.display_name, one.addr_spec) for one in message["To"].addresses] == [
        ("김, 관리", A),
        ("박운영", B),
    ]
    assert message["Cc"] == C
    assert message["Reply-To"].addresses[0].display_name == "운영팀"
    assert message["Date"].datetime == MADE
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["List-Id"] == "<bacula01-dir.bacula-report.backup.example>"
    assert message["Message-ID"] == f"<{a_letter().id}@backup.example>"
    text = message.get_body(("plain",))
    html = message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == parcel.text + "\n"
    assert html.get_content() == parcel.html
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == PAGE.name
    assert attached.get_content_type() == "text/html"
    assert attached.get_content() == PAGE.content.decode()


def test_every_byte_is_ascii_and_every_line_short() -> None:
    with MailServer() as server:
        sent(
            a_channel(
                server, to=", ".join(f"이름이 아주 긴 사람 {n} <p{n}@e.com>" for n in range(30))
            )
        )
    (mail,) = server.received
    assert mail.content.isascii()
    assert max(map(len, mail.content.split(b"\r\n"))) <= 998
    assert b"\n" not in mail.content.replace(b"\r\n", b"")
    assert len(mail.message["To"].addresses) == 30


def test_an_english_mail_of_plain_text_is_one_part() -> None:
    with MailServer() as server:
        sent(a_channel(server), a_letter(a_good_parcel()))
    message = server.received[0].message
    assert not message.is_multipart()
    assert message["Subject"] == "[bacula01-dir] all good: 31 ok · 2026-11-21"
    assert message.get_content() == "All 31 jobs succeeded.\n"


def test_a_late_mail_says_so_and_keeps_its_message_id() -> None:
    with MailServer() as server:
        channel = a_channel(server)
        sent(channel, a_letter())
        sent(channel, a_letter(late=True))
    first, second = (one.message for one in server.received)
    assert second["Message-ID"] == first["Message-ID"]
    assert "2026-11-21 08:00" in second["Subject"]
    assert second["Subject"].endswith(first["Subject"])
    for kind in ("plain", "html"):
        body = second.get_body((kind,))
        assert body is not None
        assert "2026-11-21 08:00" in body.get_content()


def test_a_domain_beyond_ascii_is_written_in_punycode() -> None:
    with MailServer() as server:
        results, _ = sent(a_channel(server, to="관리자 <admin@백업.example>"))
    assert list(results) == ["admin@xn--3h3b68o.example"]
    assert server.received[0].message["To"].addresses[0].addr_spec in results


@pytest.mark.parametrize("utf8", [True, False])
def test_a_local_part_beyond_ascii_needs_a_server_that_takes_it(utf8: bool) -> None:
    with MailServer(utf8=utf8) as server:
        channel = a_channel(server, to="관리자@example.com")
        if utf8:
            assert sent(channel)[0] == {"관리자@example.com": None}
            assert server.received[0].recipients == ["관리자@example.com"]
            assert "To: 관리자@example.com".encode() in server.received[0].content
        else:
            error = trouble(channel)
            assert error.trouble is Trouble.SETTINGS
            assert "SMTPUTF8" in str(error)


@pytest.mark.parametrize("evil", ["x\r\nBcc: evil@example.com", "x\nX: y", "x\r y", "x\0y"])
def test_no_line_feed_makes_a_header(evil: str) -> None:
    parcel = a_good_parcel(subject=evil, director=evil, language="en")
    with MailServer() as server:
        sent(a_channel(server), a_letter(parcel))
    message = server.received[0].message
    assert set(message.keys()) <= {
        *("Message-ID", "Date", "From", "To", "Reply-To", "Subject", "List-Id", "Auto-Submitted"),
        *("X-Auto-Response-Suppress", "Content-Language", "Content-Type", "MIME-Version"),
        *("Content-Transfer-Encoding", "X-Peer", "X-MailFrom", "X-RcptTo"),
    }
    assert message["Subject"].startswith("x")


# --- the page ----------------------------------------------------------------------------------


def with_page(content: bytes) -> Letter:
    return a_letter(a_parcel(page=Page("보고서.html", content)))


def test_a_large_page_is_packed() -> None:
    content = b"<p>" + b"x" * PACK_FROM
    with MailServer() as server:
        sent(a_channel(server), with_page(content))
    (attached,) = server.received[0].message.iter_attachments()
    assert attached.get_filename() == "보고서.html.gz"
    assert attached.get_content_type() == "application/gzip"
    assert gzip.decompress(attached.get_content()) == content


def test_a_page_that_is_too_large_even_packed_is_left_out_and_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.deliver.mail.message.MOST_ATTACHED", 1000)
    assert MOST_ATTACHED > PACK_FROM
    with MailServer() as server:
        sent(a_channel(server), with_page(b"x" * 2000))
    assert_left_out(server)


def test_a_page_larger_than_the_server_takes_is_left_out_and_told() -> None:
    """The server announces its limit."""
    with MailServer(largest=20_000) as server:
        results, _ = sent(a_channel(server), with_page(b"x" * 30_000))
    assert results == {A: None}
    assert_left_out(server)


def test_a_page_that_the_server_refuses_as_too_large_is_left_out_and_told() -> None:
    with MailServer(Manners(data=["552 5.3.4 too big", "250 OK"])) as server:
        results, _ = sent(a_channel(server))
    assert results == {A: None}
    assert_left_out(server)


def assert_left_out(server: MailServer) -> None:
    (mail,) = server.received
    assert list(mail.message.iter_attachments()) == []
    body = mail.message.get_body(("plain",))
    assert body is not None
    assert ".html" in body.get_content()


# --- the connection ----------------------------------------------------------------------------


@pytest.mark.parametrize("mechanisms", [("PLAIN", "LOGIN"), ("PLAIN",), ("LOGIN",)])
def test_starttls_and_login(authority: Authority, mechanisms: tuple[str, ...]) -> None:
    """Also with a password that smtplib could not send."""
    login = ("보고 user", PASSWORD)
    with MailServer(starttls=authority.context(), login=login, mechanisms=mechanisms) as server:
        channel = a_channel(
            server,
            security=Security.STARTTLS,
            ca_file=authority.certificate,
            username=login[0],
            password=login[1],
        )
        assert sent(channel)[0] == {A: None}
    assert server.received[0].tls


def test_tls_from_the_first_byte(authority: Authority) -> None:
    with MailServer(tls=authority.context()) as server:
        channel = a_channel(server, security=Security.TLS, ca_file=authority.certificate)
        assert sent(channel)[0] == {A: None}
    assert len(server.received) == 1


def test_without_starttls_nothing_is_said() -> None:
    """It is never given up in silence."""
    with MailServer(login=("me", "secret")) as server:
        channel = a_channel(server, security=Security.STARTTLS, username="me", password="secret")
        error = trouble(channel)
    assert error.trouble is Trouble.SETTINGS
    assert "STARTTLS" in str(error.what)
    assert (server.received, server.asked) == ([], [])


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
@pytest.mark.parametrize("how", ["stranger", "name", "old"])
def test_a_certificate_that_is_not_trusted_stops_it(
    authority: Authority, tmp_path: Path, security: Security, how: str
) -> None:
    kinds: dict[str, dict[str, Any]] = {"name": {"name": "DNS:other"}, "old": {"days": -1}}
    made = kinds.get(how, {})
    trusted = new_authority(tmp_path) if how == "stranger" else authority
    context = authority.context(**made)
    implicit = security is Security.TLS
    with MailServer(
        tls=context if implicit else None, starttls=None if implicit else context
    ) as server:
        error = trouble(a_channel(server, security=security, ca_file=trusted.certificate))
    assert error.trouble is Trouble.SETTINGS
    assert "not trusted" in str(error.what)
    assert server.received == []


def test_a_missing_ca_file_is_a_matter_of_settings(tmp_path: Path) -> None:
    error = trouble(a_channel(1, security=Security.TLS, ca_file=tmp_path / "none.pem"))
    assert error.trouble is Trouble.SETTINGS
    assert "none.pem" in str(error.what)


def test_tls_where_there_is_none_is_a_matter_of_settings() -> None:
    with MailServer() as server:
        error = trouble(a_channel(server, security=Security.TLS))
    assert error.trouble is Trouble.SETTINGS
    assert "TLS" in str(error.what)


def test_a_wrong_password_is_a_matter_of_settings_and_is_not_told(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "bacula_report")
    with MailServer(starttls=authority.context(), login=("me", "other")) as server:
        channel = a_channel(
            server,
            security=Security.STARTTLS,
            ca_file=authority.certificate,
            username="me",
            password=PASSWORD,
        )
        error = trouble(channel)
    assert error.trouble is Trouble.SETTINGS
    assert error.permanent
    assert "535" in str(error.what)
    assert "REPORT_MAIL_PASSWORD" in str(error.cure)
    assert PASSWORD not in "".join([str(error), error.detail, repr(channel), caplog.text])


def test_a_login_that_nobody_wants_is_a_matter_of_settings() -> None:
    with MailServer() as server:
        error = trouble(a_channel(server, username="me", password="secret"))
    assert error.trouble is Trouble.SETTINGS


def test_nobody_listens_is_passing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        error = trouble(a_channel(free.getsockname()[1]))
    assert error.trouble is Trouble.PASSING
    assert "refused" in str(error.what)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "bad..host", "x" * 100])
def test_a_name_that_is_not_known_is_passing(host: str) -> None:
    """It may be DNS that is down."""
    error = trouble(a_channel(25, host=host))
    assert error.trouble is Trouble.PASSING
    assert host in str(error.what)


# --- refusals ----------------------------------------------------------------------------------


def test_each_recipient_has_a_fate_of_its_own() -> None:
    """One refused for good, one for now; the third gets its mail."""
    manners = Manners(rcpt={A: ["550 5.1.1 no such user"], B: ["451 4.7.1 greylisted"]})
    with MailServer(manners) as server:
        results, commits = sent(a_channel(server, to=f"{A}, {B}, {C}"))
    first, second = results[A], results[B]
    assert first is not None
    assert second is not None
    assert (first.trouble, second.trouble) == (Trouble.REFUSED, Trouble.PASSING)
    assert "550 5.1.1 no such user" in str(first.what)
    assert (results[C], commits) == (None, 1)
    assert [mail.recipients for mail in server.received] == [[C]]


def test_too_many_recipients_in_the_old_way_is_passing() -> None:
    with MailServer(Manners(rcpt={A: ["552 too many recipients"]})) as server:
        error = sent(a_channel(server))[0][A]
    assert error is not None
    assert error.trouble is Trouble.PASSING


def test_if_nobody_is_wanted_nothing_is_sent() -> None:
    with MailServer(Manners(rcpt={A: ["550 no"]})) as server:
        results, commits = sent(a_channel(server))
    assert results[A] is not None
    assert (commits, server.received) == (0, [])


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("451 4.3.0 later", Trouble.PASSING),
        ("452 4.2.2 mailbox full", Trouble.PASSING),
        ("550 5.7.1 spam", Trouble.REFUSED),
        ("554 5.6.0 no", Trouble.REFUSED),
    ],
)
def test_a_refusal_of_the_content_is_weighed_by_its_code(reply: str, expected: Trouble) -> None:
    with MailServer(Manners(data=[reply])) as server:
        results, _ = sent(a_channel(server))
    error = results[A]
    assert error is not None
    assert error.trouble is expected
    assert reply.rstrip(".") in str(error.what)


def test_a_refused_sender_is_a_matter_of_settings() -> None:
    with MailServer(Manners(mail=["550 5.1.8 who are you"])) as server:
        error = trouble(a_channel(server))
    assert error.trouble is Trouble.SETTINGS
    assert "REPORT_MAIL_FROM" in str(error.cure)


@pytest.mark.parametrize("manner", [drop_after_taking, drop, fall_silent])
def test_without_an_answer_to_the_last_line_it_is_in_doubt(manner: Any) -> None:
    """Whether the server took it or not: nobody here can know."""
    with MailServer(Manners(data=[manner])) as server:
        error = trouble(a_channel(server, step=0.3))
        assert len(server.received) == (manner is drop_after_taking)
    assert error.trouble is Trouble.DOUBTFUL


def test_what_the_outbox_cannot_note_is_not_sent() -> None:
    """The last line is held back until the commit has been written down."""

    def fail() -> None:
        raise DeliveryError(msg("The disk is full."))

    with MailServer() as server:
        channel = a_channel(server)
        with pytest.raises(DeliveryError, match="disk is full"):
            channel.send(a_letter(), (A,), fail)
    assert server.received == []


# --- servers that do not even speak SMTP well --------------------------------------------------


@pytest.fixture
def raw() -> Iterator[Callable[..., int]]:
    """A server that plays a script: what it says, line by line, after each line it hears."""
    sockets: list[socket.socket] = []
    threads: list[threading.Thread] = []
    end = threading.Event()

    def start(*script: bytes, drip: float = 0.0) -> int:
        listening = socket.create_server(("127.0.0.1", 0))
        sockets.append(listening)

        def play() -> None:
            try:
                sock, _ = listening.accept()
            except OSError:
                return
            with sock, sock.makefile("rb") as heard:
                for line in script:
                    try:
                        if drip:
                            for byte in line:
                                sock.sendall(bytes([byte]))
                                if end.wait(drip):
                                    return
                        else:
                            sock.sendall(line)
                        if not heard.readline():
                            return
                    except OSError:
                        return

        thread = threading.Thread(target=play, daemon=True)
        thread.start()
        threads.append(thread)
        return int(listening.getsockname()[1])

    yield start
    end.set()
    for sock in sockets:
        sock.close()
    for thread in threads:
        thread.join(5)


OK = b"250 OK\r\n"


@pytest.mark.parametrize(
    "script",
    [
        (),
        (b"421 too busy\r\n",),
        (b"220 hi\r\n",),
        (b"220 hi\r\n", OK, b"421 closing\r\n"),
        (b"220 hi\r\n", OK, OK, b"421 closing\r\n"),
        (b"220 hi\r\n", OK, OK, OK),
        # Drops in the middle of the content: the full stop is never sent.
        (b"220 hi\r\n", OK, OK, OK, b"354 go on\r\n"),
    ],
    ids=["no greeting", "421", "drop", "421 at MAIL", "421 at RCPT", "drop at DATA", "in DATA"],
)
def test_a_connection_that_ends_early_is_passing(
    raw: Callable[..., int], script: tuple[bytes, ...]
) -> None:
    # More than the kernel's buffers hold, and no packing helps.
    page = Page("page.html", os.urandom(9_000_000))
    channel = a_channel(raw(*script))
    with pytest.raises(DeliveryError) as caught:
        sent(channel, a_letter(a_parcel(page=page)))
    assert caught.value.trouble is Trouble.PASSING


def test_a_server_that_drips_is_left_in_time(raw: Callable[..., int]) -> None:
    """Each byte comes in time, but the whole does not."""
    error = trouble(a_channel(raw(b"220 " + b"x" * 500, drip=0.05), step=1.0, deadline=0.5))
    assert error.trouble is Trouble.PASSING
    assert "in time" in str(error.what)


def test_what_does_not_speak_smtp_is_told(raw: Callable[..., int]) -> None:
    error = trouble(a_channel(raw(b"HTTP/1.1 400 Bad Request\r\n")))
    assert error.trouble is Trouble.PASSING


# --- asking without sending --------------------------------------------------------------------


def test_a_probe_goes_as_far_as_the_last_recipient() -> None:
    with MailServer() as server:
        told = a_channel(server, to=f"{A}, {B}").probe()
    assert "all 2 recipients" in str(told)
    assert (server.asked, server.received) == ([A, B], [])


def test_a_probe_tells_of_a_refused_recipient() -> None:
    with MailServer(Manners(rcpt={B: ["550 no such user"]})) as server:
        channel = a_channel(server, to=f"{A}, {B}")
        with pytest.raises(DeliveryError, match=r"b@example\.com"):
            channel.probe()
    assert server.received == []


def test_a_description_has_no_secret() -> None:
    channel = a_channel(587, username="me", password=PASSWORD)
    assert str(channel.describe()) == (
        "a mail from report@backup.example to a@example.com, by 127.0.0.1:587 (plain)"
    )


def test_the_greeting_needs_no_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address is a good name for a host that has none."""
    monkeypatch.setattr(socket, "gethostname", lambda: "localhost")
    with MailServer() as server:
        sent(a_channel(server))
    assert server.greeted == ["[127.0.0.1]"]


def test_the_context_asks_for_a_certificate(authority: Authority) -> None:
    context = a_channel(1, security=Security.TLS, ca_file=authority.certificate)._context()
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
