"""[[audience]] in the policy file: who gets a report of their own, about what, and by which way.

No secret stands there: of a chat's address the file has the name of an environment variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from app.deliver.mail.address import Address, read_address
from app.deliver.rules import When
from app.i18n import LANGUAGES, msg
from app.policy.model import Audience, ChatWish, MailWish
from app.policy.table import Table, shown

CHATS = ("slack", "mattermost", "discord", "teams", "google_chat", "webhook")
"""The services whose address an audience may name, as the keys of the file begin."""
_ADDRESSES = msg('Give a list of addresses, such as ["dba@example.com"].')
_WHEN = tuple(one.value for one in When)
# It becomes part of a file's name.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
# Capitals only: a secret that was put there by mistake hardly looks like that.
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")


def read_audiences(tables: Iterable[Table]) -> tuple[Audience, ...]:
    """Read the audiences; what is wrong is noted in their tables."""
    audiences: list[Audience] = []
    for table in tables:
        audience = _audience(table)
        if audience.name and audience.name.lower() in {one.name.lower() for one in audiences}:
            table.fail(
                msg("{file}: {place} is there twice.", **table.here("name")),
                msg("Give each audience a name of its own."),
            )
        audiences.append(audience)
    return tuple(audiences)


def _audience(table: Table) -> Audience:
    name = table.matching(
        "name",
        _NAME,
        msg("Give up to 40 letters, digits, - and _ of ASCII; it is part of file names."),
        secret=False,
    )
    if not table.has("name"):
        table.fail(
            msg("{file}: {place} is not set.", **table.here("name")),
            msg("Give each audience a name of its own."),
        )
    clients, jobs = table.names("clients"), table.names("jobs")
    language = table.choice("language", LANGUAGES, "")
    when = When(table.choice("when", _WHEN, When.ALWAYS.value))
    mail = table.table("mail")
    audience = Audience(
        name=name,
        clients=clients,
        jobs=jobs,
        language=language,
        mail=_mail(mail, when) if mail is not None else None,
        chats=tuple(_chats(table, when)),
    )
    ways = ("mail", *(f"{chat}_url_env" for chat in CHATS))
    if not table.has(*ways):
        table.fail(
            msg("{file}: {place} reaches nobody.", **table.here()),
            msg("Give one of: {choices}.", choices=", ".join(ways)),
        )
    table.done()
    return audience


def _mail(table: Table, when: When) -> MailWish:
    to, cc = _addresses(table, "to"), _addresses(table, "cc")
    if not table.has("to"):
        table.fail(msg("{file}: {place} is not set.", **table.here("to")), _ADDRESSES)
    wish = MailWish(to, cc, When(table.choice("when", _WHEN, when.value)))
    table.done()
    return wish


def _addresses(table: Table, key: str) -> tuple[Address, ...]:
    found = []
    for written in table.strings(key, _ADDRESSES):
        try:
            found.append(read_address(written))
        except ValueError:
            table.fail(
                msg("{file}: {place} is {value}.", **table.here(key), value=shown(written)),
                _ADDRESSES,
            )
    return tuple(found)


def _chats(table: Table, when: When) -> Iterable[ChatWish]:
    cure = msg(
        "Put the secret into an environment variable (or a file that NAME_FILE names), and give "
        'its name here, such as "DBA_SLACK_URL".'
    )
    for chat in CHATS:
        variable = table.matching(f"{chat}_url_env", _VARIABLE, cure, secret=True)
        wish = ChatWish(chat, variable, when=when)
        if chat == "webhook":
            secret = table.matching("webhook_secret_env", _VARIABLE, cure, secret=True)
            wish = replace(wish, secret=secret)
        if variable:
            yield wish
