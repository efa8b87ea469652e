"""Webhooks and the ping against a real HTTP server: what is posted, and what each answer means."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from app.deliver.chat import discord, google_chat, mattermost, slack, teams, webhook
from app.deliver.chat.hook import Hook
from app.deliver.model import DeliveryError, Letter, Point, Trouble
from app.deliver.ping import Ping, Signal
from app.deliver.web import Address
from tests.integration.api.test_session import Authority, new_authority
from tests.integration.deliver.webserver import Answer, Asked, WebServer
from tests.unit.deliver.made import a_good_parcel, a_letter, a_parcel

SECRET = "/services/T000/B000/SECRETXXXX"
CHANNELS: dict[str, Callable[[str, Address], Hook]] = {
    "slack": slack.channel,
    "mattermost": mattermost.channel,
    "discord": discord.channel,
    "teams": teams.channel,
    "google_chat": google_chat.channel,
    "webhook": webhook.channel,
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("authority"))


def an_address(server: WebServer | str, path: str = SECRET, **how: Any) -> Address:
    url = server if isinstance(server, str) else server.url
    return Address(url + path, setting="REPORT_SLACK_URL", **{"timeout": 5.0, **how})


def post(channel: Hook, letter: Letter | None = None) -> tuple[DeliveryError | None, int]:
    """Send a letter; return what went wrong and how often it was committed."""
    commits: list[None] = []
    letter = letter or a_letter(recipients=channel.recipients)
    results = channel.send(letter, channel.recipients, lambda: commits.append(None))
    (error,) = results.values()
    return error, len(commits)


def posted(name: str, letter: Letter | None = None, **how: Any) -> Asked:
    with WebServer() as server:
        channel = CHANNELS[name](name, an_address(server), **how)
        assert post(channel, letter) == (None, 1)
    (asked,) = server.asked
    return asked


def trouble(server: WebServer | str, letter: Letter | None = None, **how: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        post(slack.channel("slack", an_address(server, **how)), letter)
    return caught.value


# --- what is posted ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHANNELS)
def test_a_message_says_who_what_and_how_bad(name: str) -> None:
    """In Korean, as UTF-8, to the address itself."""
    asked = posted(name)
    assert asked.method == "POST"
    assert asked.path.partition("?")[0] == SECRET
    assert asked.headers["Content-Type"] == "application/json; charset=utf-8"
    told = json.dumps(asked.json, ensure_ascii=False).replace("\\", "").replace("\u200b", "")
    parcel = a_parcel()
    for part in (
        parcel.director,
        parcel.verdict,
        parcel.sentence,
        "백업되지 않았습니다",
        parcel.link,
    ):
        assert part in told
    if name != "webhook":
        assert "2 실패 · 31 성공" in told


@pytest.mark.parametrize("name", CHANNELS)
def test_a_late_message_says_so(name: str) -> None:
    told = posted(name, a_letter(a_good_parcel(), late=True)).json
    assert "2026-11-21 08:00" in json.dumps(told).replace("\\", "") or told["late"] is True


HOSTILE = "@everyone @here <!channel> <users/all> <@U1> [x](http://e.example) *b* _i_ `c` ~s~ # &"


@pytest.mark.parametrize("name", [name for name in CHANNELS if name != "webhook"])
def test_nothing_of_the_report_mentions_or_links(name: str) -> None:
    """Names of jobs and lines of logs are strangers' words."""
    parcel = a_good_parcel(sentence=HOSTILE, director=HOSTILE, findings=(Point("info", HOSTILE),))
    message = posted(name, a_letter(parcel)).json
    told = json.dumps(message, ensure_ascii=False)
    if name == "slack":
        assert "<!" not in told
        assert "<@" not in told
        assert "&lt;!channel&gt;" in told
    if name in ("mattermost", "discord"):
        assert "@everyone" not in told
        assert "@here" not in told
    if name == "discord":
        assert message["allowed_mentions"] == {"parse": []}
    if name == "google_chat":
        assert "<users/all>" not in message["text"]
        assert "*b*" not in message["text"]
    if name in ("mattermost", "discord", "teams"):
        assert "[x](" not in told


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("slack", 20_000),
        ("mattermost", 16_000),
        ("discord", 16_000),
        ("teams", 28_000),
        ("google_chat", 32_000),
        ("webhook", 1_000_000),
    ],
)
@pytest.mark.parametrize("letter", ["가", "&", "*", "x"])
def test_a_message_keeps_to_the_services_limits(name: str, most: int, letter: str) -> None:
    long = letter * 5000
    parcel = a_parcel(
        sentence=long,
        verdict=long,
        findings=tuple(Point("critical", long, long) for _ in range(1000)),
    )
    asked = posted(name, a_letter(parcel))
    assert len(asked.body.decode() if name == "mattermost" else asked.body) <= most
    message = asked.json
    if name == "slack":
        assert len(message["blocks"]) <= 50
        assert len(message["blocks"][0]["text"]["text"]) <= 150
        for block in message["blocks"][1:]:
            text = block["text"]["text"]
            assert len(text) <= 3000
            assert not text.replace("&amp;", "").count("&")
    if name == "discord":
        (embed,) = message["embeds"]
        assert len(embed["title"]) <= 256
        assert len(embed["description"]) <= 4096
    if name == "mattermost":
        assert len(message["attachments"][0]["text"]) <= 4000
    if name == "google_chat":
        assert message["text"].endswith("|보고서 열기>") or message["text"].endswith("report>")


