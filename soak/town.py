"""Who is told: a mail server, a webhook and the node exporter's folder, and what reached them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.deliver.mailserver import MailServer
from tests.integration.deliver.webserver import WebServer

POLICY = """
[[audience]]
name = "web"
clients = ["web*"]
language = "ko"
mail = { to = ["web@example.com"] }
"""
"""An audience with a page of its own: one file more, and one letter more."""


@dataclass
class Town:
    """Everybody who can be reached."""

    mail: MailServer
    web: WebServer

    def settings(self, folder: Path, *, textfile: bool = True) -> dict[str, str]:
        """Return the settings that lead to them; what they need is put into a folder."""
        policy = folder / "policy.toml"
        policy.write_text(POLICY, "utf-8")
        (folder / "node").mkdir(exist_ok=True)
        settings = {
            "REPORT_MAIL_HOST": "127.0.0.1",
            "REPORT_MAIL_PORT": str(self.mail.port),
            "REPORT_MAIL_SECURITY": "plain",
            "REPORT_MAIL_FROM": "report@example.com",
            "REPORT_MAIL_TO": "a@example.com,b@example.com",
            "REPORT_WEBHOOK_URL": f"{self.web.url}/hook",
            "REPORT_POLICY_FILE": str(policy),
        }
        return settings | ({"REPORT_TEXTFILE": str(textfile_in(folder))} if textfile else {})

    @property
    def copies(self) -> Counter[tuple[str, str]]:
        """How many copies of each letter each recipient got."""
        mails = (
            (str(one.message["Message-ID"]).strip("<>").partition("@")[0], recipient)
            for one in self.mail.received
            for recipient in one.recipients
        )
        posts = ((one.headers["Idempotency-Key"], "webhook") for one in self.web.posts)
        return Counter((*mails, *posts))

    def forget(self) -> None:
        """Begin anew."""
        self.mail.received.clear()
        self.web.asked.clear()


@contextmanager
def town() -> Iterator[Town]:
    """Have everybody listen."""
    with MailServer() as mail, WebServer() as web:
        yield Town(mail, web)


def textfile_in(folder: Path) -> Path:
    """Where the node exporter looks."""
    return folder / "node" / "backup.prom"
