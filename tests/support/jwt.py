"""JWTs made by hand, also wrong ones: signed with the server's own key, read from its folder."""

import base64
import hashlib
import hmac
import json
import os
import time

PERIOD_S = 30 * 24 * 3600


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def parts(token):
    """Header and claims, without a look at the signature."""
    head, claims, _ = token.split(".")
    return json.loads(decode(head)), json.loads(decode(claims))


def kid_now(age=0):
    return "p%d" % (int(time.time()) // PERIOD_S - age)


def key_of(gateway, kid):
    with open(os.path.join(gateway.data, "master.key"), "rb") as file:
        key = file.read()
    for label in ("jwt", "jwt HS256 " + kid):
        key = hmac.new(key, label.encode(), hashlib.sha256).digest()
    return key


def sign(header, claims, key, digest=hashlib.sha256):
    text = encode(json.dumps(header).encode()) + "." + encode(json.dumps(claims).encode())
    mac = hmac.new(key, text.encode(), digest).digest() if key is not None else b""
    return text + "." + encode(mac)


def forge(gateway, token, header=None, claims=None, kid=None):
    """The token with other members, rightly signed."""
    old_header, old_claims = parts(token)
    new_header = dict(old_header, **(header or {}))
    if kid:
        new_header["kid"] = kid
    new_claims = dict(old_claims, **(claims or {}))
    return sign(new_header, new_claims, key_of(gateway, new_header["kid"]))
