"""Who is told by which way: read all at once, and no secret is ever shown."""

from __future__ import annotations

import pprint
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from app.deliver.mail.address import read_address, read_addresses
from app.deliver.mail.channel import Security
from app.deliver.rules import When
from app.errors import SettingsError
from app.policy import MailWish, Policy, read_policy
from app.settings import SETTINGS, Secret
from app.settings.delivery import (
    CHATS,
    AudienceSettings,
    ChatSettings,
    DeliverySettings,
    MailSettings,
    read_delivery,
)

MAIL = {
    "REPORT_MAIL_HOST": "mail.example.com",
    "REPORT_MAIL_FROM": "report@example.com",
    "REPORT_MAIL_TO": "a@example.com",
}
HOOK = "https://hooks.example.com/services/T0000000/B0000000/s3cr3ts3cr3t?key=0123456789"


def problems(values: Mapping[str, str], policy: Policy | None = None) -> list[str]:
    """What is wrong, each with its cure, in English."""
    with pytest.raises(SettingsError) as caught:
        read_delivery(values, policy)
    return [f"{what} {cure}" for what, cure in caught.value.problems]


def mail(**values: str) -> MailSettings:
    settings = read_delivery({**MAIL, **values})
    assert settings.mail is not None
    return settings.mail


# --- nothing and everything -----------------------------------------------------------------------


@pytest.mark.parametrize("values", [{}, {"REPORT_MAIL_WHEN": "change", "REPORT_MAIL_CC": "a@b.c"}])
def test_without_settings_there_is_nobody(values: dict[str, str]) -> None:
    settings = read_delivery(values)
    assert settings == DeliverySettings()
    assert settings.silent
    assert settings.secrets == ()


def test_three_values_are_enough_for_mail() -> None:
    assert read_delivery(MAIL) == DeliverySettings(
        mail=MailSettings(
            host="mail.example.com",
            port=587,
            security=Security.STARTTLS,
            username="",
            password=Secret(""),
            ca_file=None,
            sender=read_address("report@example.com"),
        ),
        audiences=(AudienceSettings(mail=MailWish(read_addresses("a@example.com"))),),
    )


def test_every_setting_is_read(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text("-----BEGIN CERTIFICATE-----\n")
    values = {
        **MAIL,
        "REPORT_MAIL_HOST": "[2001:db8::7]",
        "REPORT_MAIL_PORT": "2525",
        "REPORT_MAIL_SECURITY": "TLS",
        "REPORT_MAIL_USERNAME": "report",
        "REPORT_MAIL_PASSWORD": " pa55 ",
        "REPORT_MAIL_CA_FILE": str(ca_file),
        "REPORT_MAIL_CC": "b@example.com; C <c@example.com>",
        "REPORT_MAIL_REPLY_TO": "d@example.com",
        "REPORT_MAIL_WHEN": "Problems",
        "REPORT_WEBHOOK_SECRET": "sign",
        "REPORT_PING_URL": "https://ping.example.com/1",
        "REPORT_TEXTFILE": "/var/lib/node/bacula.prom",
        "REPORT_LINK_URL": "https://backup01.example.com/reports/",
        "REPORT_CA_FILE": str(ca_file),
        "REPORT_PROXY": "http://me:pw@proxy:3128",
    }
    for chat in CHATS:
        values |= {f"REPORT_{chat.upper()}_URL": HOOK, f"REPORT_{chat.upper()}_WHEN": "change"}
    read = {name for name in values if name in {one.name for one in SETTINGS}}
    names = {one.name for one in SETTINGS if one.name.startswith("REPORT_")}
    others = {"REPORT_DIR", "REPORT_LANG", "REPORT_TZ", "REPORT_POLICY_FILE"}
    forms = {name for name in names if name.endswith("_FILE") and name[:-5] in names}
    assert read == {name for name in names - others - forms if "_LOG_" not in name}
    assert read_delivery(values) == DeliverySettings(
        mail=MailSettings(
            host="2001:db8::7",
            port=2525,
            security=Security.TLS,
            username="report",
            password=Secret(" pa55 "),
            ca_file=ca_file,
            sender=read_address("report@example.com"),
            reply_to=read_addresses("d@example.com"),
        ),
        audiences=(
            AudienceSettings(
                mail=MailWish(
                    read_addresses("a@example.com"),
                    read_addresses("b@example.com, C <c@example.com>"),
                    When.PROBLEMS,
                ),
                chats=tuple(
                    ChatSettings(
                        chat,
                        f"REPORT_{chat.upper()}_URL",
                        Secret(HOOK),
                        When.CHANGE,
                        Secret("sign" if chat == "webhook" else ""),
                    )
                    for chat in CHATS
                ),
            ),
        ),
        ping=Secret("https://ping.example.com/1"),
        textfile=Path("/var/lib/node/bacula.prom"),
        link="https://backup01.example.com/reports",
        ca_file=ca_file,
        proxy=Secret("http://me:pw@proxy:3128"),
    )


# --- mail -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("security", "port"), [("", 587), ("starttls", 587), ("tls", 465), ("plain", 25)]
)
def test_the_port_follows_the_security(security: str, port: int) -> None:
    assert mail(REPORT_MAIL_SECURITY=security).port == port


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("REPORT_MAIL_HOST", "REPORT_MAIL_HOST is not set. Mail needs it; see .env.example."),
        ("REPORT_MAIL_FROM", "REPORT_MAIL_FROM is not set. Mail needs it; see .env.example."),
        ("REPORT_MAIL_TO", "REPORT_MAIL_TO is not set. Mail needs it; see .env.example."),
    ],
)
def test_mail_that_is_half_set_up_is_told(missing: str, told: str) -> None:
    assert problems({**MAIL, missing: ""}) == [told]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"REPORT_MAIL_HOST": "smtp://mail"}, "REPORT_MAIL_HOST is 'smtp://mail'. Give a host"),
        ({"REPORT_MAIL_HOST": "me:s3cr3t@mail"}, "REPORT_MAIL_HOST is '…@mail'."),
        ({"REPORT_MAIL_PORT": "0"}, "REPORT_MAIL_PORT is '0'. Give a number from 1 to 65535."),
        ({"REPORT_MAIL_PORT": "ten"}, "REPORT_MAIL_PORT is 'ten'."),
        ({"REPORT_MAIL_SECURITY": "ssl"}, "REPORT_MAIL_SECURITY is 'ssl'. Choose one of: starttls"),
        ({"REPORT_MAIL_WHEN": "never"}, "REPORT_MAIL_WHEN is 'never'. Choose one of: always,"),
        ({"REPORT_MAIL_USERNAME": "me"}, "REPORT_MAIL_PASSWORD is not set. Set it or REPORT_MAIL_"),
        ({"REPORT_MAIL_PASSWORD": "s3cr3t"}, "REPORT_MAIL_USERNAME is not set. Set it, or leave"),
        ({"REPORT_MAIL_FROM": "a@b.c, d@e.f"}, "REPORT_MAIL_FROM has 'a@b.c, d@e.f', which is no"),
        ({"REPORT_MAIL_TO": "a@b.c, d"}, "REPORT_MAIL_TO has 'd', which is no mail address."),
        ({"REPORT_MAIL_CC": "a@b..c"}, "REPORT_MAIL_CC has 'a@b..c', which is no mail address."),
        ({"REPORT_MAIL_REPLY_TO": "@"}, "REPORT_MAIL_REPLY_TO has '@', which is no mail address."),
        ({"REPORT_MAIL_CA_FILE": "/nowhere"}, "REPORT_MAIL_CA_FILE /nowhere cannot be read: No"),
    ],
)
def test_a_wrong_setting_of_mail_is_told_by_name(values: dict[str, str], told: str) -> None:
    (found,) = problems({**MAIL, **values})
    assert found.startswith(told)
    assert "s3cr3t" not in found


