"""Checks of a webhook's signatures, written from the specifications and not from our code."""

import base64
import hashlib
import hmac


def hex_signature(secret, body):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def standard_signature(secret, headers, body):
    """v1,… of Standard Webhooks, for the id and timestamp in the headers."""
    key = secret.encode()
    if secret.startswith("whsec_"):
        key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
