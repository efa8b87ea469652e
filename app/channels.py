"""From settings to channels: which there are, what they are called, and who is reached by which."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.deliver.chat import discord, google_chat, mattermost, slack, teams, webhook
from app.deliver.chat.hook import Hook
from app.deliver.mail.channel import Mail, Server
from app.deliver.mail.message import Envelope
from app.deliver.model import Channel
from app.deliver.ping import Ping
from app.deliver.rules import When
from app.deliver.web import Address
from app.settings.delivery import (
    AudienceSettings,
    ChatSettings,
    DeliverySettings,
    MailSettings,
)

PING_TIMEOUT = 10.0
"""Seconds that a ping may take: it must not keep the report waiting."""
_PLAIN: dict[str, Callable[[str, Address], Hook]] = {
    "slack": slack.channel,
    "mattermost": mattermost.channel,
    "discord": discord.channel,
    "teams": teams.channel,
    "google_chat": google_chat.channel,
}


@dataclass(frozen=True, slots=True)
class Way:
    """A channel to an audience, and which reports it wants."""

    channel: Channel
    when: When


def ways_to(audience: AudienceSettings, settings: DeliverySettings) -> Iterator[Way]:
    """Yield the channels of an audience, its mail first."""
    if audience.mail is not None and settings.mail is not None:
        envelope = Envelope(
            settings.mail.sender, audience.mail.to, audience.mail.cc, settings.mail.reply_to
        )
        mail = Mail(_name(audience, "mail"), _server(settings.mail), envelope)
        yield Way(mail, audience.mail.when)
    for chat in audience.chats:
        yield Way(_hook(_name(audience, chat.service), chat, settings), chat.when)


def channels_of(settings: DeliverySettings) -> list[Channel]:
    """Return every channel that is set up."""
    return [way.channel for audience in settings.audiences for way in ways_to(audience, settings)]


def ping_of(settings: DeliverySettings) -> Ping | None:
    """Return the dead-man's switch, if there is one."""
    if not settings.ping:
        return None
    address = _address(settings.ping, "REPORT_PING_URL", settings, timeout=PING_TIMEOUT)
    return Ping(address)


def _name(audience: AudienceSettings, service: str) -> str:
    name = service.replace("_", "-")
    return f"{audience.name}/{name}" if audience.name else name


def _server(mail: MailSettings) -> Server:
    return Server(mail.host, mail.port, mail.security, mail.username, mail.password, mail.ca_file)


def _hook(name: str, chat: ChatSettings, settings: DeliverySettings) -> Channel:
    address = _address(chat.url, chat.setting, settings)
    if chat.service == "webhook":
        return webhook.channel(name, address, chat.secret)
    return _PLAIN[chat.service](name, address)


def _address(url: str, setting: str, settings: DeliverySettings, timeout: float = 15.0) -> Address:
    return Address(
        url, setting=setting, timeout=timeout, ca_file=settings.ca_file, proxy=settings.proxy
    )