def test_teams_gets_an_adaptive_card() -> None:
    message = posted("teams").json
    assert message["type"] == "message"
    (attachment,) = message["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert card["body"][0]["color"] == "Attention"
    assert card["actions"][0]["url"] == a_parcel().link


def test_discord_is_asked_to_say_when_the_message_is_saved() -> None:
    assert posted("discord").path == f"{SECRET}?wait=true"


def test_a_link_is_left_out_where_there_is_none() -> None:
    for name in CHANNELS:
        told = json.dumps(posted(name, a_letter(a_parcel(link=""))).json)
        assert "backup01.example/reports" not in told


def test_a_webhook_of_ones_own_is_signed() -> None:
    """Over the timestamp and the very bytes; the receiver can check both."""
    letter = a_letter()
    asked = posted("webhook", letter, secret="비밀")
    timestamp = asked.headers["X-Bacula-Report-Timestamp"]
    signed = timestamp.encode() + b"." + asked.body
    expected = hmac.new("비밀".encode(), signed, hashlib.sha256).hexdigest()
    assert asked.headers["X-Bacula-Report-Signature"] == f"sha256={expected}"
    assert abs(int(timestamp) - datetime.now(UTC).timestamp()) < 60
    assert asked.headers["Idempotency-Key"] == letter.id
    assert asked.json["counts"] == {"failed": 2, "success": 31}
    assert asked.json["format"] == "bacula-report-delivery-1"


def test_without_a_secret_nothing_is_signed() -> None:
    assert "X-Bacula-Report-Signature" not in posted("webhook").headers


# --- what the answers mean ---------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_success_is_one(status: int) -> None:
    with WebServer(Answer(status, body=b"")) as server:
        assert post(slack.channel("slack", an_address(server))) == (None, 1)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_busy_or_broken_service_is_passing(status: int) -> None:
    with WebServer(Answer(status)) as server:
        error = trouble(server)
    assert error.trouble is Trouble.PASSING
    assert str(status) in str(error.what)


def test_retry_after_is_heard_in_seconds_or_as_a_date() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    heard = []
    for written in ("7", "0.5", at, "soon", "nan", None):
        headers = {"Retry-After": written} if written else {}
        with WebServer(Answer(429, headers)) as server:
            heard.append(trouble(server).retry_after)
    assert heard[:2] == [7.0, 0.5]
    assert heard[2] is not None
    assert 80 < heard[2] <= 90
    assert heard[3:] == [None, None, None]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_address_that_is_not_known_is_a_matter_of_settings(status: int) -> None:
    with WebServer(Answer(status, body=b"no_service")) as server:
        error = trouble(server)
    assert error.trouble is Trouble.SETTINGS
    assert "REPORT_SLACK_URL" in str(error.cure)
    assert error.detail == "no_service"


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_message_that_is_not_understood_is_refused_for_good(status: int) -> None:
    with WebServer(Answer(status, body=b"invalid_blocks")) as server:
        error, _ = post(slack.channel("slack", an_address(server)))
    assert error is not None
    assert error.trouble is Trouble.REFUSED
    assert error.detail == "invalid_blocks"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    """The secret address would travel on."""
    with WebServer() as other, WebServer(Answer(status, {"Location": other.url})) as server:
        error = trouble(server)
        assert other.asked == []
    assert error.trouble is Trouble.SETTINGS


@pytest.mark.parametrize("how", ["drop", "silent"])
def test_without_an_answer_it_is_in_doubt(how: str) -> None:
    with WebServer(Answer(how=how)) as server:
        error = trouble(server, timeout=0.3)
        assert len(server.posts) == 1
    assert error.trouble is Trouble.DOUBTFUL


def test_nobody_listens_is_passing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        error = trouble(f"http://127.0.0.1:{free.getsockname()[1]}")
    assert error.trouble is Trouble.PASSING


def test_a_name_that_is_not_known_is_passing() -> None:
    error = trouble("http://no-such-host.invalid")
    assert error.trouble is Trouble.PASSING
    assert "no-such-host.invalid" in str(error.what)


def test_tls_is_checked(authority: Authority, tmp_path: Path) -> None:
    stranger = new_authority(tmp_path)
    with WebServer(tls=authority.context()) as server:
        good = slack.channel("slack", an_address(server, ca_file=authority.certificate))
        assert post(good) == (None, 1)
        error = trouble(server, ca_file=stranger.certificate)
        assert len(server.asked) == 1
    assert error.trouble is Trouble.SETTINGS
    assert "not trusted" in str(error.what)


def test_tls_where_there_is_none_was_not_accepted() -> None:
    with WebServer() as server:
        error = trouble(server.url.replace("http:", "https:"))
    assert error.trouble is Trouble.PASSING
    assert "TLS" in str(error.what)


def test_a_proxy_is_used_if_told_and_never_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    with WebServer() as proxy, WebServer() as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        post(slack.channel("slack", an_address(server)))
        assert (len(proxy.asked), len(server.asked)) == (0, 1)
        post(slack.channel("slack", an_address(server, proxy=proxy.url)))
        assert (len(proxy.asked), len(server.asked)) == (1, 1)
        assert proxy.asked[0].path == server.url + SECRET


# --- the secret --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404, body=SECRET.encode()),
        Answer(500, body=f"no {SECRET} here".encode()),
        Answer(400, body=SECRET.encode()),
        Answer(302, {"Location": "http://127.0.0.1:1" + SECRET}),
        Answer(how="drop"),
        Answer(how="silent"),
    ],
)
def test_the_address_is_never_told(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "bacula_report")
    with WebServer(answer) as server:
        address = an_address(server, timeout=0.3)
        channel = slack.channel("slack", address)
        error: DeliveryError | None = None
        try:
            error, _ = post(channel)
        except DeliveryError as raised:
            error = raised
    assert error is not None
    chain: list[str] = []
    one: BaseException | None = error
    while one is not None:
        chain += [repr(one), str(one)]
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    told = "".join(
        [*chain, error.detail, str(error.told), str(channel.describe()), repr(address), caplog.text]
    )
    assert "127.0.0.1" in told
    assert "SECRET" not in told


