#!/usr/bin/env python3
"""Sees whether a message is Daybook's, with nothing but Python's standard library: docs/guides/webhooks.md.

    verify_webhook.py SECRET WEBHOOK_ID WEBHOOK_TIMESTAMP WEBHOOK_SIGNATURE < BODY

Ends with 0 if it is, with 1 if it is not.
"""

import base64
import hashlib
import hmac
import sys
import time

PATIENCE = 5 * 60  # seconds: an older message may be somebody's copy


def is_genuine(secret, message_id, timestamp, signatures, body, now=None):
    """`body`: the bytes as they came, before anything reads them as JSON."""
    if abs((time.time() if now is None else now) - int(timestamp)) > PATIENCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    # Several while a new secret takes the old one's place.
    return any(hmac.compare_digest(expected, one) for one in signatures.split())


if __name__ == "__main__":
    sys.exit(0 if is_genuine(*sys.argv[1:5], sys.stdin.buffer.read()) else 1)
