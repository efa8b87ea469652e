"""A webhook of one's own: the report's main points as JSON, signed.

The signature is HMAC-SHA256 over the timestamp, a full stop and the body, with the secret that both
sides know. The Idempotency-Key stays the same when a letter is sent a second time.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import asdict
from typing import Any

from app.deliver import wording
from app.deliver.chat.hook import Hook, Post, as_json
from app.deliver.model import Letter
from app.deliver.web import Address

FORMAT = "bacula-report-delivery-1"
"""The document's form; a new one gets a new name."""
MOST_FINDINGS = 200
_MOST_TEXT = 500


def channel(name: str, address: Address, secret: str = "") -> Hook:
    """Return the channel; without a secret nothing is signed."""

    def write(letter: Letter) -> Post:
        post = as_json(document(letter))
        headers = {**post.headers, "Idempotency-Key": letter.id}
        if secret:
            headers |= sign(post.body, secret, int(time.time()))
        return Post(post.body, headers)

    return Hook(name, "webhook", address, write)


def document(letter: Letter) -> dict[str, Any]:
    """Return what is posted."""
    parcel = letter.parcel
    return {
        "format": FORMAT,
        "id": parcel.report_id,
        "audience": parcel.audience,
        "director": parcel.director,
        "generated": parcel.generated.isoformat(timespec="seconds"),
        "period": {
            "start": parcel.start.isoformat(timespec="seconds"),
            "end": parcel.end.isoformat(timespec="seconds"),
        },
        "language": parcel.language,
        "level": parcel.level,
        "verdict": parcel.verdict,
        "sentence": wording.cut(parcel.sentence, _MOST_TEXT),
        "complete": parcel.complete,
        "counts": {one.kind: one.number for one in parcel.counts},
        "findings": [_bounded(asdict(one)) for one in parcel.findings[:MOST_FINDINGS]],
        "findings_total": len(parcel.findings),
        "subject": wording.subject(letter),
        "link": parcel.link or None,
        "cause": letter.cause.value,
        "late": letter.late,
    }


def sign(body: bytes, secret: str, timestamp: int) -> dict[str, str]:
    """Return the headers that prove who posts, and when."""
    signed = str(timestamp).encode() + b"." + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return {
        "X-Bacula-Report-Timestamp": str(timestamp),
        "X-Bacula-Report-Signature": f"sha256={digest}",
    }


def _bounded(told: dict[str, str]) -> dict[str, str]:
    return {name: wording.cut(text, _MOST_TEXT) for name, text in told.items()}
