"""The one list of settings; the README's table and `.env.example` are tested against it."""

from __future__ import annotations

from dataclasses import dataclass

from app.i18n import N_


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its default as written, and its meaning for the README."""

    name: str
    default: str
    meaning: str


SETTINGS = (
    Setting("BACULUM_API_HOST", "", N_("Host name or address of the Baculum or Bacularis API")),
    Setting("BACULUM_API_PORT", "9096", N_("Its port")),
    Setting("BACULUM_API_SCHEME", "http", N_("http or https")),
    Setting("BACULUM_API_USERNAME", "", N_("User name (HTTP Basic)")),
    Setting("BACULUM_API_PASSWORD", "", N_("Password")),
    Setting("BACULUM_API_PASSWORD_FILE", "", N_("File that holds the password, instead")),
    Setting("BACULUM_API_CA_FILE", "", N_("CA certificates (PEM) to trust for https")),
    Setting("BACULUM_API_TIMEOUT", "10", N_("Seconds that one API call may take")),
    Setting("BACULUM_API_TRIES", "3", N_("How often a call is tried, at most")),
    Setting("BACULUM_API_DEADLINE", "300", N_("Seconds that all calls of a run may take")),
    Setting("BACULUM_API_WORKERS", "8", N_("Calls made at the same time, at most")),
    Setting("BACULUM_WEB_URL", "", N_("Address of the web interface (port 9095), for links")),
    Setting("REPORT_DIR", "reports", N_("Folder that the reports are written to")),
    Setting("REPORT_LANG", "", N_("ko or en; unset: by the locale")),
    Setting("REPORT_TZ", "", N_("Zone of the period and of all times; unset: the Director's")),
    Setting("REPORT_POLICY_FILE", "", N_("File (TOML) of what is expected and what is muted")),
    Setting("REPORT_MAIL_HOST", "", N_("Mail server; empty: no mail")),
    Setting("REPORT_MAIL_PORT", "", N_("Its port; empty: 587, 465 or 25, by the security")),
    Setting("REPORT_MAIL_SECURITY", "starttls", N_("starttls, tls (from the start) or plain")),
    Setting("REPORT_MAIL_USERNAME", "", N_("User name of the mail server; empty: no login")),
    Setting("REPORT_MAIL_PASSWORD", "", N_("Password of the mail server")),
    Setting("REPORT_MAIL_PASSWORD_FILE", "", N_("File that holds the password, instead")),
    Setting("REPORT_MAIL_CA_FILE", "", N_("CA certificates (PEM) to trust for the mail server")),
    Setting("REPORT_MAIL_FROM", "", N_("The sender's address")),
    Setting("REPORT_MAIL_TO", "", N_("Recipients, separated by commas")),
    Setting("REPORT_MAIL_CC", "", N_("Recipients of a copy")),
    Setting("REPORT_MAIL_REPLY_TO", "", N_("Addresses that answers go to")),
    Setting("REPORT_MAIL_WHEN", "always", N_("always, problems or change")),
    Setting("REPORT_SLACK_URL", "", N_("Address of a webhook of Slack (secret)")),
    Setting("REPORT_SLACK_URL_FILE", "", N_("File that holds the address, instead")),
    Setting("REPORT_SLACK_WHEN", "always", N_("always, problems or change")),
    Setting("REPORT_MATTERMOST_URL", "", N_("Address of a webhook of Mattermost (secret)")),
    Setting("REPORT_MATTERMOST_URL_FILE", "", N_("File that holds the address, instead")),
    Setting("REPORT_MATTERMOST_WHEN", "always", N_("always, problems or change")),
    Setting("REPORT_DISCORD_URL", "", N_("Address of a webhook of Discord (secret)")),
    Setting("REPORT_DISCORD_URL_FILE", "", N_("File that holds the address, instead")),
    Setting("REPORT_DISCORD_WHEN", "always", N_("always, problems or change")),
    Setting("REPORT_TEAMS_URL", "", N_("Address of a webhook of Microsoft Teams (secret)")),
    Setting("REPORT_TEAMS_URL_FILE", "", N_("File that holds the address, instead")),
    Setting("REPORT_TEAMS_WHEN", "always", N_("always, problems or change")),
    Setting("REPORT_GOOGLE_CHAT_URL", "", N_("Address of a webhook of Google Chat (secret)")),
    Setting("REPORT_GOOGLE_CHAT_URL_FILE", "", N_("File that holds the address, instead")),
    Setting("REPORT_GOOGLE_CHAT_WHEN", "always", N_("always, problems or change")),
    Setting("REPORT_WEBHOOK_URL", "", N_("Address of a webhook of your own (secret)")),
    Setting("REPORT_WEBHOOK_URL_FILE", "", N_("File that holds the address, instead")),
    Setting("REPORT_WEBHOOK_WHEN", "always", N_("always, problems or change")),
    Setting("REPORT_WEBHOOK_SECRET", "", N_("Secret that its messages are signed with")),
    Setting("REPORT_WEBHOOK_SECRET_FILE", "", N_("File that holds that secret, instead")),
    Setting("REPORT_PING_URL", "", N_("Address of a dead-man's switch (secret)")),
    Setting("REPORT_PING_URL_FILE", "", N_("File that holds the address, instead")),
    Setting("REPORT_TEXTFILE", "", N_("File (.prom) for the node exporter")),
    Setting("REPORT_LINK_URL", "", N_("Where the reports folder can be read, for links")),
    Setting("REPORT_CA_FILE", "", N_("CA certificates (PEM) to trust for webhooks and the ping")),
    Setting("REPORT_PROXY", "", N_("HTTP proxy for webhooks and the ping; empty: none")),
    Setting("REPORT_LOG_DIR", "logs", N_("Folder of the log file; empty: no file")),
    Setting("REPORT_LOG_LEVEL", "INFO", N_("DEBUG, INFO, WARNING or ERROR")),
    Setting("REPORT_LOG_FORMAT", "text", N_("text or json")),
)