@pytest.mark.parametrize(
    ("security", "host", "password", "expected"),
    [
        ("plain", "mail.example.com", "x", True),
        ("plain", "mail.example.com", "", False),
        ("plain", "127.0.0.1", "x", False),
        ("plain", "localhost", "x", False),
        ("plain", "::1", "x", False),
        ("starttls", "mail.example.com", "x", False),
        ("tls", "mail.example.com", "x", False),
    ],
)
def test_a_mail_password_is_in_clear_if_it_leaves_the_machine_unencrypted(
    security: str, host: str, password: str, expected: bool
) -> None:
    login = {"REPORT_MAIL_USERNAME": "me", "REPORT_MAIL_PASSWORD": password} if password else {}
    settings = mail(REPORT_MAIL_SECURITY=security, REPORT_MAIL_HOST=host, **login)
    assert settings.password_in_clear is expected


# --- addresses and secrets ------------------------------------------------------------------------

URLS = [*(f"REPORT_{chat.upper()}_URL" for chat in CHATS), "REPORT_PING_URL", "REPORT_PROXY"]


@pytest.mark.parametrize("name", URLS)
@pytest.mark.parametrize(
    "url", ["hooks.example.com/s3cr3t", "ftp://example.com/s3cr3t", "https:///s3cr3t",
            "https://[s3cr3t", "https://example.com:port/s3cr3t", "https://example.com/s3 cr3t"]
)  # fmt: skip
def test_what_is_no_web_address_is_told_and_not_repeated(name: str, url: str) -> None:
    (told,) = problems({name: url})
    assert told.startswith(f"{name} is not a web address. ")
    assert "s3" not in told.removeprefix(name)


@pytest.mark.parametrize("name", [*URLS[:-1], "REPORT_WEBHOOK_SECRET", "REPORT_MAIL_PASSWORD"])
def test_a_secret_may_stand_in_a_file(tmp_path: Path, name: str) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{HOOK}\n")
    values = {
        **MAIL,
        "REPORT_MAIL_USERNAME": "me",
        "REPORT_MAIL_PASSWORD": "x",
        "REPORT_WEBHOOK_URL": "https://example.com/",
    }
    direct = read_delivery({**values, name: HOOK})
    assert read_delivery({**values, name: "", f"{name}_FILE": str(file)}) == direct
    (told,) = problems({**values, name: HOOK, f"{name}_FILE": str(file)})
    assert told == f"{name} and {name}_FILE are both set. Keep one of them."
    missing = tmp_path / "none"
    (told, *_) = problems({**values, name: "", f"{name}_FILE": str(missing)})
    assert told.startswith(f"{name}_FILE {missing} cannot be read: No such file or directory.")


