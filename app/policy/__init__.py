"""What a site expects of its backups: thresholds, exceptions, what is muted, who is told. Pure.

Good defaults judge most sites; a small TOML file changes them (`read_policy`).
"""

from app.policy.file import read_policy
from app.policy.model import Audience, ChatWish, JobRule, MailWish, Mute, Policy

__all__ = ["Audience", "ChatWish", "JobRule", "MailWish", "Mute", "Policy", "read_policy"]