# --- asking without posting --------------------------------------------------------------------


@pytest.mark.parametrize("name", CHANNELS)
def test_a_probe_posts_nothing(name: str) -> None:
    """Only Discord is asked at the address itself, where GET is known to do nothing."""
    with WebServer() as server:
        CHANNELS[name](name, an_address(server)).probe()
    (asked,) = server.asked
    wanted = ("GET", SECRET) if name == "discord" else ("HEAD", "/")
    assert (asked.method, asked.path) == wanted


def test_a_probe_of_discord_notices_a_revoked_address() -> None:
    with WebServer(Answer(404)) as server, pytest.raises(DeliveryError, match="404"):
        discord.channel("discord", an_address(server)).probe()


def test_a_probe_tells_that_nobody_answers() -> None:
    with WebServer(Answer(how="drop")) as server, pytest.raises(DeliveryError):
        slack.channel("slack", an_address(server)).probe()


# --- the ping ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "signal", "expected"),
    [
        ("/uuid-1", Signal.SUCCESS, "/uuid-1"),
        ("/uuid-1", Signal.START, "/uuid-1/start"),
        ("/uuid-1/", Signal.FAIL, "/uuid-1/fail"),
        ("/key/slug?create=1", Signal.FAIL, "/key/slug/fail?create=1"),
    ],
)
def test_a_ping_goes_where_it_should(path: str, signal: Signal, expected: str) -> None:
    with WebServer() as server:
        Ping(an_address(server, path)).send(signal, "2개 실패" + "x" * 20_000)
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", expected)
    assert asked.body.decode().startswith("2개 실패")
    assert len(asked.body) <= 5_000


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_ping_that_fails_is_told(status: int) -> None:
    with WebServer(Answer(status)) as server, pytest.raises(DeliveryError, match=str(status)):
        Ping(an_address(server)).send(Signal.SUCCESS)


def test_a_watcher_is_tried_without_a_ping() -> None:
    with WebServer() as server:
        Ping(an_address(server)).probe()
    assert [(one.method, one.path) for one in server.asked] == [("HEAD", "/")]


def test_two_letters_do_not_share_what_is_theirs() -> None:
    """The key tells a letter sent twice from two letters."""
    first = a_letter()
    second = replace(first, channel="other")
    keys = {posted("webhook", one).headers["Idempotency-Key"] for one in (first, first, second)}
    assert keys == {first.id, second.id}