def test_an_address_in_place_of_its_file_is_not_repeated() -> None:
    (told,) = problems({"REPORT_SLACK_URL_FILE": HOOK})
    assert told.startswith("REPORT_SLACK_URL_FILE … cannot be read")


def test_no_representation_shows_a_secret() -> None:
    settings = read_delivery(
        {
            **MAIL,
            "REPORT_MAIL_USERNAME": "me",
            "REPORT_MAIL_PASSWORD": "s3cr3t",
            "REPORT_SLACK_URL": HOOK,
            "REPORT_PING_URL": HOOK,
            "REPORT_PROXY": "http://me:s3cr3t@proxy",
        }
    )
    shown = [repr(settings), pprint.pformat(settings), repr(asdict(settings))]
    assert [text for text in shown if "s3cr3t" in text] == []


def test_every_part_of_an_address_that_is_secret_is_known_to_the_log() -> None:
    settings = read_delivery(
        {
            "REPORT_SLACK_URL": HOOK,
            "REPORT_PING_URL": "https://example.com/short",
            "REPORT_PROXY": "http://me:pr0xy@proxy:3128",
        }
    )
    assert {
        HOOK,
        "/services/T0000000/B0000000/s3cr3ts3cr3t",
        "s3cr3ts3cr3t",
        "key=0123456789",
        "0123456789",
        "https://example.com/short",
        "pr0xy",
    } <= set(settings.secrets)
    # A word that is no secret must not be torn out of every log.
    assert not {"/", "/short", "short", "example.com", ""} & set(settings.secrets)


@pytest.mark.parametrize("path", ["bacula.txt", "prom", "/var/lib/node/", "a.prom\0.prom"])
def test_a_textfile_ends_with_prom(path: str) -> None:
    (told,) = problems({"REPORT_TEXTFILE": path})
    assert told.startswith("REPORT_TEXTFILE is ")


@pytest.mark.parametrize("url", ["reports", "https://me:pw@backup01/", "file:///reports"])
def test_a_link_is_a_web_address_without_credentials(url: str) -> None:
    (told,) = problems({"REPORT_LINK_URL": url})
    assert told.startswith("REPORT_LINK_URL is not a web address. Give it without user")


# --- audiences ------------------------------------------------------------------------------------

AUDIENCE = """
[[audience]]
name = "dba"
clients = ["db*"]
language = "en"
mail = { to = ["dba@example.com"], when = "problems" }
slack_url_env = "DBA_SLACK_URL"
webhook_url_env = "DBA_HOOK_URL"
webhook_secret_env = "DBA_HOOK_SECRET"
"""
VARIABLES: dict[str, Any] = {
    "DBA_SLACK_URL": HOOK,
    "DBA_HOOK_URL": HOOK,
    "DBA_HOOK_SECRET": "sign",
}


def test_audiences_stand_beside_everybody_and_take_the_servers_settings(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(HOOK)
    policy = read_policy(AUDIENCE, "policy.toml")
    values = {**MAIL, **VARIABLES, "DBA_SLACK_URL": "", "DBA_SLACK_URL_FILE": str(file)}
    everybody, dba = read_delivery(values, policy).audiences
    assert everybody.name == ""
    assert dba == AudienceSettings(
        name="dba",
        clients=("db*",),
        language="en",
        mail=MailWish(read_addresses("dba@example.com"), when=When.PROBLEMS),
        chats=(
            ChatSettings("slack", "DBA_SLACK_URL", Secret(HOOK)),
            ChatSettings("webhook", "DBA_HOOK_URL", Secret(HOOK), secret=Secret("sign")),
        ),
    )


def test_an_audience_needs_no_mail_for_everybody() -> None:
    policy = read_policy(AUDIENCE, "policy.toml")
    (dba,) = read_delivery({**MAIL, **VARIABLES, "REPORT_MAIL_TO": ""}, policy).audiences
    assert dba.name == "dba"


def test_what_an_audience_lacks_is_told() -> None:
    policy = read_policy(AUDIENCE, "policy.toml")
    needs = "The audience dba of the policy file needs it, or"
    assert problems({}, policy) == [
        "REPORT_MAIL_HOST is not set. Mail needs it; see .env.example.",
        "REPORT_MAIL_FROM is not set. Mail needs it; see .env.example.",
        f"DBA_SLACK_URL is not set. {needs} DBA_SLACK_URL_FILE.",
        f"DBA_HOOK_URL is not set. {needs} DBA_HOOK_URL_FILE.",
        f"DBA_HOOK_SECRET is not set. {needs} DBA_HOOK_SECRET_FILE.",
    ]
